"""Events as lines for people: one table, one function an event.

Every text that came from the network goes through `visible` here, and nowhere is a
control sequence made.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from xchat.client.session import Session
from xchat.client.session.events import (
    Disconnected,
    Event,
    GapFilled,
    GapLeft,
    HistoryReceived,
    Invited,
    Joined,
    JoinRefused,
    Kicked,
    LeftNetwork,
    LineDropped,
    MessageReceived,
    MessageRefused,
    MessageUncertain,
    ModeChanged,
    NamesListed,
    NickChanged,
    Parted,
    Refused,
    Registered,
    ServerSaid,
    TopicChanged,
    WhoisReceived,
)
from xchat.irc.display import listed, visible
from xchat.limits.client import MEMBERS_SHOWN_MAX


class Words:
    """Puts events into words; knows which channel lines go to, to name only the others."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._day = datetime.now().astimezone().date()
        self._offline = False
        self._replaying = False
        self._again = False
        self.current = ""
        """The channel that typed lines go to."""

    def of(self, event: Event) -> list[str]:
        """Return the lines for an event, perhaps none."""
        row = self._TABLE.get(type(event))
        return row(self, event) if row else []

    # -- talk ---------------------------------------------------------------------------------
    def _message(self, said: MessageReceived) -> list[str]:
        moment = moment_of(said.time)
        lines = [*self._replay(said), *self._new_day(moment)]
        return [*lines, f"{moment:%H:%M} {self._where(said)}{spoken(said)}"]

    def _replay(self, said: MessageReceived) -> list[str]:
        """Say where the past begins, and where it ends."""
        if said.replayed == self._replaying:
            return []
        self._replaying = said.replayed
        past = "while you were away" if self._again else "before you came"
        return [f"-- {past} --" if said.replayed else "-- now --"]

    def _where(self, said: MessageReceived) -> str:
        if "." in said.nick and not self._session.is_channel(said.buffer):
            return ""  # the server itself: no person's nick has a dot
        if not self._session.is_channel(said.buffer):
            return f"(to {visible(said.buffer)}) " if said.own else "(private) "
        return self._channel(said.buffer)

    def _channel(self, name: str) -> str:
        """Name a channel where it is not the one that lines go to."""
        return "" if self._session.same(name, self.current) else f"{visible(name)} "

    def _new_day(self, moment: datetime) -> list[str]:
        if moment.date() == self._day:
            return []
        self._day = moment.date()
        return [f"-- {moment:%Y-%m-%d} --"]

    def _history(self, event: HistoryReceived) -> list[str]:
        if not event.messages:
            return [f"-- nothing has been said in {visible(event.target)} --"]
        told = [f"{moment_of(it.time):%Y-%m-%d %H:%M} {spoken(it)}" for it in event.messages]
        return [f"-- the last of {visible(event.target)} --", *told, "-- end --"]

    def _refused_line(self, event: MessageRefused) -> list[str]:
        words, text = visible(event.words), visible(event.text)
        return [f"! not sent to {visible(event.target)}: {words}", f"!   {text}"]

    def _uncertain(self, event: MessageUncertain) -> list[str]:
        where = visible(event.target)
        return [
            f"! the connection broke; nobody can tell whether {where} got this line:",
            f"!   {visible(event.text)}",
        ]

    # -- channels -----------------------------------------------------------------------------
    def _joined(self, event: Joined) -> list[str]:
        channel = visible(event.channel)
        if event.own:
            return [f"you are back in {channel}" if event.again else f"you joined {channel}"]
        return [f"{now()} {visible(event.nick)} joined {channel}"]

    def _join_refused(self, event: JoinRefused) -> list[str]:
        return [f"! you cannot join {visible(event.channel)}: {visible(event.words)}"]

    def _parted(self, event: Parted) -> list[str]:
        if event.own:
            return [f"you left {visible(event.channel)}"]
        reason = _because(event.reason)
        return [f"{now()} {visible(event.nick)} left {visible(event.channel)}{reason}"]

    def _kicked(self, event: Kicked) -> list[str]:
        who = "you were" if event.own else f"{visible(event.nick)} was"
        channel, by = visible(event.channel), visible(event.by)
        return [f"{now()} {who} put out of {channel} by {by}{_because(event.reason)}"]

    def _left(self, event: LeftNetwork) -> list[str]:
        if not event.channels:
            return []
        return [f"{now()} {visible(event.nick)} left{_because(event.reason)}"]

    def _nick(self, event: NickChanged) -> list[str]:
        if event.own:
            return [f"you are {visible(event.new)} now"]
        return [f"{now()} {visible(event.old)} is {visible(event.new)} now"]

    def _topic(self, event: TopicChanged) -> list[str]:
        channel, topic = visible(event.channel), visible(event.topic)
        if event.by is None:
            return [f"topic of {channel}: {topic}" if topic else f"{channel} has no topic"]
        did = (
            f"changed the topic of {channel}: {topic}" if topic else f"took {channel}'s topic away"
        )
        return [f"{now()} {visible(event.by)} {did}"]

    def _names(self, event: NamesListed) -> list[str]:
        names = [visible(name) for name in event.names]
        if not names:
            return [f"nobody is in {visible(event.channel)} that you may see"]
        shown = listed(names, MEMBERS_SHOWN_MAX)
        return [f"in {visible(event.channel)} ({len(names)}): {shown}"]

    def _mode(self, event: ModeChanged) -> list[str]:
        if not self._session.is_channel(event.target):
            return []
        by, words = visible(event.by), visible(event.words)
        return [f"{now()} {by} set {words} on {visible(event.target)}"]

    def _invited(self, event: Invited) -> list[str]:
        who = "you" if self._session.same(event.nick, self._session.nick) else visible(event.nick)
        return [f"{now()} {visible(event.by)} invites {who} to {visible(event.channel)}"]

    # -- the server ---------------------------------------------------------------------------
    def _registered(self, event: Registered) -> list[str]:
        self._offline, self._again = False, event.again
        name = visible(event.network or event.server)
        again = "connected again" if event.again else "connected"
        return [f"{again} to {name} as {visible(event.nick)}"]

    def _disconnected(self, event: Disconnected) -> list[str]:
        if self._offline or event.retry_at is None:
            return []
        self._offline = True
        return [
            f"{now()} the connection is gone: {visible(event.reason)}",
            "  trying again; what you type is kept here and sent then",
        ]

    def _gap_filled(self, event: GapFilled) -> list[str]:
        self._replaying = False
        return ["-- now --"] if event.count else []

    def _gap_left(self, event: GapLeft) -> list[str]:
        words = visible(event.words)
        return [f"! what was said in {visible(event.channel)} meanwhile is not here: {words}"]

    def _refused(self, event: Refused) -> list[str]:
        about = " ".join(visible(word) for word in event.about)
        return [f"! {about + ': ' if about else ''}{visible(event.words)}"]

    def _server(self, event: ServerSaid) -> list[str]:
        return [f"-- {visible(event.words)}"]

    def _whois(self, event: WhoisReceived) -> list[str]:
        nick = visible(event.nick)
        told = (f"{word} {value}".strip() for word, value in event.facts)
        return [f"{nick} {visible(fact)}" for fact in told]

    def _dropped(self, _event: LineDropped) -> list[str]:
        return ["! a line of the server's was too long to be read"]

    _TABLE: ClassVar[dict[type[Event], Callable[[Words, Any], list[str]]]] = {
        MessageReceived: _message,
        HistoryReceived: _history,
        MessageRefused: _refused_line,
        MessageUncertain: _uncertain,
        Joined: _joined,
        JoinRefused: _join_refused,
        Parted: _parted,
        Kicked: _kicked,
        LeftNetwork: _left,
        NickChanged: _nick,
        TopicChanged: _topic,
        NamesListed: _names,
        ModeChanged: _mode,
        Invited: _invited,
        Registered: _registered,
        Disconnected: _disconnected,
        GapFilled: _gap_filled,
        GapLeft: _gap_left,
        Refused: _refused,
        ServerSaid: _server,
        WhoisReceived: _whois,
        LineDropped: _dropped,
    }


def spoken(said: MessageReceived) -> str:
    """Return `nick: text`, `* nick text` for an action, `-nick- text` for a notice."""
    nick, text = visible(said.nick), visible(said.text)
    patterns = {"message": f"{nick}: {text}", "action": f"* {nick} {text}"}
    return patterns.get(said.kind, f"-{nick}- {text}")


def moment_of(time: str | None) -> datetime:
    """Return the server's time in this machine's zone; now, where there is none."""
    try:
        return datetime.fromisoformat(time or "").astimezone()
    except (ValueError, OverflowError):
        return datetime.now().astimezone()


def now() -> str:
    """Return the time as it is shown before a line."""
    return f"{datetime.now().astimezone():%H:%M}"


def _because(reason: str) -> str:
    said = reason.strip()
    return f" ({visible(said)})" if said not in ("", "Quit:") else ""
