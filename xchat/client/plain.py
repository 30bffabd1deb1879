"""The line mode: a person, a pipe or a screen reader types lines and reads lines.

It never addresses the cursor. What is typed goes to the current channel; a line that
starts with a slash is a command of `slash`; two slashes send one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from xchat.client import slash
from xchat.client.exits import Exit
from xchat.client.leaving import Leaving, unsettled
from xchat.client.link import Link
from xchat.client.output import Output
from xchat.client.refusals import nick_refused
from xchat.client.session import Session
from xchat.client.session.events import (
    Disconnected,
    Event,
    Joined,
    JoinRefused,
    Kicked,
    MessageRefused,
    MessageUncertain,
    NamesListed,
    NickRefused,
    Parted,
    Registered,
    TopicChanged,
)
from xchat.client.typed import Typed
from xchat.client.words import Words
from xchat.errors import XChatError
from xchat.irc.names import visible
from xchat.limits.client import (
    CERTIFICATE_DAYS_LOW,
    EXIT_SECONDS_MAX,
    STUCK_SECONDS_MAX,
    TYPED_LINES_MAX,
)

CONTEXT_MESSAGES = 20
"""How much of a channel's past a join shows."""


class Plain:
    """The line mode's app."""

    def __init__(
        self, session: Session, link: Link, output: Output, *, channel: str, interactive: bool,
        on_entry: Callable[[], None],
    ) -> None:  # fmt: skip
        self.session = session
        self.words = Words(session)
        self.finished = False
        self.end = Exit.DONE
        """What the process should end with, where nothing worse happens."""
        self._link = link
        self._output = output
        self._channel = channel
        self._interactive = interactive
        self._on_entry = on_entry
        self._typed = Typed(link, 0, self._on_line, self._on_end)
        self._leaving = Leaving(
            session, patience=EXIT_SECONDS_MAX if interactive else STUCK_SECONDS_MAX
        )
        self._listed: set[str] = set()
        self._reading = False
        self._known_offline = False

    # -- what the link tells ------------------------------------------------------------------
    def connected(self, version: str, good_until: datetime) -> None:
        """Say that the server is who it should be."""
        if not self.session.ever_ready:
            days = (good_until - datetime.now(UTC)).days
            self.say(f"verified: {version}, certificate good until {good_until:%Y-%m-%d}")
            if days < CERTIFICATE_DAYS_LOW:
                self.say(f"! it expires in {days} days: tell whoever runs the server")

    def handle(self, event: Event) -> None:
        """Show what happened, and go on from it."""
        if isinstance(event, NickRefused):
            raise nick_refused(event)
        if self._is_news(event):
            for line in self.words.of(event):
                self.say(line)
        self._go_on(event)

    def _is_news(self, event: Event) -> bool:
        """Leave out the lists that a reconnect brings again."""
        if isinstance(event, NamesListed) and not event.asked:
            new = event.channel not in self._listed
            self._listed.add(event.channel)
            return new
        match event:
            case TopicChanged(by=None, topic="", asked=False):
                return False
        return True

    def _go_on(self, event: Event) -> None:
        match event:
            case Registered(again=False):
                self._enter()
            case Joined(own=True, channel=channel):
                self.words.current = self.words.current or channel
                self._reading = True
            case Parted(own=True, channel=channel) | Kicked(own=True, channel=channel):
                self._left(channel)
            case JoinRefused():
                self._on_join_refused(event)
            case MessageRefused() | MessageUncertain():
                refused = isinstance(event, MessageRefused)
                self._fail(Exit.LINE_REFUSED if refused else Exit.LINE_UNCERTAIN)
            case Disconnected(retry_at=None):
                self.finished = True
            case _:
                pass

    def _enter(self) -> None:
        self._on_entry()
        if self._channel:
            self.join(self._channel)
            return
        self.say("you are in no channel yet: /join #lobby, or /help")
        self._reading = True

    def _on_join_refused(self, event: JoinRefused) -> None:
        self._fail(Exit.LINE_REFUSED)
        self._left(event.channel)
        if not self._interactive and not self.session.channels:
            self._leaving.begin()
        self._reading = True

    def turn(self) -> float | None:
        """Read on or wait, leave, write what there is to show."""
        if self._link.interrupted:
            self._interrupt()
        pause = self._leaving.turn()
        waiting = self.session.unsent > TYPED_LINES_MAX or self._link.congested
        if self._reading and not waiting and not self._leaving.wanted:
            self._typed.resume()
        else:
            self._typed.pause()
        self._output.flush()
        self.finished = self.finished or self._output.gone
        return pause

    # -- what is typed ------------------------------------------------------------------------
    def _on_line(self, line: str) -> None:
        if self._leaving.wanted:
            return
        try:
            slash.take(self, line)
        except XChatError as error:
            self._fail(Exit.USAGE)
            for head, words in (("! ", error.what), ("  ", error.mend)):
                if words:
                    self.say(head + visible(words))
        if not self.session.ready and self.session.unsent and not self._known_offline:
            self.say("  (kept here until the connection is back)")
        self._known_offline = not self.session.ready

    def _on_end(self) -> None:
        self.leave()

    # -- what commands do ---------------------------------------------------------------------
    def say(self, text: str) -> None:
        """Show a line of ours."""
        self._output.line(text)

    def join(self, channel: str, key: str = "") -> None:
        """Go into a channel, or turn to it; what is typed goes there from now on."""
        here = self.session.joined(channel)
        self.session.join(channel, key=key, history=CONTEXT_MESSAGES)
        self.words.current = channel
        if here:
            self._turned()

    def _turned(self) -> None:
        self.say(f"what you type goes to {visible(self.words.current)} now")

    def part(self, channel: str, reason: str) -> None:
        """Leave a channel, and turn to another that we are in."""
        self.session.part(channel, reason)
        self._left(channel)

    def _left(self, channel: str) -> None:
        """Turn to another channel that we are in, where it was this one that we had turned to."""
        self._listed.discard(channel)
        channels = self.session.channels
        back = any(self.session.same(name, channel) for name in channels)
        if back or not self.session.same(self.words.current, channel):
            return
        self.words.current = next(iter(channels), "")
        if self.words.current:
            self._turned()

    def leave(self, reason: str = "") -> None:
        """Leave when all that was typed is kept; at once where there is no connection."""
        self._leaving.begin(reason)
        if self._interactive and not self.session.ready:
            self._give_up()

    def _interrupt(self) -> None:
        """Ctrl-C: leave now; a second one does not wait for the goodbye either."""
        self._link.interrupted = False
        if self.session.unsettled:
            self._fail(Exit.LINE_UNCERTAIN)
        if not self.session.ever_ready:
            self.end = Exit.INTERRUPTED
        if self.session.ready:
            self.session.quit()
        else:
            self.finished = True

    def _give_up(self) -> None:
        if self.session.unsettled:
            raise unsettled(self.session)
        self.finished = True

    def _fail(self, end: Exit) -> None:
        """Remember for a pipe what went wrong; a person has read it."""
        if not self._interactive and self.end is Exit.DONE:
            self.end = end
