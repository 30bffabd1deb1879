"""What becomes of a connection that registers: a new user, or a device of one who is here."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.metadata import set_early
from xchat.chat.apply.nicks import check_claim, take_back_nick, user_of
from xchat.chat.apply.promotion import promote
from xchat.chat.apply.step import Step
from xchat.chat.entities import Account, Attached, User
from xchat.chat.events import (
    UserRegistered,
)
from xchat.chat.modes import OPER
from xchat.chat.refused import Refused
from xchat.chat.server_bans import ban_on_account, ban_on_address, ban_on_prefix, words
from xchat.chat.state import State
from xchat.irc.numerics import (
    ERR_NICKLOCKED,
    ERR_SASLFAIL,
    ERR_YOUREBANNEDCREEP,
)


def need_account(state: State, aid: str) -> Account:
    """Return an account that may log in; refuse one that is suspended, or no more."""
    account = state.accounts.get(aid)
    if account is None:
        raise Refused(ERR_SASLFAIL, text="The account is no more")
    if account.suspended is not None:
        raise Refused(ERR_NICKLOCKED, text=f"The account is suspended: {account.suspended}")
    ban = ban_on_account(state, aid)
    if ban is not None:
        raise Refused(ERR_SASLFAIL, text=f"With this account, {words(ban)}")
    return account


def check_registered(state: State, event: UserRegistered) -> None:
    """Two claims on one nick: the first in the log wins, but for devices of one account."""
    if event.account:
        need_account(state, event.account)
    prefix = f"{event.nick}!{event.user}@{event.host}"
    ban = ban_on_prefix(state, prefix) or ban_on_address(state, event.host)
    if ban is not None:
        raise Refused(ERR_YOUREBANNEDCREEP, text=f"You cannot join: {words(ban)}")
    check_claim(state, event.nick, event.uid, event.account)


def registered(step: Step, event: UserRegistered) -> None:
    """Let a user in, or attach a further device to one who is in."""
    here = Attached(event.uid, event.node)
    known = user_of(step.state, event.nick, event.account)
    if known is not None:
        user = replace(known, sessions=(*known.sessions, here), detached=0)
        step.state.put_user(user)
        set_early(step, user, event.metadata)
        detached_at = 0 if known.sessions else known.detached_at
        step.effects.append(effects.SessionAttached(user, event.uid, detached_at))
        return
    take_back_nick(step, event.nick)
    account = step.state.accounts.get(event.account)
    host = account.host if account else ""
    user = User(
        uid=event.uid,
        node=event.node,
        nick=event.nick,
        user=event.user,
        host=host or event.host,
        address=event.host if host else "",
        realname=event.realname,
        modes=event.modes.replace(OPER, ""),
        since=step.ts,
        account=event.account,
        stays=event.stays,
        sessions=(here,),
    )
    step.state.put_user(user)
    set_early(step, user, event.metadata)
    step.effects += (effects.Welcomed(user, event.uid), effects.NickTaken(user, step.ts))
    promote(step, user.uid)
