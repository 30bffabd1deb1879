"""What becomes of users: they come, change their names, and go."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.emptying import is_bare, is_forsaken, leave
from xchat.chat.apply.metadata import set_early
from xchat.chat.apply.promotion import promote
from xchat.chat.apply.sight import around
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Account, Attached, Channel, User
from xchat.chat.events import (
    AwayChanged,
    NickChanged,
    NodeStarted,
    RealnameChanged,
    SessionDetached,
    UserModesChanged,
    UserQuit,
    UserRegistered,
)
from xchat.chat.lines import Line
from xchat.chat.modes import OPER
from xchat.chat.refused import Ignored, Refused
from xchat.chat.reserved import reserved_as
from xchat.chat.server_bans import ban_on_account, ban_on_address, ban_on_prefix, words
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import AWAY_NOTIFY, SETNAME
from xchat.irc.numerics import (
    ERR_ERRONEUSNICKNAME,
    ERR_NICKLOCKED,
    ERR_NICKNAMEINUSE,
    ERR_SASLFAIL,
    ERR_YOUREBANNEDCREEP,
    RPL_NOWAWAY,
    RPL_UNAWAY,
)

DETACHED = "Not connected; what you write waits"
"""The away message of who is always present, and not connected."""


def check_nick_free(state: State, nick: str, uid: str, account: str = "") -> None:
    """Refuse a nick that somebody holds or owns, or that looks like one.

    Who is logged in to the account that owns it takes it from whoever holds it.
    """
    service = reserved_as(nick)
    if service is not None:
        raise Refused(ERR_NICKNAMEINUSE, nick, text=f"Nickname is kept for {service}")
    owner = state.nick_owner(nick)
    if owner is not None and owner.aid != account:
        text = f"Nickname belongs to the account {owner.name}: log in to it, or take another"
        raise Refused(ERR_NICKNAMEINUSE, nick, text=text)
    holder = state.nick_taken(nick, uid)
    if holder is None or (owner is not None and holder.account != account):
        return
    if names.fold(holder.nick) == names.fold(nick):
        raise Refused(ERR_NICKNAMEINUSE, nick)
    raise Refused(
        ERR_NICKNAMEINUSE, nick, text=f"Nickname looks like {holder.nick}, who is here already"
    )


def check_registered(state: State, event: UserRegistered) -> None:
    """Two claims on one nick: the first in the log wins, but for devices of one account."""
    if event.account:
        need_account(state, event.account)
    prefix = f"{event.nick}!{event.user}@{event.host}"
    ban = ban_on_prefix(state, prefix) or ban_on_address(state, event.host)
    if ban is not None:
        raise Refused(ERR_YOUREBANNEDCREEP, text=f"You cannot join: {words(ban)}")
    check_claim(state, event.nick, event.uid, event.account)


def check_claim(state: State, nick: str, sid: str, account: str) -> None:
    """Refuse a nick that a new session may not have; a further device has its user's."""
    if user_of(state, nick, account) is None:
        check_nick_free(state, nick, sid, account)


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


def user_of(state: State, nick: str, account: str) -> User | None:
    """Return the user of an account who has this nick: whose further device claims it."""
    holder, own = state.user_by_nick(nick), state.accounts.get(account)
    is_own = holder is not None and holder.account == account
    return holder if is_own and own is not None and own.multiclient else None


def registered(step: Step, event: UserRegistered) -> None:
    """Let a user in, or attach a further device to one who is in."""
    here = Attached(event.uid, event.node)
    known = user_of(step.state, event.nick, event.account)
    if known is not None:
        user = replace(known, sessions=(*known.sessions, here), detached=0)
        step.state.put_user(user)
        set_early(step, user, event.metadata)
        step.effects.append(effects.SessionAttached(user, event.uid))
        return
    take_back_nick(step, event.nick)
    user = User(
        uid=event.uid,
        node=event.node,
        nick=event.nick,
        user=event.user,
        host=event.host,
        realname=event.realname,
        since=step.ts,
        account=event.account,
        stays=event.stays,
        sessions=(here,),
    )
    step.state.put_user(user)
    set_early(step, user, event.metadata)
    step.effects += (effects.Welcomed(user, event.uid), effects.NickTaken(user, step.ts))
    promote(step, user.uid)


def take_back_nick(step: Step, nick: str, uid: str = "") -> None:
    """Give whoever holds a nick, or one that looks like it, another: its owner is here."""
    while (holder := step.state.nick_taken(nick, uid)) is not None:
        guest = f"Guest{step.seq}"
        while step.state.nick_taken(guest):
            guest += "_"
        _rename(step, holder, guest)


def check_known(
    state: State, event: UserQuit | RealnameChanged | UserModesChanged | AwayChanged
) -> None:
    """Whoever is gone does nothing any more."""
    actor(state, event.uid)


def quit_(step: Step, event: UserQuit) -> None:
    """Let a user go, everywhere at once."""
    depart(step, event.uid, event.reason)


def check_attached(state: State, event: SessionDetached) -> None:
    """Let only a session that is attached be detached."""
    user = actor(state, event.uid)
    if not any(session.sid == event.sid for session in user.sessions):
        raise Ignored


def session_detached(step: Step, event: SessionDetached) -> None:
    """Detach a device; with the last one the user goes, if they are not always present."""
    user = step.state.users[event.uid]
    rest = tuple(session for session in user.sessions if session.sid != event.sid)
    if rest:
        step.state.put_user(replace(user, sessions=rest))
    elif is_always_present(step.state, user):
        _detach(step, user)
    else:
        depart(step, event.uid, event.reason)


