"""All that a session knows, and the two ways out of it: `send` and `emit`.

The handlers beside this module are functions of a State and a Message; the Session
in `core` is what others see.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from xchat.client.session.batches import Batches
from xchat.client.session.capabilities import Capabilities
from xchat.client.session.events import Event
from xchat.client.session.orders import Orders
from xchat.client.session.outbox import Outbox
from xchat.client.session.rooms import Fetch, Room, Seen
from xchat.client.session.roster import Roster
from xchat.client.session.support import Support
from xchat.irc.message import NO_TAGS, format_line, format_tags
from xchat.limits.client import NAME_CHARS_MAX

if TYPE_CHECKING:
    from xchat.client.session.login import Login


class Identity(msgspec.Struct, frozen=True):
    """Who we want to be; `password` is the server's, where it has one.

    With `account`, or a certificate that is shown (`certified`), we log in before anything
    else, or stay away.
    """

    nick: str
    user: str = "xchat"
    realname: str = "XChat"
    password: str = ""
    account: str = ""
    account_password: str = ""
    certified: bool = False

    @property
    def logs_in(self) -> bool:
        """Whether we want to be in only under an account."""
        return bool(self.account) or self.certified

    def __repr__(self) -> str:
        """Leave the passwords out."""
        return f"Identity({self.nick!r})"


_UNFIT = re.compile("[ ,\r\n\0\ud800-\udfff]")


def is_sane(name: str) -> bool:
    """Tell whether a name can stand in the middle of a line; the server judges the rest."""
    fits = 0 < len(name) <= NAME_CHARS_MAX
    return fits and name[0] != ":" and not _UNFIT.search(name)


class Phase(enum.Enum):
    """Where a connection stands."""

    OFFLINE = "offline"
    REGISTERING = "registering"
    READY = "ready"
    LEAVING = "leaving"


class State:
    """Mutable, owned by one Session."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.wanted_nick = identity.nick
        self.nick = identity.nick
        self.source = identity.nick
        self.phase = Phase.OFFLINE
        self.ever_ready = False
        self.now = 0.0
        self.server = ""
        self.hang_up: str | None = None
        """Why the connection is to be closed from our side, once what is written is out."""
        self.goodbye: str | None = None
        """What the server said before it closed."""
        self.leave_by = 0.0
        self.support = Support()
        self.roster = Roster(self.support)
        self.outbox = Outbox()
        self.orders = Orders()
        self.rooms: dict[str, Room] = {}
        self.private_seen = Seen()
        self.caps = Capabilities(login=identity.logs_in)
        self.login: Login | None = None
        self.batches = Batches()
        self.asked: dict[str, Fetch] = {}
        self.whois: dict[str, list[tuple[str, str]]] = {}
        self.fences: dict[str, int] = {}
        """PING tokens to the highest line id sent before them."""
        self.joining = ""
        """The token of the PING behind the JOINs of a connection's beginning."""
        self.topics_asked: set[str] = set()
        self.names_asked: dict[str, list[str]] = {}
        """Channels asked about, folded, to the names listed of one that we are not in."""
        self.reclaim_at: float | None = None
        self.reclaim_pause = 0.0
        self.ghost_until: float | None = None
        """Until when an old connection of ours may still deliver lines."""
        self._labels = 0
        self._bytes: list[bytes] = []
        self._events: list[Event] = []

    # -- out ----------------------------------------------------------------------------------
    def send(self, command: str, *params: str, tags: Mapping[str, str] = NO_TAGS) -> None:
        """Write one line. Raises ValueError for what no line can carry."""
        line = f"{format_tags(tags)}{format_line(None, command, *params)}\r\n"
        self._bytes.append(line.encode(errors="replace"))

    def emit(self, event: Event) -> None:
        """Tell what happened."""
        self._events.append(event)

    def take_bytes(self) -> bytes:
        """Give up what is to be written."""
        data = b"".join(self._bytes)
        self._bytes.clear()
        return data

    def take_events(self) -> list[Event]:
        """Give up what happened."""
        events, self._events = self._events, []
        return events

    def new_label(self) -> str:
        """Return a token that this connection has not used."""
        self._labels += 1
        return f"x{self._labels:x}"

    # -- names --------------------------------------------------------------------------------
    def is_me(self, nick: str) -> bool:
        """Tell whether a nick is ours, now."""
        return nick == self.nick or self.support.fold(nick) == self.support.fold(self.nick)

    def room(self, name: str) -> Room | None:
        """Return the channel we want to be in by that name."""
        return self.rooms.get(self.support.fold(name))

    @property
    def ready(self) -> bool:
        """Whether commands can be sent."""
        return self.phase is Phase.READY

    # -- connections --------------------------------------------------------------------------
    def reset(self) -> None:
        """Forget what belonged to the last connection."""
        self.caps = Capabilities(login=self.identity.logs_in)
        self.login = None
        self.batches = Batches()
        self.roster.clear()
        self.asked.clear()
        self.whois.clear()
        self.fences.clear()
        self.topics_asked.clear()
        self.names_asked.clear()
        self.hang_up = None
        self.goodbye = None
        self.reclaim_at = None
        self._labels = 0
        self._bytes.clear()
