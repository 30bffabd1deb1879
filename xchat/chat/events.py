"""What happened: everything that must be remembered or agreed on.

An event is a claim until the log has given it a place; `apply` decides what it
changed. Events are stored as JSON with their kind in `k`, so a field may be
added with a default, and never renamed. Text that was erased reads as None.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from xchat.irc.message import NO_TAGS


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="k", omit_defaults=True):
    """The base of all events; `uid` in them is the user who acts."""

    def blank(self) -> Event:
        """Return the event without what may have to be erased: text, and credentials."""
        return self


class NodeStarted(Event, frozen=True, tag="node-started"):
    """A server (re)started: whoever was connected to it before is gone."""

    node: str


class UserRegistered(Event, frozen=True, tag="user-registered"):
    """A connection (whose sid is `uid`) claims a nick; the first claim in the log has it.

    One that is logged in to an account (`account`, an aid) whose user has that
    nick already is attached to that user.
    """

    uid: str
    node: str
    nick: str
    user: str
    host: str
    realname: str
    account: str = ""
    stays: bool = False
    metadata: Mapping[str, str] = NO_TAGS
    """What it has set before there was a user to have it (IRCv3 metadata)."""
    modes: str = ""


class SessionDetached(Event, frozen=True, tag="session-detached"):
    """A connection of a user has ended; with the last one goes the user, if not always present."""

    uid: str
    sid: str
    reason: str


class UserQuit(Event, frozen=True, tag="user-quit"):
    """A user is gone, whoever is attached."""

    uid: str
    reason: str

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason="")


class AccountRegistered(Event, frozen=True, tag="account-registered"):
    """A new account; its credentials read as None where they were erased.

    `uid` is who registered it, and is logged in to it; empty if that was nobody on the network.
    """

    name: str
    password: str | None = None
    scram: str | None = None
    certificates: tuple[str, ...] = ()
    role: str = ""
    always_present: bool | None = None
    stays: bool = False
    """Of `uid`, where that is who made it and is logged in by it."""
    uid: str = ""
    email: str = ""

    def blank(self) -> Event:
        """Return the event without its credentials, and how its owner is reached."""
        return replace(self, password=None, scram=None, email="")


class CredentialsChanged(Event, frozen=True, tag="credentials-changed"):
    """An account (`aid`) has another password."""

    aid: str
    password: str | None = None
    scram: str | None = None

    def blank(self) -> Event:
        """Return the event without its credentials."""
        return replace(self, password=None, scram=None)


class AccountChanged(Event, frozen=True, tag="account-changed"):
    """What is set of an account other than its password; None leaves as it is."""

    aid: str
    certificates: tuple[str, ...] | None = None
    nicks: tuple[str, ...] | None = None
    role: str | None = None
    host: str | None = None
    always_present: bool | None = None
    multiclient: bool | None = None


class AccountSuspended(Event, frozen=True, tag="account-suspended"):
    """An account may not log in any more (`reason`), or again (None); who is there, goes."""

    aid: str
    reason: str | None


class AccountRemoved(Event, frozen=True, tag="account-removed"):
    """An account is no more, nor what was its own."""

    aid: str


class UserLoggedIn(Event, frozen=True, tag="user-logged-in"):
    """A user who is here already is logged in to an account."""

    uid: str
    account: str
    stays: bool = False


class UserLoggedOut(Event, frozen=True, tag="user-logged-out"):
    """A user is logged in no longer."""

    uid: str


class BanAdded(Event, frozen=True, tag="ban-added"):
    """Whom a ban is for is let in no more: its kind, its mask, its end (ms), and why.

    There may be `bans_max` of them; 0 is no bound.
    """

    kind: str
    mask: str
    by: str
    reason: str = ""
    until: int = 0
    bans_max: int = 0


class BanRemoved(Event, frozen=True, tag="ban-removed"):
    """A ban has ended: the one until then (ms), or whichever there is (None)."""

    kind: str
    mask: str
    until: int | None = None


class Broadcast(Event, frozen=True, tag="broadcast"):
    """The administration tells everyone something."""

    text: str | None

    def blank(self) -> Event:
        """Return the event without what was said."""
        return replace(self, text=None)


class SessionsEnded(Event, frozen=True, tag="sessions-ended"):
    """Sessions are parted with; a user who is always present stays."""

    sids: tuple[str, ...]
    reason: str


class NickChanged(Event, frozen=True, tag="nick-changed"):
    """A user claims another nick."""

    uid: str
    nick: str


class RealnameChanged(Event, frozen=True, tag="realname-changed"):
    """A user set another real name (IRCv3 setname)."""

    uid: str
    realname: str


class UserModesChanged(Event, frozen=True, tag="user-modes-changed"):
    """A user set or unset modes of their own; `modes` are the letters now set."""

    uid: str
    modes: str


class UserAccepted(Event, frozen=True, tag="user-accepted"):
    """A user with mode R lets `target` (a uid) talk to them all the same, or not any more."""

    uid: str
    target: str
    accepted: bool


class OperatorGranted(Event, frozen=True, tag="operator-granted"):
    """A user has shown to be an operator: by which name, and with which role."""

    uid: str
    name: str
    role: str


class HostChanged(Event, frozen=True, tag="host-changed"):
    """A user is shown with another user name and host (IRCv3 chghost)."""

    uid: str
    user: str
    host: str


class UserKilled(Event, frozen=True, tag="user-killed"):
    """An operator parts with `target` (a uid); without a `uid` the server itself does."""

    uid: str
    target: str
    reason: str

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason="")


class MetadataSet(Event, frozen=True, tag="metadata-set"):
    """Somebody set keys of `target` (a uid or a channel); None unsets one (IRCv3 metadata)."""

    uid: str
    target: str
    values: Mapping[str, str | None]


class MetadataCleared(Event, frozen=True, tag="metadata-cleared"):
    """Somebody unset all keys of `target` (a uid or a channel)."""

    uid: str
    target: str


class ChannelJoined(Event, frozen=True, tag="channel-joined"):
    """A user enters a channel, which begins with the first who does."""

    uid: str
    channel: str
    key: str = ""


class ChannelParted(Event, frozen=True, tag="channel-parted"):
    """A user leaves a channel."""

    uid: str
    channel: str
    reason: str | None = None

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason=None)


class UserKicked(Event, frozen=True, tag="user-kicked"):
    """An operator removes `target` (a uid) from a channel."""

    uid: str
    channel: str
    target: str
    reason: str

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason="")


class TopicChanged(Event, frozen=True, tag="topic-changed"):
    """A member set the topic; an empty one clears it."""

    uid: str
    channel: str
    topic: str | None

    def blank(self) -> Event:
        """Return the event without its text."""
        return replace(self, topic=None)


class ModeChange(msgspec.Struct, frozen=True, array_like=True):
    """One change: `sign` is + or -, `letter` the mode; `argument` a uid for a role.

    An entry of a list ends after so many `seconds`; 0 is never.
    """

    sign: str
    letter: str
    argument: str = ""
    seconds: int = 0


class ModesChanged(Event, frozen=True, tag="modes-changed"):
    """A member changed modes of a channel, in this order.

    Its lists take no more than `entries_max` entries together; 0 is no bound.
    """

    uid: str
    channel: str
    changes: tuple[ModeChange, ...]
    entries_max: int = 0


class UserInvited(Event, frozen=True, tag="user-invited"):
    """A member invites `target` (a uid) to a channel.

    Of invitations to it `invites_max` may be open; 0 is no bound.
    """

    uid: str
    channel: str
    target: str
    invites_max: int = 0


class BansEnded(Event, frozen=True, tag="bans-ended"):
    """The time is up of those bans of a channel's life (`cid`) that ended by `due` (ms).

    `server` is the name in which it is told.
    """

    channel: str
    cid: str
    due: int
    server: str


class ChannelRenamed(Event, frozen=True, tag="channel-renamed"):
    """A channel is to have another name (IRCv3 draft/channel-rename)."""

    uid: str
    channel: str
    name: str
    reason: str = ""


class ChannelRegistered(Event, frozen=True, tag="channel-registered"):
    """A channel becomes an account's (`founder`, an aid), which may have `channels_max` of them.

    In this and the next three nobody's `uid` stands for the server's administration.
    """

    channel: str
    founder: str
    uid: str = ""
    channels_max: int = 0


class ChannelTransferred(Event, frozen=True, tag="channel-transferred"):
    """A registered channel becomes another account's."""

    channel: str
    founder: str
    uid: str = ""
    channels_max: int = 0


