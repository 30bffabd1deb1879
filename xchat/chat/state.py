"""The live state: who is here, which channels there are, who is in them.

Entities are frozen values, replaced whole; the state is the only thing that
changes, and only `apply` changes it. Each change is remembered until `changes`
takes it, as the rows that the store keeps: from those rows `kept.state_of`
builds the same state again. Where they could not be kept, `take_back` undoes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

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
from xchat.irc import names

Row = tuple[str, bytes | None]
"""A key and an entity as JSON, or None where it is gone."""

_ENCODER = msgspec.json.Encoder()


class State:
    """All of it. Channels and nicks are keyed by their folded names."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.nicks: dict[str, str] = {}
        self.channels: dict[str, Channel] = {}
        self.members: dict[str, dict[str, int]] = {}
        self.joined: dict[str, dict[str, None]] = {}
        self.empty: dict[str, None] = {}
        """The channels in which nobody is, the one left longest ago first."""
        self.ends: dict[str, int] = {}
        """When the first ban of a channel ends by itself (ms), where one does."""
        self.away: dict[str, str] = {}
        """Presence: not kept, lost with the process."""
        self.accounts: dict[str, Account] = {}
        self.read: dict[str, dict[str, int]] = {}
        """How far each party has read each target (folded), as a time in ms; the oldest first."""
        self.metadata: dict[str, dict[str, str]] = {}
        """What is set of whom (`Metadata.owner`)."""
        self.bans: dict[tuple[str, str], ServerBan] = {}
        """Whom the server does not let in, by kind and mask."""
        self.invites: dict[str, Invite] = {}
        """Whom tokens let in, by the SHA-256 of each."""
        self.left_out = 0
        """How many kept users and channels have no name that can be read now."""
        self._owners: dict[str, str] = {}
        """The aid of whose own a nick is, by the nick folded and by all it looks like."""
        self._nick_looks: dict[str, str] = {}
        self._channel_looks: dict[str, str] = {}
        self._changed: dict[str, Entity | None] = {}
        self._inverses: list[Callable[[], None]] = []
        """What undoes each change that may yet have to be taken back, in their order."""

    # -- reading ------------------------------------------------------------------------------

    def user_by_nick(self, nick: str) -> User | None:
        """Return the user who holds a nick, however it is spelt."""
        try:
            uid = self.nicks.get(names.fold(nick))
        except names.BadName:
            return None
        return self.users[uid] if uid else None

    def channel(self, name: str) -> Channel | None:
        """Return a channel, however its name is spelt."""
        try:
            return self.channels.get(names.fold(name))
        except names.BadName:
            return None

    def roles(self, folded: str, uid: str) -> int | None:
        """Return a member's roles, or None for who is no member."""
        members = self.members.get(folded)
        return members.get(uid) if members else None

    def nick_taken(self, nick: str, uid: str = "") -> User | None:
        """Return who else holds this nick or one that looks like it."""
        holders = [self.nicks.get(names.fold(nick))]
        holders += [self._nick_looks.get(look) for look in sorted(names.skeletons(nick))]
        other = next((holder for holder in holders if holder and holder != uid), None)
        return self.users[other] if other else None

    def look_alike(self, name: str, but: str = "") -> Channel | None:
        """Return a channel whose name looks like this one, other than the one of `but` (folded)."""
        looks = (self._channel_looks.get(look) for look in sorted(names.skeletons(name)))
        other = next((folded for folded in looks if folded and folded != but), None)
        return self.channels[other] if other else None

    def account_of(self, uid: str) -> Account | None:
        """Return the account that a user is logged in to."""
        user = self.users.get(uid)
        return self.accounts.get(user.account) if user else None

    def account_name(self, uid: str) -> str:
        """Return the name of the account that a user is logged in to, or nothing."""
        account = self.account_of(uid)
        return account.name if account else ""

    def account_named(self, name: str) -> Account | None:
        """Return an account by its name, however it is spelt."""
        owner = self.nick_owner(name)
        try:
            is_name = owner is not None and names.fold(owner.name) == names.fold(name)
        except names.BadName:
            return None
        return owner if is_name else None

    def nick_owner(self, nick: str, aid: str = "") -> Account | None:
        """Return whose own a nick is, or one that it looks like: another's before that of `aid`.

        As written and as folded a nick may look like those of two.
        """
        try:
            looks = (names.fold(nick), *sorted(names.skeletons(nick)))
        except names.BadName:
            return None
        owners = [owner for look in looks if (owner := self._owners.get(look))]
        found = next((owner for owner in owners if owner != aid), owners[0] if owners else None)
        return self.accounts[found] if found else None

    # -- changing: for apply only -------------------------------------------------------------

    def put_user(self, user: User) -> None:
        """Add a user, or put a new value in the place of the old one."""
        old = self.users.get(user.uid)
        if old is not None:
            self._forget_nick(old)
        folded = names.fold(user.nick)
        self.users[user.uid] = user
        self.nicks[folded] = user.uid
        self._nick_looks.update(dict.fromkeys(names.skeletons(user.nick), user.uid))
        self.joined.setdefault(user.uid, {})
        self._changed[f"u {user.uid}"] = user
        undo = partial(self.put_user, old) if old else partial(self.drop_user, user.uid)
        self._inverses.append(undo)

    def drop_user(self, uid: str) -> None:
        """Remove a user who is in no channel any more."""
        assert not self.joined[uid], "a user leaves the channels first"
        self.put_away(uid, None)
        self.put_metadata(uid, {})
        user = self.users.pop(uid)
        self._forget_nick(user)
        del self.joined[uid]
        self._changed[f"u {uid}"] = None
        self._inverses.append(partial(self.put_user, user))

    def put_away(self, uid: str, message: str | None) -> None:
        """Let a user be away with a message, or back with None."""
        before = self.away.pop(uid, None)
        if message is not None:
            self.away[uid] = message
        if message != before:
            self._inverses.append(partial(self.put_away, uid, before))

    def put_metadata(self, owner: str, values: Mapping[str, str]) -> None:
        """Let this be all that is set of somebody; nothing is forgotten."""
        before = self.metadata.pop(owner, {})
        if values:
            self.metadata[owner] = dict(values)
        if before or values:
            self._changed[f"d {owner}"] = Metadata(owner, dict(values)) if values else None
            self._inverses.append(partial(self.put_metadata, owner, before))

    def put_account(self, account: Account) -> None:
        """Add an account, or put a new value in the place of the old one."""
        old = self.accounts.get(account.aid)
        if old is not None:
            self._disown(old)
        self.accounts[account.aid] = account
        for nick in account.own_nicks:
            self._owners.update(dict.fromkeys(_looks(nick), account.aid))
        self._changed[f"a {account.aid}"] = account
        undo = partial(self.put_account, old) if old else partial(self.drop_account, account.aid)
        self._inverses.append(undo)

    def drop_account(self, aid: str) -> None:
        """Remove an account that nobody is logged in to."""
        self.put_metadata(f"={aid}", {})
        account = self.accounts.pop(aid)
        self._disown(account)
        self._changed[f"a {aid}"] = None
        self._inverses.append(partial(self.put_account, account))

    def put_read(self, party: str, target: str, ts: int | None) -> None:
        """Let a party have read a target up to a time, or have no marker there."""
        markers = self.read.setdefault(party, {})
        before = markers.pop(target, None)
        if ts is not None:
            markers[target] = ts
        if not markers:
            del self.read[party]
        marker = ReadMarker(party, target, ts) if ts is not None else None
        self._changed[f"r {party} {target}"] = marker
        self._inverses.append(partial(self.put_read, party, target, before))

    def put_ban(self, ban: ServerBan) -> None:
        """Let nobody in whom a ban is for; one of its kind and mask takes its place."""
        old = self.bans.get((ban.kind, ban.mask))
        self.bans[ban.kind, ban.mask] = ban
        self._changed[f"b {ban.kind} {ban.mask}"] = ban
        undo = partial(self.put_ban, old) if old else partial(self.drop_ban, ban.kind, ban.mask)
        self._inverses.append(undo)

    def drop_ban(self, kind: str, mask: str) -> None:
        """End a ban."""
        ban = self.bans.pop((kind, mask))
        self._changed[f"b {kind} {mask}"] = None
        self._inverses.append(partial(self.put_ban, ban))

    def put_invite(self, invite: Invite) -> None:
        """Add an invite, or put a new value in the place of the old one."""
        old = self.invites.get(invite.sha256)
        self.invites[invite.sha256] = invite
        self._changed[f"i {invite.sha256}"] = invite
        undo = partial(self.put_invite, old) if old else partial(self.drop_invite, invite.sha256)
        self._inverses.append(undo)

    def drop_invite(self, sha256: str) -> None:
        """End an invite."""
        invite = self.invites.pop(sha256)
        self._changed[f"i {sha256}"] = None
        self._inverses.append(partial(self.put_invite, invite))

    def put_channel(self, channel: Channel) -> None:
        """Add a channel, or put a new value in the place of the old one."""
        folded = names.fold(channel.name)
        old = self.channels.get(folded)
        self.channels[folded] = channel
        self.members.setdefault(folded, {})
        if old is not None:
            _forget_looks(self._channel_looks, old.name)
        self._channel_looks.update(dict.fromkeys(names.skeletons(channel.name), folded))
        self.empty.pop(folded, None)
        if channel.emptied:
            self.empty[folded] = None
        if old is None or old.bans is not channel.bans:
            self._put_end(folded, channel)
        self._changed[f"c {folded}"] = channel
        undo = partial(self.put_channel, old) if old else partial(self.drop_channel, folded)
        self._inverses.append(undo)

    def _put_end(self, folded: str, channel: Channel) -> None:
        self.ends.pop(folded, None)
        ends = [ban.until for ban in channel.bans if ban.until]
        if ends:
            self.ends[folded] = min(ends)

    def drop_channel(self, folded: str) -> None:
        """Remove a channel in which nobody is."""
        assert not self.members[folded], "a channel goes when nobody is in it"
        channel = self.channels.pop(folded)
        self.put_metadata(f"#{channel.cid}", {})
        _forget_looks(self._channel_looks, channel.name)
        del self.members[folded]
        self.empty.pop(folded, None)
        self.ends.pop(folded, None)
        self._changed[f"c {folded}"] = None
        self._inverses.append(partial(self.put_channel, channel))

    def put_member(self, folded: str, uid: str, roles: int) -> None:
        """Let a user be in a channel with these roles."""
        old = self.members[folded].get(uid)
        self.members[folded][uid] = roles
        self.joined[uid][folded] = None
        self._changed[f"m {folded} {uid}"] = Member(folded, uid, roles)
        undo = partial(self.drop_member, folded, uid)
        self._inverses.append(undo if old is None else partial(self.put_member, folded, uid, old))

    def drop_member(self, folded: str, uid: str) -> None:
        """Take a user out of a channel."""
        roles = self.members[folded].pop(uid)
        del self.joined[uid][folded]
        self._changed[f"m {folded} {uid}"] = None
        self._inverses.append(partial(self.put_member, folded, uid, roles))

    def changes(self) -> list[Row]:
        """Take what has changed since the last call, each entity once, as rows to store."""
        changed, self._changed = self._changed, {}
        return [
            (key, _ENCODER.encode(entity) if entity is not None else None)
            for key, entity in changed.items()
        ]

    def begin(self, owed: Mapping[str, Entity | None]) -> None:
        """Take it that what is here is what is kept, but for these rows."""
        self._order_empty()
        self._changed = dict(owed)
        self.confirm()

    def confirm(self) -> None:
        """Take it that all that has changed is kept; call `changes` before."""
        self._inverses.clear()

    def take_back(self) -> None:
        """Go back to what was confirmed last, presence included, the last change first."""
        inverses, self._inverses = self._inverses, []
        for undo in reversed(inverses):
            undo()
        self._order_empty()
        self._changed.clear()
        self._inverses.clear()

    def _order_empty(self) -> None:
        left = sorted(self.empty, key=lambda folded: self.channels[folded].emptied)
        self.empty = dict.fromkeys(left)

    def _disown(self, account: Account) -> None:
        for nick in account.own_nicks:
            for look in _looks(nick):
                self._owners.pop(look, None)

    def _forget_nick(self, user: User) -> None:
        del self.nicks[names.fold(user.nick)]
        _forget_looks(self._nick_looks, user.nick)


def _looks(nick: str) -> set[str]:
    return {names.fold(nick), *names.skeletons(nick)}


def _forget_looks(looks: dict[str, str], name: str) -> None:
    for look in names.skeletons(name):
        looks.pop(look, None)
