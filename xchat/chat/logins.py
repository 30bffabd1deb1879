"""Logging in, by whatever proves it: SASL, PASS, or a service; and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat import passwords
from xchat.chat.entities import Account
from xchat.chat.events import CredentialsChanged, UserLoggedIn
from xchat.chat.passwords import BadPassword, Checked
from xchat.chat.refused import Failed, Refused
from xchat.chat.session import Request, Session
from xchat.irc.numerics import (
    ERR_NICKLOCKED,
    ERR_SASLFAIL,
    RPL_LOGGEDIN,
    Numeric,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

PASSWORD, SCRAM, CERTIFICATE = "password", "scram", "certificate"
"""What proves that somebody owns an account."""

Then = Callable[[Account], None]


def begin(hub: Hub, session: Session, refusal: Numeric = ERR_SASLFAIL) -> None:
    """Let a login begin; raises Refused where too many have failed."""
    why = hub.attempts.begin_login(session, hub.now)
    if why is not None:
        raise Refused(refusal, text=why)


def fail(
    hub: Hub, session: Session, refusal: Numeric = ERR_SASLFAIL, why: str | None = None
) -> Refused:
    """Count a login that failed, and return the refusal to raise; of too many the session ends."""
    hub.attempts.failed(session)
    if not session.exempt:
        session.failures += 1
        if session.failures >= hub.limits.login_failures_max:
            hub.close(session, "Too many failed logins (limits.login_failures_max)")
    return Refused(refusal, text=why)


def by_password(
    hub: Hub,
    request: Request,
    name: str,
    password: str,
    then: Then,
    *,
    refusal: Numeric = ERR_SASLFAIL,
) -> None:
    """Have a password checked beside the loop; `then` goes on with the account.

    Raises Refused, now or in place of `then`. Who has no account takes as long to be told so.
    """
    session = request.session
    begin(hub, session, refusal)
    account = hub.state.account_named(name)
    hashed, scram = (account.password, account.scram) if account else (None, None)
    try:
        prepared = passwords.prepare(password)
    except BadPassword as bad:
        raise fail(hub, session, refusal) from bad
    cost = passwords.cost_of(hub.config.accounts)
    job = partial(passwords.check, prepared, hashed, scram, cost)
    attempt = _Attempt(request, account, refusal, then)
    try:
        hub.work(request, job, partial(_checked, hub, attempt))
    except Failed as busy:
        hub.attempts.logged_in(session)
        raise Refused(refusal, text=busy.text) from busy


class _Attempt(NamedTuple):
    """A password that is being checked: for whom, and what to do with the outcome."""

    request: Request
    account: Account | None
    refusal: Numeric
    then: Then


def _checked(hub: Hub, attempt: _Attempt, checked: Checked) -> None:
    """Go on with what came of checking; meanwhile the account may have changed."""
    session, account = attempt.request.session, attempt.account
    known = hub.state.accounts.get(account.aid) if account else None
    is_same = account is not None and known is not None and known.password == account.password
    if not checked.is_right or known is None or not is_same:
        raise fail(hub, session, attempt.refusal)
    if checked.renewed is not None:
        new = checked.renewed
        changed = CredentialsChanged(aid=known.aid, password=new.password, scram=new.scram)
        hub.ledger.append_own(known.aid, changed)
    proved(hub, session, known, PASSWORD)
    attempt.then(known)


def proved(hub: Hub, session: Session, account: Account, proof: str) -> None:
    """Take it that somebody has proved to own an account; raises Refused for one suspended."""
    hub.attempts.logged_in(session)
    if account.suspended is not None:
        text = f"The account is suspended: {account.suspended}"
        raise Refused(ERR_NICKLOCKED, text=text)
    session.claim.proof = proof


def log_in(hub: Hub, request: Request, account: Account, then: Callable[[], None]) -> None:
    """Log a session in to an account; `then` is called once it is told that it is."""
    session = request.session
    user = hub.state.users.get(session.uid) if session.registered else None
    if user is None:
        session.claim.account = account.aid
    elif user.account != account.aid:
        if hub.config.access.policy == "devices" and session.claim.proof != CERTIFICATE:
            raise Refused(ERR_SASLFAIL, text="Here a certificate alone logs in to an account")
        hub.append(
            request,
            UserLoggedIn(uid=user.uid, account=account.aid, stays=hub.config.are_present),
            then,
        )
        return
    say_logged_in(hub, request, account)
    then()


def say_logged_in(hub: Hub, request: Request, account: Account) -> None:
    """Tell a session which account it is logged in to (RPL_LOGGEDIN)."""
    text = f"You are now logged in as {account.name}"
    hub.reply(request, RPL_LOGGEDIN, prefix_of(hub, request.session), account.name, text=text)


def prefix_of(hub: Hub, session: Session) -> str:
    """Return nick!user@host of a session, as far as it is known before registration."""
    user = hub.state.users.get(session.uid)
    if user is not None:
        return user.prefix
    return f"{session.claim.nick or '*'}!{session.claim.user or '*'}@{session.address}"
