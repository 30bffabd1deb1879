"""What becomes of registered channels: whose they are, and who is what in them.

ChanServ and the administration ask for these; nobody's uid is the latter. A
channel is registered by an operator of it who is logged in; its founder gives
it away or drops it; who stands as an administrator of it or above says what
other accounts are, below themselves.
"""

from __future__ import annotations

from msgspec.structs import replace

from xchat.chat.apply.emptying import end_or_rest
from xchat.chat.apply.ranks import need_member, need_rank
from xchat.chat.apply.standing import put_roles, role_bits, standing
from xchat.chat.apply.step import Step, actor
from xchat.chat.entities import Access, Channel, Terms, User
from xchat.chat.events import (
    AccessChanged,
    ChannelDropped,
    ChannelRegistered,
    ChannelTransferred,
    RetentionSet,
    StandingClaimed,
)
from xchat.chat.modes import ROLE_OF, Rank
from xchat.chat.refused import Failed
from xchat.chat.state import State
from xchat.irc import names

_FROM_REGISTRATION = ROLE_OF["q"].bit | ROLE_OF["a"].bit
"""The roles that end with the registration: nobody is left who could take them."""


def channels_of(state: State, aid: str) -> list[Channel]:
    """Return the channels that are an account's, in the order of their names."""
    found = (channel for channel in state.channels.values() if aid and channel.founder == aid)
    return sorted(found, key=lambda channel: names.fold(channel.name))


def need_registered(state: State, name: str) -> Channel:
    """Return a registered channel; fail for what is none."""
    channel = state.channel(name)
    if channel is None or not channel.founder:
        raise Failed("CHANNEL_NOT_REGISTERED", name, text=f"{name} is not registered")
    return channel


def _need_founder(state: State, uid: str, channel: Channel) -> None:
    if uid and actor(state, uid).account != channel.founder:
        text = f"Only the founder of {channel.name} may do this"
        raise Failed("NOT_FOUNDER", channel.name, text=text)


def _need_room(state: State, aid: str, name: str, most: int) -> None:
    if aid not in state.accounts:
        raise Failed("ACCOUNT_UNKNOWN", name, text="There is no such account")
    if most and len(channels_of(state, aid)) >= most:
        text = f"An account has {most} channels at most"
        raise Failed("TOO_MANY_CHANNELS", name, text=text)


# -- whose it is ------------------------------------------------------------------------------


def check_registered(state: State, event: ChannelRegistered) -> None:
    """Let an operator who is logged in register a channel that is nobody's."""
    channel = state.channel(event.channel)
    if channel is None:
        raise Failed(
            "NO_SUCH_CHANNEL", event.channel, text=f"There is no {event.channel}: enter it first"
        )
    if event.uid:
        if actor(state, event.uid).account != event.founder:
            raise Failed("ACCOUNT_REQUIRED", channel.name, text="Log in to your account first")
        need_rank(state, event.uid, event.channel, Rank.OPERATOR)
    if channel.founder:
        raise Failed(
            "ALREADY_REGISTERED", channel.name, text=f"{channel.name} is registered already"
        )
    _need_room(state, event.founder, channel.name, event.channels_max)


def registered(step: Step, event: ChannelRegistered) -> None:
    """Let the channel be the account's, whose user is its founder from here on."""
    folded = names.fold(event.channel)
    channel = step.state.channels[folded]
    step.state.put_channel(replace(channel, founder=event.founder, access=(), emptied=0))
    _settle_roles(step, folded, event.founder, 0)


def check_transferred(state: State, event: ChannelTransferred) -> None:
    """Let the founder give a channel to another account, which has room for it."""
    channel = need_registered(state, event.channel)
    _need_founder(state, event.uid, channel)
    if event.founder != channel.founder:
        _need_room(state, event.founder, channel.name, event.channels_max)


def transferred(step: Step, event: ChannelTransferred) -> None:
    """Let the channel be another account's; who was its founder stays as an administrator."""
    folded = names.fold(event.channel)
    channel, old = step.state.channels[folded], step.state.channels[folded].founder
    if event.founder == old:
        return
    others = tuple(entry for entry in channel.access if entry.aid != event.founder)
    access = (Access(old, "a"), *others) if old in step.state.accounts else others
    step.state.put_channel(replace(channel, founder=event.founder, access=access))
    _settle_roles(step, folded, old, role_bits(channel, old))
    _settle_roles(step, folded, event.founder, role_bits(channel, event.founder))


def check_dropped(state: State, event: ChannelDropped) -> None:
    """Let the founder drop a channel."""
    _need_founder(state, event.uid, need_registered(state, event.channel))


