"""From the rows that the store kept to the live state, whatever Unicode they were written under.

Theory. A row's key holds the folded name as it was when the row was written.
Another Python may have another version of Unicode: an older one may not know a
letter, and any may fold one otherwise. So names are folded anew. A channel
whose name is not known now is left out and its row stays, for a Python that
knows it; a channel whose key is not its name's any more is owed under the new
key, in place of the old one, so that no channel has two rows. Of two channels
that have become one name, the row whose key is right wins, then the older. A
user has come with a connection of another run; a row that cannot be one now is
dropped, as is a member of what is not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from xchat.chat.entities import (
    Account,
    Channel,
    Entity,
    Member,
    Metadata,
    ReadMarker,
    ServerBan,
    User,
)
from xchat.chat.invites import Invite
from xchat.chat.state import State
from xchat.irc import names

_Kind = TypeVar("_Kind")
_DECODER = msgspec.json.Decoder(Entity)


def state_of(rows: Iterable[tuple[str, bytes]]) -> State:
    """Build the state from kept rows, in any order; raises msgspec.DecodeError for no row of ours.

    How many channels and users were left out is in its `left_out`; what is to
    be written otherwise than it was kept is among its next `changes`.
    """
    reader = _Reader()
    kept = [(key, _DECODER.decode(value)) for key, value in rows]
    for _, account in _of(kept, Account):
        reader.take_account(account)
    for _, ban in _of(kept, ServerBan):
        reader.take_ban(ban)
    for _, invite in _of(kept, Invite):
        reader.take_invite(invite)
    for key, user in _of(kept, User):
        reader.take_user(key, user)
    for key, channel in sorted(_of(kept, Channel), key=_precedence):
        reader.take_channel(key, channel)
    for key, member in _of(kept, Member):
        reader.take_member(key, member)
    for _, marker in sorted(_of(kept, ReadMarker), key=_age):
        reader.take_marker(marker)
    for _, metadata in _of(kept, Metadata):
        reader.take_metadata(metadata)
    return reader.finish()


def _of(kept: Iterable[tuple[str, Entity]], kind: type[_Kind]) -> list[tuple[str, _Kind]]:
    return [(key, entity) for key, entity in kept if isinstance(entity, kind)]


def _age(row: tuple[str, ReadMarker]) -> tuple[int, str]:
    key, marker = row
    return marker.ts, key


def _precedence(row: tuple[str, Channel]) -> tuple[bool, int, str]:
    key, channel = row
    return key != _key(_fold(channel.name)), channel.created, key


class _Reader:
    """Takes accounts, bans and invites, then users, then channels, then members."""

    def __init__(self) -> None:
        self._state = State()
        self._folded_now: dict[str, str] = {}
        """From the folded name in a channel's key to the one it has now."""
        self._stale: list[str] = []
        self._owed: dict[str, Entity | None] = {}

    def take_account(self, account: Account) -> None:
        if all(_fold(nick) is not None for nick in account.own_nicks):
            self._state.put_account(account)
        else:
            self._state.left_out += 1

    def take_ban(self, ban: ServerBan) -> None:
        self._state.put_ban(ban)

    def take_invite(self, invite: Invite) -> None:
        self._state.put_invite(invite)

    def take_user(self, key: str, user: User) -> None:
        folded = _fold(user.nick)
        if folded is None or folded in self._state.nicks:
            self._stale.append(key)
            self._state.left_out += 1
        else:
            self._state.put_user(user)

    def take_channel(self, key: str, channel: Channel) -> None:
        folded = _fold(channel.name)
        if folded is None:
            self._state.left_out += 1
        elif folded in self._state.channels:
            self._stale.append(key)
            self._state.left_out += 1
        else:
            self._state.put_channel(channel)
            self._folded_now[key.partition(" ")[2]] = folded
            self._keep_under(_key(folded), key, channel)

    def take_member(self, key: str, member: Member) -> None:
        folded = self._folded_now.get(member.channel)
        if folded is None or member.uid not in self._state.users:
            self._stale.append(key)
            return
        self._state.put_member(folded, member.uid, member.roles)
        now = Member(folded, member.uid, member.roles)
        self._keep_under(f"m {folded} {member.uid}", key, now)

    def take_metadata(self, metadata: Metadata) -> None:
        """Take what is set, of whomever: who was left out may be here again another time."""
        self._state.put_metadata(metadata.owner, metadata.values)

    def _keep_under(self, key: str, old_key: str, entity: Entity) -> None:
        if key != old_key:
            self._stale.append(old_key)
            self._owed[key] = entity

    def take_marker(self, marker: ReadMarker) -> None:
        self._state.put_read(marker.party, marker.target, marker.ts)

    def finish(self) -> State:
        """Return the state; a key that one leaves and another takes is not dropped."""
        owed: dict[str, Entity | None] = dict.fromkeys(self._stale)
        self._state.begin(owed | self._owed)
        return self._state


def _key(folded: str | None) -> str:
    return f"c {folded}"


def _fold(name: str) -> str | None:
    """Return a name as it is folded now, or None where it is no name now."""
    try:
        names.skeletons(name)
        return names.fold(name)
    except names.BadName:
        return None
