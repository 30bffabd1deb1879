"""How a connection becomes a user, lives, and leaves: PASS NICK USER PING PONG QUIT."""

from __future__ import annotations

import hmac
from functools import partial
from typing import TYPE_CHECKING

from xchat.chat import logins, naming
from xchat.chat.apply.nicks import check_claim, user_of
from xchat.chat.commands import sasl
from xchat.chat.entities import Account, ServerBan
from xchat.chat.events import NickChanged, UserRegistered
from xchat.chat.lines import Line
from xchat.chat.refused import Ignored, Refused
from xchat.chat.server_bans import ban_on_account, ban_on_address, ban_on_prefix, words
from xchat.chat.session import Request, Session
from xchat.chat.text import clean
from xchat.irc import names
from xchat.irc.numerics import (
    ERR_ALREADYREGISTERED,
    ERR_ERRONEUSNICKNAME,
    ERR_NEEDMOREPARAMS,
    ERR_NICKLOCKED,
    ERR_NONICKNAMEGIVEN,
    ERR_PASSWDMISMATCH,
    ERR_SASLFAIL,
    ERR_YOUREBANNEDCREEP,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

NEEDS_LOGIN = {
    "accounts": "only people with an account may join here, and you are not logged in",
    "devices": "only devices of an account may join here: log in by certificate (SASL EXTERNAL)",
}


def pass_(hub: Hub, request: Request) -> None:
    """PASS <password>: the server's, before registration.

    Where the server has none it logs in a client that knows no SASL: PASS <account>:<password>.
    """
    if request.session.registered:
        raise Refused(ERR_ALREADYREGISTERED)
    given = request.params[0]
    request.session.claim.password = given
    name, colon, password = given.partition(":")
    if colon and name and hub.config.server.password is None:
        then = partial(_logged_in, hub, request)
        logins.by_password(hub, request, name, password, then, refusal=ERR_PASSWDMISMATCH)


def _logged_in(hub: Hub, request: Request, account: Account) -> None:
    logins.log_in(hub, request, account, _nothing_more)


def _nothing_more() -> None:
    """Say nothing beside what a login says."""


def nick(hub: Hub, request: Request) -> None:
    """NICK <nick>: take one, or another one."""
    wanted = request.params[0] if request.params else ""
    if not wanted:
        raise Refused(ERR_NONICKNAMEGIVEN)
    session = request.session
    try:
        naming.check_nick(hub.config, wanted)
    except names.BadName as bad:
        raise Refused(ERR_ERRONEUSNICKNAME, wanted, text=bad.why) from bad
    if not session.registered:
        session.claim.wanted = wanted
        if not _may_log_in_for(hub, session, wanted):
            check_claim(hub.state, wanted, session.sid, session.claim.account)
        session.claim.nick = wanted
        maybe_register(hub, request)
    elif hub.state.users[session.uid].nick != wanted:
        hub.append(request, NickChanged(uid=session.uid, nick=wanted))


def _may_log_in_for(hub: Hub, session: Session, nick: str) -> bool:
    """Say whether a nick may yet prove to be the client's own: clients name it before they log in.

    It is looked at again when they register.
    """
    holder = hub.state.user_by_nick(nick)
    is_somebodys = hub.state.nick_owner(nick) is not None or (holder and holder.account)
    return session.claim.negotiating and not session.claim.account and bool(is_somebodys)


def user(hub: Hub, request: Request) -> None:
    """USER <user> <mode> <unused> <real name>."""
    session = request.session
    if session.registered or session.claim.user:
        raise Refused(ERR_ALREADYREGISTERED)
    realname = clean(request.params[3], hub.limits.realname_bytes_max)
    if not realname.strip() or not request.params[0]:
        raise Refused(ERR_NEEDMOREPARAMS, "USER")
    # Without an ident answer a user name is what the client says: marked so, as servers do.
    chars_max = hub.limits.user_chars_max - 1
    session.claim.user = f"~{names.clean_user(request.params[0], chars_max)}"
    session.claim.realname = realname
    maybe_register(hub, request)


def maybe_register(hub: Hub, request: Request) -> None:
    """Claim the nick, once all that registration needs has been said."""
    session, claim = request.session, request.session.claim
    if session.registered or claim.negotiating or not claim.nick or not claim.user:
        return
    sasl.abort_unfinished(hub, request)
    _check_admission(hub, request)
    event = UserRegistered(
        uid=session.uid,
        node=hub.node,
        nick=claim.nick,
        user=claim.user,
        host=session.address,
        realname=claim.realname,
        account=claim.account,
        modes="".join(sorted(set(hub.config.server.default_user_modes))),
        stays=hub.config.are_present,
        metadata=hub.interests.claimed(session),
    )
    try:
        hub.append(request, event)
    except Refused as refused:
        if refused.numeric in (ERR_SASLFAIL, ERR_NICKLOCKED):
            claim.account = ""
        else:
            claim.nick = ""
        raise


def _check_admission(hub: Hub, request: Request) -> None:
    """Refuse, in words, whoever may not come in; their connection ends."""
    if not _has_password(hub, request.session):
        hub.reply(request, ERR_PASSWDMISMATCH)
        _turn_away(hub, request, "this server asks for a password, and yours is not it")
    claim, policy = request.session.claim, hub.config.access.policy or "open"
    why = NEEDS_LOGIN.get(policy)
    is_enough = claim.proof == logins.CERTIFICATE if policy == "devices" else claim.account
    if why is not None and not is_enough:
        text = f"You cannot join: {why}"
        request.put(Line(hub.name, "FAIL", ("*", "ACCOUNT_REQUIRED", text), hub.now_ms))
        _turn_away(hub, request, why)
    user, ban = user_of(hub.state, claim.nick, claim.account), _ban_of(hub, request.session)
    why = words(ban) if ban else None
    if ban is None and user is not None and len(user.sessions) >= hub.limits.devices_per_user_max:
        why = f"{hub.limits.devices_per_user_max} devices of yours are connected as {user.nick}"
    elif ban is None and len(hub.state.users) >= hub.limits.users_max:
        why = f"the server is full, {hub.limits.users_max} users are here; try again later"
    if why is not None:
        hub.reply(request, ERR_YOUREBANNEDCREEP, text=f"You cannot join: {why}")
        _turn_away(hub, request, why)


def _has_password(hub: Hub, session: Session) -> bool:
    """Say whether somebody has the server's password, or need not: whom its own CA vouches for."""
    expected, given = hub.config.server.password, session.claim.password or ""
    is_vouched = bool(session.certified) and session.claim.proof == logins.CERTIFICATE
    return not expected or is_vouched or hmac.compare_digest(given.encode(), expected.encode())


def _ban_of(hub: Hub, session: Session) -> ServerBan | None:
    claim = session.claim
    prefix = f"{claim.nick}!{claim.user}@{session.address}"
    by_who = ban_on_prefix(hub.state, prefix) or ban_on_account(hub.state, claim.account)
    return by_who or ban_on_address(hub.state, session.address)


def _turn_away(hub: Hub, request: Request, why: str) -> None:
    hub.close(request.session, why)
    raise Ignored


def ping(hub: Hub, request: Request) -> None:
    """PING <token>: answered with PONG <server> <token>."""
    request.put(Line(hub.name, "PONG", (hub.name, request.params[0])))


def pong(_hub: Hub, _request: Request) -> None:
    """PONG: that it came is all there is to know."""


def quit_(hub: Hub, request: Request) -> None:
    """QUIT [reason]: answered with ERROR, and the connection ends.

    Who has read that, has left: nobody asks afterwards and finds them here.
    """
    session, given = request.session, request.params[0] if request.params else ""
    reason = f"Quit: {clean(given, hub.limits.kick_bytes_max)}"
    if session.registered:
        user = hub.state.users[session.uid]
        account = hub.state.account_name(user.uid)
        request.put(Line(user.prefix, "QUIT", (reason,), hub.now_ms, account=account))
        hub.departures.add(session, reason)
    hub.close(session, reason)