def dropped(step: Step, event: ChannelDropped) -> None:
    """Let the channel be nobody's; without a member it stays or ends as any other."""
    folded = names.fold(event.channel)
    state = step.state
    channel = replace(state.channels[folded], founder="", access=(), retention=Terms())
    state.put_channel(channel)
    for uid, roles in sorted(state.members[folded].items()):
        put_roles(step, folded, uid, roles & ~_FROM_REGISTRATION)
    end_or_rest(step, folded)


def check_retention(state: State, event: RetentionSet) -> None:
    """Let the founder say how long the channel keeps its history."""
    _need_founder(state, event.uid, need_registered(state, event.channel))


def retention_set(step: Step, event: RetentionSet) -> None:
    """Keep it; the store erases by it when there is time."""
    channel = step.state.channels[names.fold(event.channel)]
    terms = Terms(event.days, event.messages)
    step.state.put_channel(replace(channel, retention=terms))


# -- who is what ------------------------------------------------------------------------------


def check_access(state: State, event: AccessChanged) -> None:
    """Let who stands as an administrator or above say what those below them are."""
    channel = need_registered(state, event.channel)
    if event.letter and event.letter not in ROLE_OF:
        raise Failed("UNKNOWN_ROLE", channel.name, event.letter, text="There is no such role")
    if event.aid not in state.accounts:
        raise Failed("ACCOUNT_UNKNOWN", channel.name, text="There is no such account")
    if event.aid == channel.founder:
        text = "This account is the founder; a channel changes hands by a transfer"
        raise Failed("IS_FOUNDER", channel.name, text=text)
    if event.uid:
        _check_power(state, channel, event)
    is_new = event.letter and all(entry.aid != event.aid for entry in channel.access)
    if is_new and event.entries_max and len(channel.access) >= event.entries_max:
        text = f"A channel keeps the roles of {event.entries_max} accounts at most"
        raise Failed("LIST_FULL", channel.name, text=text)


def _check_power(state: State, channel: Channel, event: AccessChanged) -> None:
    own = actor(state, event.uid).account
    rank, other = standing(channel, own), standing(channel, event.aid)
    if own == event.aid and not event.letter:
        return
    given = ROLE_OF[event.letter].rank if event.letter else Rank.NONE
    is_founder = rank == Rank.FOUNDER
    if rank < Rank.ADMIN or (not is_founder and max(given, other) >= rank):
        text = f"This takes a higher role in {channel.name} than yours"
        raise Failed("PRIVILEGES_NEEDED", channel.name, text=text)


def access_changed(step: Step, event: AccessChanged) -> None:
    """Keep what an account is, and let it be that at once where it is there."""
    folded = names.fold(event.channel)
    channel = step.state.channels[folded]
    access = tuple(entry for entry in channel.access if entry.aid != event.aid)
    if event.letter:
        access = (*access, Access(event.aid, event.letter))
    step.state.put_channel(replace(channel, access=access))
    _settle_roles(step, folded, event.aid, role_bits(channel, event.aid))


def check_claimed(state: State, event: StandingClaimed) -> None:
    """Let only who stands in a channel, and is there, take that up."""
    channel, _ = need_member(state, event.uid, event.channel)
    if not role_bits(channel, actor(state, event.uid).account):
        text = f"Your account has no role in {channel.name}"
        raise Failed("PRIVILEGES_NEEDED", channel.name, text=text)


def claimed(step: Step, event: StandingClaimed) -> None:
    """Let a member be what their account is there, beside what they are already."""
    _take_up(step, names.fold(event.channel), step.state.users[event.uid])


def _settle_roles(step: Step, folded: str, aid: str, before: int) -> None:
    """Give those of an account who are there what it is now, and take what it was `before`."""
    state = step.state
    now = role_bits(state.channels[folded], aid)
    for uid, roles in sorted(state.members[folded].items()):
        if state.users[uid].account == aid:
            put_roles(step, folded, uid, roles & ~before | now)


def give_standing(step: Step, user: User) -> None:
    """Let a user who logs in be, where they are already, what their account is there."""
    for folded in sorted(step.state.joined[user.uid]):
        _take_up(step, folded, user)


def _take_up(step: Step, folded: str, user: User) -> None:
    standing_bits = role_bits(step.state.channels[folded], user.account)
    put_roles(step, folded, user.uid, step.state.members[folded][user.uid] | standing_bits)


def forget_account(step: Step, aid: str) -> None:
    """Drop the channels of an account that is removed, and what it was in those of others."""
    for channel in channels_of(step.state, aid):
        dropped(step, ChannelDropped(channel=channel.name))
    for folded in sorted(step.state.channels):
        channel = step.state.channels[folded]
        if any(entry.aid == aid for entry in channel.access):
            access = tuple(entry for entry in channel.access if entry.aid != aid)
            step.state.put_channel(replace(channel, access=access))
