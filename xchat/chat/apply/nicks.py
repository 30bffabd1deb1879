"""Whose a nick is: the first claim in the log has it, its owner has it before all."""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.sight import around
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import User
from xchat.chat.events import (
    NickChanged,
)
from xchat.chat.refused import Refused
from xchat.chat.reserved import reserved_as
from xchat.chat.server_bans import ban_on_prefix, words
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.numerics import (
    ERR_ERRONEUSNICKNAME,
    ERR_NICKNAMEINUSE,
)


def check_nick_free(state: State, nick: str, uid: str, account: str = "") -> None:
    """Refuse a nick that somebody holds or owns, or that looks like one.

    Who is logged in to the account that owns it takes it from whoever holds it.
    """
    service = reserved_as(nick)
    if service is not None:
        raise Refused(ERR_NICKNAMEINUSE, nick, text=f"Nickname is kept for {service}")
    owner = state.nick_owner(nick, account)
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


def check_claim(state: State, nick: str, sid: str, account: str) -> None:
    """Refuse a nick that a new session may not have; a further device has its user's."""
    if user_of(state, nick, account) is None:
        check_nick_free(state, nick, sid, account)


def user_of(state: State, nick: str, account: str) -> User | None:
    """Return the user of an account who has this nick: whose further device claims it."""
    holder, own = state.user_by_nick(nick), state.accounts.get(account)
    is_own = holder is not None and holder.account == account
    return holder if is_own and own is not None and own.multiclient else None


def take_back_nick(step: Step, nick: str, uid: str = "") -> None:
    """Give whoever holds a nick, or one that looks like it, another: its owner is here."""
    while (holder := step.state.nick_taken(nick, uid)) is not None:
        guest = f"Guest{step.seq}"
        while step.state.nick_taken(guest):
            guest += "_"
        rename(step, holder, guest)


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
    rename(step, user, event.nick)


def rename(step: Step, old: User, nick: str) -> None:
    """Give a user another nick, and tell who is to know."""
    new = replace(old, nick=nick)
    step.state.put_user(new)
    (channels, also), line = around(step.state, old.uid), step.line(old, "NICK", nick)
    step.effects.append(effects.ToUser(old.uid, line))
    step.effects.append(effects.ToNeighbours(channels, old.uid, line, also=also))
    if names.fold(old.nick) != names.fold(nick):
        step.effects += (effects.NickLeft(old, step.ts), effects.NickTaken(new, step.ts))
