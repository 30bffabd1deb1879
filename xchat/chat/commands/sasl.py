"""AUTHENTICATE: PLAIN, SCRAM-SHA-256 and EXTERNAL (IRCv3 SASL 3.1 and 3.2).

A client may log in at any time, and again; only where several devices are
one user it cannot change that user's account for all of them (907).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat import logins, passwords
from xchat.chat.entities import Account
from xchat.chat.lines import Line
from xchat.chat.passwords import SCRAM, ScramKeys
from xchat.chat.refused import Failed, Refused
from xchat.chat.sasl import ABORT, EMPTY, Exchange, TooLong, chunks_of
from xchat.chat.session import Request, Session
from xchat.irc import names
from xchat.irc.display import visible
from xchat.irc.numerics import (
    ERR_SASLABORTED,
    ERR_SASLFAIL,
    ERR_SASLTOOLONG,
    RPL_SASLMECHS,
    RPL_SASLSUCCESS,
)

if TYPE_CHECKING:
    from scramp import ScramMechanism

    from xchat.chat.hub import Hub


def authenticate(hub: Hub, request: Request) -> None:
    """AUTHENTICATE <mechanism | base64 | + | *>."""
    session, data = request.session, request.params[0]
    if data == ABORT:
        session.sasl = None
        raise Refused(ERR_SASLABORTED)
    if session.sasl is None:
        _begin(hub, request, data.upper())
    else:
        _go_on(hub, request, session.sasl, data)


def mechanisms(session: Session) -> list[str]:
    """Return what a session may log in by: EXTERNAL where it has shown a certificate."""
    return [name for name, row in MECHANISMS.items() if session.certificate or not row.certified]


def abort_unfinished(hub: Hub, request: Request) -> None:
    """Tell who registers in the middle of an exchange that it is over."""
    if request.session.sasl is not None:
        request.session.sasl = None
        hub.reply(request, ERR_SASLABORTED)


def _begin(hub: Hub, request: Request, mechanism: str) -> None:
    offered = mechanisms(request.session)
    if mechanism not in offered:
        hub.reply(request, RPL_SASLMECHS, ",".join(offered))
        raise Refused(ERR_SASLFAIL, text="There is no such mechanism here")
    request.session.sasl = Exchange(mechanism)
    _send(request, EMPTY)


def _go_on(hub: Hub, request: Request, exchange: Exchange, data: str) -> None:
    session = request.session
    try:
        message = exchange.feed(data)
    except TooLong as long:
        session.sasl = None
        raise Refused(ERR_SASLTOOLONG) from long
    except ValueError as error:
        raise _fail(hub, session, "What was sent is no base64") from error
    if message is not None:
        MECHANISMS[exchange.mechanism].respond(hub, request, exchange, message)


def _fail(hub: Hub, session: Session, why: str | None = None) -> Refused:
    session.sasl = None
    return logins.fail(hub, session, why=why)


def _send(request: Request, *chunks: str) -> None:
    for chunk in chunks:
        request.put(Line("", "AUTHENTICATE", (chunk,)))


def _log_in(hub: Hub, request: Request, account: Account) -> None:
    request.session.sasl = None
    logins.log_in(hub, request, account, partial(hub.reply, request, RPL_SASLSUCCESS))


def may_act_as(authzid: str, account: Account | str) -> bool:
    """Say whether who an account is may act as `authzid`: as nobody else (RFC 4422, 3.4.1)."""
    name = account if isinstance(account, str) else account.name
    try:
        return not authzid or names.fold(authzid) == names.fold(name)
    except names.BadName:
        return False


# -- the mechanisms ---------------------------------------------------------------------------


def _plain(hub: Hub, request: Request, _exchange: Exchange, message: bytes) -> None:
    """PLAIN (RFC 4616): authzid NUL authcid NUL password."""
    session = request.session
    session.sasl = None
    try:
        authzid, name, password = message.decode().split("\0")
    except ValueError as error:
        raise logins.fail(hub, session) from error
    if not may_act_as(authzid, name):
        raise logins.fail(hub, session, why="You may act for your own account only (authzid)")
    logins.by_password(hub, request, name, password, partial(_log_in, hub, request))


def _external(hub: Hub, request: Request, _exchange: Exchange, message: bytes) -> None:
    """EXTERNAL (RFC 4422, A): the TLS certificate says who it is, `message` may be an authzid."""
    session = request.session
    session.sasl = None
    logins.begin(hub, session)
    authzid = message.decode(errors="replace")
    accounts = [one for one in _certified(hub, session) if may_act_as(authzid, one)]
    if len(accounts) != 1:
        raise logins.fail(hub, session, why=_why_not(hub, session))
    logins.proved(hub, session, accounts[0], logins.CERTIFICATE)
    _log_in(hub, request, accounts[0])


def _certified(hub: Hub, session: Session) -> list[Account]:
    """Return whose a certificate is: what our CA says of it counts before what accounts say."""
    named = hub.state.account_named(session.certified) if session.certified else None
    if named is not None:
        return [named]
    everyone = hub.state.accounts.values()
    return [account for account in everyone if session.certificate in account.certificates]


def _why_not(hub: Hub, session: Session) -> str:
    name = session.certified
    if name and hub.state.account_named(name) is None:
        return f"Your certificate is of a device of {visible(name)}: there is no such account here"
    return "Your certificate does not log in to one account here"


def _scram(hub: Hub, request: Request, exchange: Exchange, message: bytes) -> None:
    """SCRAM-SHA-256 (RFC 5802, RFC 7677): first message, final message, and an empty one."""
    if exchange.scram is not None:
        step = _scram_end if exchange.scram.server_signature else _scram_final
        step(hub, request, exchange, message)
        return
    logins.begin(hub, request.session)
    try:
        hub.work(request, _load_scram, partial(_scram_first, hub, request, exchange, message))
    except Failed as busy:
        request.session.sasl = None
        hub.attempts.logged_in(request.session)
        raise Refused(ERR_SASLFAIL, text=busy.text) from busy


def _load_scram() -> ScramMechanism:
    from scramp import ScramMechanism  # 50 ms, once

    return ScramMechanism(SCRAM)


def _scram_first(
    hub: Hub, request: Request, exchange: Exchange, message: bytes, mechanism: ScramMechanism
) -> None:
    exchange.scram = server = mechanism.make_server(partial(_keys_of, hub, exchange))
    try:
        server.set_client_first(message.decode())
        answer = server.get_server_first()
    except (_scram_error(), ValueError) as error:
        raise _fail(hub, request.session) from error
    _send(request, *chunks_of(answer.encode()))


def _keys_of(hub: Hub, exchange: Exchange, name: str) -> ScramKeys:
    """Return the keys of an account; for none, keys that nothing fits."""
    account = exchange.account = hub.state.account_named(name)
    if account is not None and account.scram is not None:
        return passwords.scram_keys(account.scram)
    return passwords.no_keys(name, hub.secret, passwords.cost_of(hub.config.accounts))


def _scram_final(hub: Hub, request: Request, exchange: Exchange, message: bytes) -> None:
    server, account = exchange.scram, exchange.account
    assert server is not None
    known = hub.state.accounts.get(account.aid) if account else None
    try:
        server.set_client_final(message.decode())
        answer = server.get_server_final()
    except (_scram_error(), ValueError) as error:
        raise _fail(hub, request.session) from error
    if account is None or known is None or known.scram != account.scram:
        raise _fail(hub, request.session)
    _send(request, *chunks_of(answer.encode()))


def _scram_end(hub: Hub, request: Request, exchange: Exchange, message: bytes) -> None:
    """Take the empty message by which the client says that it believes us."""
    account = exchange.account
    known = hub.state.accounts.get(account.aid) if account else None
    if message or known is None:
        raise _fail(hub, request.session)
    request.session.sasl = None
    logins.proved(hub, request.session, known, logins.SCRAM)
    _log_in(hub, request, known)


def _scram_error() -> type[Exception]:
    from scramp import ScramException

    error: type[Exception] = ScramException
    return error


class Mechanism(NamedTuple):
    """How a mechanism goes on with a message; `certified` if it wants a certificate."""

    respond: Callable[[Hub, Request, Exchange, bytes], None]
    certified: bool = False


MECHANISMS = {
    "PLAIN": Mechanism(_plain),
    SCRAM: Mechanism(_scram),
    "EXTERNAL": Mechanism(_external, certified=True),
}
