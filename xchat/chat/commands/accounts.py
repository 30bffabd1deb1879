"""REGISTER and VERIFY (IRCv3 draft/account-registration)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat import logins, naming, passwords
from xchat.chat.apply.accounts import check_new_name
from xchat.chat.devices import in_force
from xchat.chat.effects import AccountMade
from xchat.chat.entities import Account
from xchat.chat.events import AccountRegistered
from xchat.chat.lines import Line
from xchat.chat.passwords import BadPassword, Credentials
from xchat.chat.refused import Failed
from xchat.chat.services.service import say
from xchat.chat.session import Request
from xchat.irc import names
from xchat.limits import EMAIL_BYTES_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

CLOSED = {
    "closed": "Accounts are made by the operators of this server: ask one of them",
    "invite": "Accounts are made by invite, which an operator of this server gives: "
    "/msg NickServ REDEEM <token> <password>, or REGISTER <account> <token> <password>",
}


def register(hub: Hub, request: Request) -> None:
    """REGISTER <account | *> <email | *> <password>; nothing is sent to an e-mail address."""
    email, password = request.params[1:3]
    make_account(hub, request, wanted_name(hub, request), password, email)


def wanted_name(hub: Hub, request: Request) -> str:
    """Return the name of the account that a REGISTER asks for; raises Failed where it is early."""
    session, wanted = request.session, request.params[0]
    nick = hub.nick_of(session)
    if nick == "*" and not session.claim.wanted:
        raise Failed("NEED_NICK", "*", text="Choose a nick first (NICK)")
    name = wanted if wanted != "*" else nick if nick != "*" else session.claim.wanted
    if not session.registered and not takes_early(hub):
        text = "Register after your connection is (CAP END)"
        raise Failed("COMPLETE_CONNECTION_REQUIRED", name, text=text)
    return name


def verify(hub: Hub, request: Request) -> None:
    """VERIFY <account | *> <code>: an account is ready once it is registered."""
    name = request.params[0]
    if account_of(hub, request) is not None:
        raise Failed("ALREADY_AUTHENTICATED", name, text="You are logged in already")
    text = "There is nothing to verify: an account is ready once it is registered"
    raise Failed("INVALID_CODE", name, text=text)


def policy_of(hub: Hub) -> str:
    """Return who may register an account: open, invite or closed."""
    config = hub.config
    return config.accounts.registration or ("closed" if config.is_private else "open")


def takes_early(hub: Hub) -> bool:
    """Say whether accounts are made before registration: not past the server's password."""
    return hub.config.accounts.before_connect and hub.config.server.password is None


def capability_value(hub: Hub) -> str:
    """Return the keys of draft/account-registration."""
    keys = {
        "before-connect": takes_early(hub),
        "custom-account-name": True,
        "email-required": hub.config.accounts.email_required,
    }
    return ",".join(key for key, is_set in keys.items() if is_set)


def account_of(hub: Hub, request: Request) -> Account | None:
    """Return the account that a session is logged in to, registered or not."""
    session = request.session
    if session.registered:
        return hub.state.account_of(session.uid)
    return hub.state.accounts.get(session.claim.account)


def make_account(hub: Hub, request: Request, name: str, password: str, email: str) -> None:
    """Register an account, and log its maker in; raises Failed."""
    account = account_of(hub, request)
    if account is not None:
        text = f"You are logged in as {account.name} already"
        raise Failed("ALREADY_AUTHENTICATED", name, text=text)
    policy = policy_of(hub)
    if policy != "open":
        raise Failed("TEMPORARILY_UNAVAILABLE", name, text=CLOSED[policy])
    _check_name(hub, request, name)
    prepared = check_password(hub, name, password)
    kept = _check_email(hub, name, email)
    why = hub.attempts.begin_registration(request.session, hub.now)
    if why is not None:
        raise Failed("TEMPORARILY_UNAVAILABLE", name, text=why)
    hash_beside(hub, request, prepared, partial(_append, hub, request, name, kept))


def make_for_another(hub: Hub, request: Request, name: str, password: str) -> None:
    """Register an account that is not its maker's, whatever the policy; raises Failed."""
    _check_name(hub, request, name)
    prepared = check_password(hub, name, password)
    hash_beside(hub, request, prepared, partial(_append_for_another, hub, request, name))


def hash_beside(
    hub: Hub, request: Request, prepared: str, then: Callable[[Credentials], None]
) -> None:
    """Have the credentials of a password made beside the loop."""
    job = partial(passwords.make, prepared, passwords.cost_of(hub.config.accounts))
    hub.work(request, job, then)


def _check_email(hub: Hub, name: str, email: str) -> str:
    """Return the address to keep; raises Failed for what no mail could reach, if one is asked."""
    if not hub.config.accounts.email_required:
        return ""
    user, at, host = email.rpartition("@")
    if not (user and at and host) or len(email.encode()) > EMAIL_BYTES_MAX or "\0" in email:
        raise Failed("INVALID_EMAIL", name, text="This server asks for an e-mail address")
    return email


def _check_name(hub: Hub, request: Request, name: str) -> None:
    try:
        naming.check_nick(hub.config, name)
    except names.BadName as bad:
        raise Failed("BAD_ACCOUNT_NAME", name, text=bad.why) from bad
    check_new_name(hub.state, name, request.session.uid)
    if in_force(hub.devices.values(), name, hub.now_ms):  # of an account that was removed
        raise Failed("BAD_ACCOUNT_NAME", name, text="The name is kept for devices that had it")


def check_password(hub: Hub, name: str, password: str) -> str:
    """Return a new password as it is compared; raises Failed with the rule."""
    try:
        prepared = passwords.prepare(password)
    except BadPassword as bad:
        raise Failed("UNACCEPTABLE_PASSWORD", name, text=bad.why) from bad
    chars_min = hub.config.accounts.password_chars_min
    if len(prepared) < chars_min:
        text = f"A password has at least {chars_min} characters (accounts.password_chars_min)"
        raise Failed("WEAK_PASSWORD", name, text=text)
    if prepared.casefold() == name.casefold():
        raise Failed("WEAK_PASSWORD", name, text="A password cannot be the name of the account")
    return prepared


def _append_for_another(hub: Hub, request: Request, name: str, made: Credentials) -> None:
    hub.append(request, _registered(name, made))


def _registered(
    name: str, made: Credentials, uid: str = "", email: str = "", *, stays: bool = False
) -> AccountRegistered:
    return AccountRegistered(
        name=name,
        password=made.password,
        scram=made.scram,
        uid=uid,
        email=email,
        stays=stays,
    )


def _append(hub: Hub, request: Request, name: str, email: str, made: Credentials) -> None:
    hub.append(
        request, _registered(name, made, request.session.uid, email, stays=hub.config.are_present)
    )


def account_made(hub: Hub, effect: AccountMade, request: Request | None) -> None:
    """Tell who registered an account; who is no user yet is logged in to it when they are."""
    if request is None:
        return
    account, words = effect.account, "Account created"
    if request.voice:
        say(hub, request, words)
    else:
        request.put(Line(hub.name, "REGISTER", ("SUCCESS", account.name, words), hub.now_ms))
    if not request.session.registered:
        request.session.claim.account = account.aid
        request.session.claim.proof = logins.PASSWORD
        logins.say_logged_in(hub, request, account)
