"""What the state is made of: users, channels and who is in them, as frozen values.

Each is replaced whole when something of it changes, and kept as JSON with its
kind in `k`: a field may be added with a default, and is never renamed.
"""

from __future__ import annotations

import msgspec

from xchat.chat.modes import DEFAULT_FLAGS


class User(msgspec.Struct, frozen=True, kw_only=True, tag="user", tag_field="k"):
    """Somebody on the network; `uid` is theirs as long as the connection lasts."""

    uid: str
    node: str
    nick: str
    user: str
    host: str
    realname: str
    modes: str = ""
    since: int

    @property
    def prefix(self) -> str:
        """The source of this user's lines, `nick!user@host`."""
        return f"{self.nick}!{self.user}@{self.host}"


class Topic(msgspec.Struct, frozen=True):
    """A topic, who set it (nick!user@host), and when (ms)."""

    text: str
    setter: str
    ts: int


class Ban(msgspec.Struct, frozen=True):
    """A mask that may not enter or speak, who set it, and when (ms)."""

    mask: str
    setter: str
    ts: int


class Channel(msgspec.Struct, frozen=True, kw_only=True, tag="channel", tag_field="k"):
    """A channel; `cid` names this life of it, and its history, among all of one name."""

    cid: str
    name: str
    created: int
    flags: str = DEFAULT_FLAGS
    topic: Topic | None = None
    key: str = ""
    limit: int = 0
    bans: tuple[Ban, ...] = ()
    invited: tuple[str, ...] = ()
    spoken: bool = False
    """Whether anything was ever said here that its history keeps."""
    emptied: int = 0
    """Where in the log the last member left it; 0 while somebody is in it."""


class Member(msgspec.Struct, frozen=True, tag="member", tag_field="k"):
    """One user in one channel, and their roles as bits (modes.ROLES)."""

    channel: str
    uid: str
    roles: int


Entity = User | Channel | Member
