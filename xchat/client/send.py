"""`xchat-client send`: lines from a script into a channel, or to a person, until they are kept."""

from __future__ import annotations

from datetime import datetime

from xchat.client.exits import ClientError, Exit
from xchat.client.leaving import Leaving
from xchat.client.link import Link
from xchat.client.output import Output
from xchat.client.refusals import join_refused, nick_refused
from xchat.client.session import Session
from xchat.client.session.events import (
    Disconnected,
    Event,
    Joined,
    JoinRefused,
    MessageKept,
    MessageRefused,
    MessageUncertain,
    NickRefused,
    Registered,
)
from xchat.client.typed import Typed
from xchat.irc.names import visible
from xchat.limits.client import SEND_LINES_MAX

NO_SUCH_NICK = "401"


class Send:
    """The app of `send`; `text` is None where the input is to be read."""

    def __init__(
        self, session: Session, link: Link, errors: Output, *, target: str, text: str | None
    ) -> None:
        self.finished = False
        self.end = Exit.DONE
        self._session = session
        self._link = link
        self._errors = errors
        self._target = target
        self._text = text
        self._typed = Typed(link, 0, self._say, self._on_end)
        self._leaving = Leaving(session)
        self._reading = False
        self._said = self._kept = 0

    @property
    def short(self) -> bool:
        """Whether lines were sent that are not known to be kept."""
        return self._kept < self._said

    @property
    def tally(self) -> str:
        """How many of the lines that were sent are known to be kept."""
        return f"kept: {self._kept} of {self._said} line{'s' * (self._said != 1)}"

    def connected(self, version: str, good_until: datetime) -> None:
        """Nothing: a script wants no words where all is well."""

    def handle(self, event: Event) -> None:
        """Send when we may, and remember what went wrong."""
        match event:
            case NickRefused():
                raise nick_refused(event)
            case Registered(again=False):
                self._enter()
            case Joined(own=True, again=False):
                self._begin()
            case JoinRefused():
                raise join_refused(event)
            case MessageKept():
                self._keep(event)
            case MessageRefused() | MessageUncertain():
                self._fail(event)
            case Disconnected(retry_at=None):
                self.finished = True
            case _:
                pass

    def _enter(self) -> None:
        if self._session.is_channel(self._target):
            self._session.join(self._target)
        else:
            self._begin()

    def _begin(self) -> None:
        if self._text is None:
            self._reading = True
        else:
            self._say(self._text)
            self._leaving.begin()

    def _say(self, text: str) -> None:
        self._said += len(self._session.say(self._target, text))

    def _on_end(self) -> None:
        self._reading = False
        self._leaving.begin()

    def _keep(self, event: MessageKept) -> None:
        self._kept += 1
        if not event.proven:
            self._errors.line("handed over; this server does not say whether it kept it")

    def _fail(self, event: MessageRefused | MessageUncertain) -> None:
        if isinstance(event, MessageRefused):
            self.end = Exit.LINE_REFUSED
            self._errors.line(f"refused: {visible(event.words)}\n  {visible(event.text)}")
            if event.code == NO_SUCH_NICK and not self._session.is_channel(self._target):
                self._errors.line(f"  a channel is written '#{visible(self._target)}'")
        else:
            self.end = Exit.LINE_UNCERTAIN
            self._errors.line(f"not known to be kept: {visible(event.text)}")

    def turn(self) -> float | None:
        """Read on or wait; leave when all is kept."""
        if self._link.interrupted:
            raise ClientError(Exit.INTERRUPTED, "interrupted before all was kept")
        if self._reading and self._session.unsent > SEND_LINES_MAX:
            self._typed.pause()
        elif self._reading:
            self._typed.resume()
        self._errors.flush()
        return self._leaving.turn()
