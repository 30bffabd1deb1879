"""Who is in the channels we are in, on this connection."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from xchat.client.session.support import Support
from xchat.limits.client import CHANNEL_MEMBERS_MAX, CHANNELS_MAX, NAME_CHARS_MAX


class Member(msgspec.Struct):
    """Somebody in a channel; `prefixes` are signs, highest first."""

    nick: str
    prefixes: str = ""


class Channel(msgspec.Struct):
    """A channel we are in, its members by folded nick."""

    name: str
    topic: str = ""
    members: dict[str, Member] = msgspec.field(default_factory=dict)
    listing: dict[str, Member] | None = None
    """The NAMES reply that is coming in, until 366 ends it."""
    listed: bool = False


class Roster:
    """Channels by folded name."""

    def __init__(self, support: Support) -> None:
        self._support = support
        self._channels: dict[str, Channel] = {}

    def __getitem__(self, name: str) -> Channel | None:
        return self._channels.get(self._support.fold(name))

    def clear(self) -> None:
        """Forget all: the connection is gone."""
        self._channels.clear()

    def enter(self, name: str) -> Channel | None:
        """Add a channel we came into, empty; None past CHANNELS_MAX."""
        if len(self._channels) >= CHANNELS_MAX:
            return None
        channel = self._channels[self._support.fold(name)] = Channel(name)
        return channel

    def leave(self, name: str) -> None:
        """Forget a channel we are no longer in."""
        self._channels.pop(self._support.fold(name), None)

    def add(self, name: str, nick: str) -> None:
        """Add somebody who came into a channel."""
        channel = self[name]
        room = channel is not None and len(channel.members) < CHANNEL_MEMBERS_MAX
        if channel and room and len(nick) <= NAME_CHARS_MAX:
            channel.members.setdefault(self._support.fold(nick), Member(nick))

    def remove(self, name: str, nick: str) -> None:
        """Remove somebody who left a channel."""
        channel = self[name]
        if channel:
            channel.members.pop(self._support.fold(nick), None)

    def with_member(self, nick: str) -> Iterable[Channel]:
        """Return the channels somebody is in."""
        folded = self._support.fold(nick)
        return [channel for channel in self._channels.values() if folded in channel.members]

    def quit(self, nick: str) -> tuple[str, ...]:
        """Remove somebody everywhere; return the names of the channels they were in."""
        channels = tuple(self.with_member(nick))
        for channel in channels:
            del channel.members[self._support.fold(nick)]
        return tuple(channel.name for channel in channels)

    def rename(self, old: str, new: str) -> tuple[str, ...]:
        """Give somebody another nick; return the names of the channels they are in."""
        channels = tuple(self.with_member(old))
        for channel in channels:
            member = channel.members.pop(self._support.fold(old))
            member.nick = new
            channel.members[self._support.fold(new)] = member
        return tuple(channel.name for channel in channels)

    def list_names(self, name: str, words: Iterable[str]) -> None:
        """Take one 353: words are `@+nick` or `@+nick!user@host`."""
        channel = self[name]
        if channel is None:
            return
        signs = "".join(self._support.prefixes.values())
        channel.listing = {} if channel.listing is None else channel.listing
        for word in words:
            nick = word.lstrip(signs).partition("!")[0]
            fits = 0 < len(nick) <= NAME_CHARS_MAX
            if fits and len(channel.listing) < CHANNEL_MEMBERS_MAX:
                prefixes = word[: len(word) - len(word.lstrip(signs))]
                channel.listing[self._support.fold(nick)] = Member(nick, prefixes)

    def end_names(self, name: str) -> Channel | None:
        """Take 366: what was listed is who is there."""
        channel = self[name]
        if channel is not None and channel.listing is not None:
            channel.members, channel.listing = channel.listing, None
        return channel

    def change_modes(self, name: str, letters: str, params: Iterable[str]) -> None:
        """Follow the modes that give and take prefixes (`+ov-v ana gio ana`)."""
        channel, given, adding = self[name], iter(params), True
        always, when_set = self._support.modes_with_parameter
        for letter in letters:
            if letter in "+-":
                adding = letter == "+"
            elif letter in self._support.prefixes:
                self._change_prefix(channel, next(given, ""), letter, "+-"[not adding])
            elif letter in always or (adding and letter in when_set):
                next(given, None)

    def _change_prefix(self, channel: Channel | None, nick: str, letter: str, change: str) -> None:
        member = channel.members.get(self._support.fold(nick)) if channel else None
        if member is None:
            return
        signs = self._support.prefixes
        has = set(member.prefixes) - {signs[letter]} | ({signs[letter]} if change == "+" else set())
        member.prefixes = "".join(sign for sign in signs.values() if sign in has)
