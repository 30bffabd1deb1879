"""Verbs of NickServ: how an account begins, is logged in to and out of, and ends."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xchat.chat import logins
from xchat.chat.commands import redeeming
from xchat.chat.commands.accounts import check_password, hash_beside, make_account, make_for_another
from xchat.chat.entities import Account
from xchat.chat.events import AccountRemoved, CredentialsChanged, UserLoggedOut
from xchat.chat.operators import ACCOUNTS, need_privilege
from xchat.chat.passwords import Credentials
from xchat.chat.refused import Failed
from xchat.chat.services.service import Misused, change, own_account, say
from xchat.chat.session import Request
from xchat.irc.numerics import ERR_PASSWDMISMATCH

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def register(hub: Hub, request: Request, words: list[str]) -> None:
    """REGISTER <password> [e-mail]: it is kept only where the server asks for one."""
    password, email = words[0], words[1] if len(words) > 1 else ""
    if email and "@" not in email:
        text = "The second word is no e-mail address, and a password typed here holds no spaces"
        raise Failed("UNACCEPTABLE_PASSWORD", text=text)
    make_account(hub, request, hub.nick_of(request.session), password, email)


def redeem(hub: Hub, request: Request, words: list[str]) -> None:
    """REDEEM <token> <password>: the account is the one that the invite names."""
    redeeming.redeem(hub, request, redeeming.token_in(words[0]), words[1])


def saregister(hub: Hub, request: Request, words: list[str]) -> None:
    """SAREGISTER <account> <password>: by an operator, for somebody else."""
    need_privilege(hub.state, request.session.uid, ACCOUNTS)
    make_for_another(hub, request, *words)


def identify(hub: Hub, request: Request, words: list[str]) -> None:
    """IDENTIFY [account] <password>."""
    name = words[0] if len(words) > 1 else hub.nick_of(request.session)
    owner = hub.state.nick_owner(name)
    then = partial(_identified, hub, request)
    known_as = owner.name if owner and len(words) == 1 else name
    logins.by_password(hub, request, known_as, words[-1], then, refusal=ERR_PASSWDMISMATCH)


def _identified(hub: Hub, request: Request, account: Account) -> None:
    done = partial(say, hub, request, f"You are logged in as {account.name}")
    logins.log_in(hub, request, account, done)


def logout(hub: Hub, request: Request, _words: list[str]) -> None:
    """LOGOUT: on a server for accounts only, that is good-bye."""
    if hub.config.is_private:
        hub.close(request.session, "Logged out: only people with an account may be here")
        return
    done = partial(say, hub, request, "You are logged out")
    hub.append(request, UserLoggedOut(uid=request.session.uid), done)


def passwd(hub: Hub, request: Request, words: list[str]) -> None:
    """PASSWD <old> <new>: an account without a password is asked for none, `*` stands for it."""
    account = own_account(hub, request)
    old, new = words
    prepared = check_password(hub, account.name, new)
    if account.password is None:
        _hash(hub, request, prepared, account)
        return
    then = partial(_hash, hub, request, prepared)
    logins.by_password(hub, request, account.name, old, then, refusal=ERR_PASSWDMISMATCH)


def _hash(hub: Hub, request: Request, prepared: str, account: Account) -> None:
    hash_beside(hub, request, prepared, partial(_keep, hub, request, account))


def _keep(hub: Hub, request: Request, account: Account, made: Credentials) -> None:
    event = CredentialsChanged(aid=account.aid, password=made.password, scram=made.scram)
    change(hub, request, event, "Your password is another one now")


def drop(hub: Hub, request: Request, words: list[str]) -> None:
    """DROP <account> [password]: the password where it has one, so that nobody does it for you."""
    account = own_account(hub, request)
    if hub.state.account_named(words[0]) != account:
        raise Failed("INVALID_PARAMS", text=f"To remove your account, name it: {account.name}")
    if account.password is None:
        _remove(hub, request, account)
        return
    if len(words) == 1:
        raise Misused
    then = partial(_remove, hub, request)
    logins.by_password(hub, request, account.name, words[1], then, refusal=ERR_PASSWDMISMATCH)


def _remove(hub: Hub, request: Request, account: Account) -> None:
    hub.append(request, AccountRemoved(aid=account.aid))