def _detach(step: Step, user: User) -> None:
    """Let a user be here while nobody is attached; whoever writes to them is told so."""
    step.state.put_user(replace(user, sessions=(), detached=user.detached or step.ts))
    _set_away(step, user, DETACHED)


def is_always_present(state: State, user: User) -> bool:
    """Say whether a user stays while nobody is attached: under a nick that is their account's."""
    account = state.accounts.get(user.account)
    if account is None or state.nick_owner(user.nick) != account:
        return False
    return user.stays if account.always_present is None else account.always_present


def node_started(step: Step, event: NodeStarted) -> None:
    """Detach all sessions of a server, which ended with its last run.

    Whose last it was did not leave of their own: what was closed behind them
    stays closed, or the next to come would be let into it, and be its operator.
    """
    for _, user in sorted(step.state.users.items()):  # a state rebuilt has another order
        rest = tuple(session for session in user.sessions if session.node != event.node)
        if rest == user.sessions and (rest or user.node != event.node):
            continue
        if rest:
            step.state.put_user(replace(user, sessions=rest))
        elif is_always_present(step.state, user):
            _detach(step, user)
        else:
            depart(step, user.uid, "The server was restarted", is_over=is_bare)


def depart(
    step: Step, uid: str, reason: str, *, is_over: Callable[[Channel], bool] = is_forsaken
) -> None:
    """Tell those who share a channel with a user, and remove the user."""
    state = step.state
    user = state.users[uid]
    channels, also = around(state, uid)
    line = step.line(user, "QUIT", reason)
    step.effects.append(effects.ToNeighbours(channels, uid, line, also=also))
    for folded in tuple(state.joined[uid]):
        leave(step, folded, uid, is_over=is_over)
    state.drop_user(uid)
    forget_markers(state, uid)
    step.effects += (effects.NickLeft(user, step.ts), effects.Gone(user, reason))


def forget_markers(state: State, party: str) -> None:
    """Forget how far a party that is no more has read."""
    for target in list(state.read.get(party, ())):
        state.put_read(party, target, None)


def check_nick_changed(state: State, event: NickChanged) -> None:
    """Two claims on one nick: the first in the log wins, its owner wins over both."""
    user = actor(state, event.uid)
    check_nick_free(state, event.nick, event.uid, user.account)
    ban = ban_on_prefix(state, replace(user, nick=event.nick).prefix)
    if ban is not None:
        raise Refused(ERR_ERRONEUSNICKNAME, event.nick, text=f"As that, {words(ban)}")


def nick_changed(step: Step, event: NickChanged) -> None:
    """Tell the user and those who share a channel with them."""
    user = step.state.users[event.uid]
    take_back_nick(step, event.nick, event.uid)
    _rename(step, user, event.nick)


def _rename(step: Step, old: User, nick: str) -> None:
    new = replace(old, nick=nick)
    step.state.put_user(new)
    (channels, also), line = around(step.state, old.uid), step.line(old, "NICK", nick)
    step.effects.append(effects.ToUser(old.uid, line))
    step.effects.append(effects.ToNeighbours(channels, old.uid, line, also=also))
    if names.fold(old.nick) != names.fold(nick):
        step.effects += (effects.NickLeft(old, step.ts), effects.NickTaken(new, step.ts))


def realname_changed(step: Step, event: RealnameChanged) -> None:
    """IRCv3 setname: sent to clients with the capability, the user's own among them."""
    user = step.state.users[event.uid]
    step.state.put_user(replace(user, realname=event.realname))
    line = step.line(user, "SETNAME", event.realname)
    step.effects.append(effects.ToUser(user.uid, line, SETNAME))
    tell_around(step, user, line, SETNAME)


def user_modes_changed(step: Step, event: UserModesChanged) -> None:
    """Set the user's modes to these, but for operator, and tell them what changed."""
    user = step.state.users[event.uid]
    modes = "".join(letter for letter in event.modes if letter != OPER or OPER in user.modes)
    added = "".join(letter for letter in modes if letter not in user.modes)
    removed = "".join(letter for letter in user.modes if letter not in modes)
    if not added and not removed:
        return
    step.state.put_user(replace(user, modes=modes, role=user.role if OPER in modes else ""))
    change = (f"+{added}" if added else "") + (f"-{removed}" if removed else "")
    line = step.line(user, "MODE", user.nick, change)
    step.effects.append(effects.ToUser(event.uid, line))


def away_changed(step: Step, event: AwayChanged) -> None:
    """IRCv3 away-notify: those who share a channel hear of it."""
    step.effects.append(effects.Answer(RPL_NOWAWAY if event.device_is_away else RPL_UNAWAY))
    _set_away(step, step.state.users[event.uid], event.message)


def _set_away(step: Step, user: User, message: str | None) -> None:
    if step.state.away.get(user.uid) == message:
        return
    step.state.put_away(user.uid, message)
    params = (message,) if message else ()
    tell_around(step, user, step.line(user, "AWAY", *params), AWAY_NOTIFY)


def tell_around(step: Step, user: User, line: Line, need: int) -> None:
    """Tell those who share a channel with a user, and those who watch them, what they changed."""
    (channels, also), watched = around(step.state, user.uid), names.fold(user.nick)
    effect = effects.ToNeighbours(channels, user.uid, line, need, watched, also=also)
    step.effects.append(effect)
