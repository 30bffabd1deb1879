"""Whose history somebody may read, and from where on: one rule for all that tells the past.

A channel's is for those who are in it now, under this life of its name, and of
it what was said after the last ban on them was lifted: who was kept out is not
told afterwards what was said meanwhile, nor before. Direct messages are for the
two they are between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from xchat.chat.apply.bans import shut_until
from xchat.chat.apply.step import direct_target
from xchat.chat.entities import Channel, party_of
from xchat.chat.state import State
from xchat.irc import names


class Readable(msgspec.Struct, frozen=True):
    """A history: its rows' target, what its reader calls it, and the last place shut to them."""

    target: str
    name: str
    after: int = 0


def readable(state: State, uid: str, name: str) -> Readable | None:
    """Return the history that a user means by a name, or None where there is none for them."""
    if names.is_channel(name):
        channel = state.channel(name)
        return readable_channel(state, uid, channel) if channel is not None else None
    other, account = state.user_by_nick(name), state.account_named(name)
    if other is not None:
        party, name = other.party, other.nick
    elif account is not None:
        party, name = party_of(account.aid), account.name
    else:
        return None
    return Readable(direct_target(state.users[uid].party, party), name)


def readable_channel(state: State, uid: str, channel: Channel) -> Readable | None:
    """Return a channel's history as a user may read it, or None for who is not in it."""
    if state.roles(names.fold(channel.name), uid) is None:
        return None
    return Readable(channel.cid, channel.name, shut_until(state, channel, state.users[uid]))


def readable_channels(state: State, uid: str) -> Iterator[Readable]:
    """Yield the histories of the channels that a user is in."""
    for folded in state.joined.get(uid, ()):
        found = readable_channel(state, uid, state.channels[folded])
        if found is not None:
            yield found


def readable_conversations(state: State, uid: str, targets: Iterable[str]) -> Iterator[Readable]:
    """Yield a user's conversations under names by which `readable` finds them again.

    Those with somebody who is gone, and had no account, have no name any more.
    """
    own = state.users[uid].party
    nicks = {user.party: user.nick for user in state.users.values()}
    accounts = {party_of(account.aid): account.name for account in state.accounts.values()}
    for target in targets:
        one, _, other = target.partition("&")
        partner = other if one == own else one
        name = nicks.get(partner) or accounts.get(partner)
        if name is not None:
            yield Readable(target, name)