class ChannelDropped(Event, frozen=True, tag="channel-dropped"):
    """A channel is nobody's any more, and ends like any other when it is empty."""

    channel: str
    uid: str = ""


class AccessChanged(Event, frozen=True, tag="access-changed"):
    """An account (`aid`) is to have a role in a channel from now on; `letter` "" for none.

    The channel keeps roles for no more than `entries_max` accounts; 0 is no bound.
    """

    channel: str
    aid: str
    letter: str
    uid: str = ""
    entries_max: int = 0


class RetentionSet(Event, frozen=True, tag="retention-set"):
    """For how many days, and how many messages of it, a channel keeps history; 0 is no bound."""

    channel: str
    uid: str = ""
    days: int = 0
    messages: int = 0


class StandingClaimed(Event, frozen=True, tag="standing-claimed"):
    """A member takes up what their account is in a registered channel."""

    uid: str
    channel: str


class MessageSent(Event, frozen=True, tag="message-sent"):
    """A message: `command` is PRIVMSG, NOTICE or TAGMSG; `target` a channel or a uid.

    `voice` is in whose name it is said, if not in that of who says it (apply/voices.py).
    """

    uid: str
    command: str
    target: str
    text: str | None
    tags: Mapping[str, str] = NO_TAGS
    voice: str = ""

    def blank(self) -> Event:
        """Return the event without what was said."""
        return replace(self, text=None, tags=NO_TAGS)


