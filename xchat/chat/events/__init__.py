"""What happened: everything that must be remembered or agreed on.

An event is a claim until the log has given it a place; `apply` decides what it
changed. Events are stored as JSON with their kind in `k`, so a field may be
added with a default, and never renamed. Text that was erased reads as None.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from xchat.chat.events.accounts import (
    AccountChanged,
    AccountRegistered,
    AccountRemoved,
    AccountSuspended,
    CredentialsChanged,
    UserLoggedIn,
    UserLoggedOut,
)
from xchat.chat.events.base import Event
from xchat.chat.events.channels import (
    BansEnded,
    ChannelJoined,
    ChannelParted,
    ChannelRenamed,
    ModeChange,
    ModesChanged,
    TopicChanged,
    UserInvited,
    UserKicked,
)
from xchat.chat.events.invites import InviteMade, InviteRedeemed, InviteWithdrawn
from xchat.chat.events.messages import MarkedRead, MessageRedacted, MessageSent
from xchat.chat.events.operators import (
    BanAdded,
    BanRemoved,
    Broadcast,
    OperatorGranted,
    SessionsEnded,
    UserKilled,
)
from xchat.chat.events.passing import AwayChanged, TypingNotified, WallopsSent
from xchat.chat.events.registration import (
    AccessChanged,
    ChannelDropped,
    ChannelRegistered,
    ChannelTransferred,
    RetentionSet,
    StandingClaimed,
)
from xchat.chat.events.users import (
    HostChanged,
    MetadataCleared,
    MetadataSet,
    NickChanged,
    NodeStarted,
    RealnameChanged,
    SessionDetached,
    UserAccepted,
    UserModesChanged,
    UserQuit,
    UserRegistered,
)

__all__ = [
    "SPEECH",
    "AccessChanged",
    "AccountChanged",
    "AccountRegistered",
    "AccountRemoved",
    "AccountSuspended",
    "Administered",
    "AwayChanged",
    "BanAdded",
    "BanRemoved",
    "BansEnded",
    "Broadcast",
    "ChannelDropped",
    "ChannelJoined",
    "ChannelParted",
    "ChannelRegistered",
    "ChannelRenamed",
    "ChannelTransferred",
    "CredentialsChanged",
    "Event",
    "HostChanged",
    "InviteMade",
    "InviteRedeemed",
    "InviteWithdrawn",
    "Kept",
    "MarkedRead",
    "MessageRedacted",
    "MessageSent",
    "MetadataCleared",
    "MetadataSet",
    "ModeChange",
    "ModesChanged",
    "NickChanged",
    "NodeStarted",
    "OperatorGranted",
    "RealnameChanged",
    "RetentionSet",
    "SessionDetached",
    "SessionsEnded",
    "StandingClaimed",
    "TopicChanged",
    "TypingNotified",
    "UserAccepted",
    "UserInvited",
    "UserKicked",
    "UserKilled",
    "UserLoggedIn",
    "UserLoggedOut",
    "UserModesChanged",
    "UserQuit",
    "UserRegistered",
    "WallopsSent",
    "blank",
    "decode",
    "encode",
    "without_speech",
]


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
    | InviteMade
    | InviteRedeemed
    | InviteWithdrawn
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