class MarkedRead(Event, frozen=True, tag="marked-read"):
    """A user has read a target (a channel or a nick) up to a time (ms)."""

    uid: str
    target: str
    ts: int


class MessageRedacted(Event, frozen=True, tag="message-redacted"):
    """Somebody takes back a message, of `author` (a party) and in this history.

    `target` is the channel's name, or whose direct messages they are as they were named.
    """

    uid: str
    target: str
    history: str
    msgid: str
    author: str
    reason: str | None = None

    def blank(self) -> Event:
        """Return the event without its reason."""
        return replace(self, reason=None)


class Administered(Event, frozen=True, tag="administered"):
    """An event in somebody's name, for the audit log: by `who`, `via` the console or a chat.

    `what` is what it was done to, in words without a secret; without an event
    it is only recorded.
    """

    who: str
    act: str
    what: str = ""
    via: str = "console"
    event: Kept | None = None

    def blank(self) -> Event:
        """Return the event without what may have to be erased of the one it holds."""
        return replace(self, event=self.event.blank()) if self.event else self


# -- heard by those who are there, and kept nowhere -------------------------------------------


class TypingNotified(Event, frozen=True, tag="typing-notified"):
    """A TAGMSG that need not be kept."""

    uid: str
    target: str
    tags: Mapping[str, str]


class WallopsSent(Event, frozen=True, tag="wallops-sent"):
    """An operator tells something to all who want to hear operators (user mode w)."""

    uid: str
    text: str


class AwayChanged(Event, frozen=True, tag="away-changed"):
    """A user went away (`message`) or came back (None), as all of their devices say together.

    `device_is_away` is what the one that asked has said of itself, and is answered.
    """

    uid: str
    message: str | None
    device_is_away: bool = False


Kept = (
    NodeStarted
    | UserRegistered
    | SessionDetached
    | UserQuit
    | AccountRegistered
    | CredentialsChanged
    | AccountChanged
    | AccountSuspended
    | AccountRemoved
    | UserLoggedIn
    | UserLoggedOut
    | BanAdded
    | BanRemoved
    | Broadcast
    | SessionsEnded
    | Administered
    | NickChanged
    | RealnameChanged
    | UserModesChanged
    | UserAccepted
    | OperatorGranted
    | HostChanged
    | UserKilled
    | MetadataSet
    | MetadataCleared
    | ChannelJoined
    | ChannelParted
    | UserKicked
    | TopicChanged
    | ModesChanged
    | UserInvited
    | BansEnded
    | ChannelRenamed
    | ChannelRegistered
    | ChannelTransferred
    | ChannelDropped
    | AccessChanged
    | StandingClaimed
    | RetentionSet
    | MessageSent
    | MarkedRead
    | MessageRedacted
)

SPEECH = (
    Broadcast,
    ChannelParted,
    MessageRedacted,
    MessageSent,
    TopicChanged,
    UserKicked,
    UserKilled,
    UserQuit,
)
"""What holds people's own words, which are not kept for longer than a channel keeps them."""


def blank(event: Event) -> Event:
    """Return an event without all that may have to be erased."""
    return event.blank()


def without_speech(event: Event) -> Event:
    """Return an event without people's own words; what else it says, of accounts say, it keeps."""
    if isinstance(event, Administered) and event.event is not None:
        return event.blank() if isinstance(event.event, SPEECH) else event
    return event.blank() if isinstance(event, SPEECH) else event


_ENCODER = msgspec.json.Encoder(enc_hook=dict)
_DECODER = msgspec.json.Decoder(Kept)


def encode(event: Event) -> bytes:
    """Return the event as JSON, as it stands in the log."""
    return _ENCODER.encode(event)


def decode(data: bytes) -> Event:
    """Return the event that `encode` wrote; raises msgspec.DecodeError for what is none."""
    event: Event = _DECODER.decode(data)
    return event
