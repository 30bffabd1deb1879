"""The truth: what the file holds, read through a connection of its own, and who has to hear it.

The referee sees only what was committed. It follows the log with a state of its
own, entry by entry, so it knows who was where at each place, and so who has to
hear what was said there, and who must not.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chat.simulation.wire import token_of
from xchat.chat import events
from xchat.chat.apply import Step, apply
from xchat.chat.apply.playback import line_of, readdressed
from xchat.chat.apply.step import HistoryRow, make_msgid
from xchat.chat.log import Entry
from xchat.chat.state import State
from xchat.irc import names
from xchat.irc.capabilities import ECHO_MESSAGE, MESSAGE_TAGS
from xchat.irc.message import NO_TAGS, Message
from xchat.limits import HISTORY_ROWS_MAX

if TYPE_CHECKING:
    from tests.chat.simulation.wire import Wire

_NEW_ENTRIES = "SELECT seq, ts, event FROM log WHERE seq > ? ORDER BY seq"
_NEW_HISTORY = (
    "SELECT target, seq, history.ts, source, command, shown, text, event, author, account, bot,"
    " part FROM history LEFT JOIN log USING (seq) WHERE seq > ? ORDER BY seq, part, target"
)


class Referee:
    """Follows one file through all crashes of its server."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA query_only = ON")
        self.log_id = self._db.execute("SELECT value FROM meta WHERE key = 'log_id'").fetchone()[0]
        self.state = State()
        self.seq = self.ts = 0
        self.entries: list[tuple[int, int, str]] = []
        self.history: list[HistoryRow] = []
        self._said: dict[str, list[HistoryRow]] = defaultdict(list)
        self._texts: dict[str, list[HistoryRow]] = defaultdict(list)
        self._was_in: dict[str, set[str]] = defaultdict(set)
        self._refused: set[str] = set()

    # -- following the log --------------------------------------------------------------------

    def sync(self, wires: Mapping[str, Wire]) -> None:
        """Take what was committed since, and let everyone who has to hear it expect it."""
        before = self.seq
        stored = [_history_row(values) for values in self._db.execute(_NEW_HISTORY, (before,))]
        applied: list[HistoryRow] = []
        for seq, ts, text in self._db.execute(_NEW_ENTRIES, (before,)).fetchall():
            assert seq == self.seq + 1, "the log has a gap"
            assert ts >= self.ts, "time fell"
            self.seq, self.ts = seq, ts
            self.entries.append((seq, ts, text))
            step = apply(self.state, Entry(seq, ts, events.decode(text.encode())), self.log_id)
            applied += step.history
            self._expect(step, events.decode(text.encode()), wires)
        applied.sort(key=lambda row: (row.seq, row.part, row.target))
        assert stored == applied, "the history is not what the log comes to"
        self.history += applied
        self.state.changes()

    def _expect(self, step: Step, event: events.Event, wires: Mapping[str, Wire]) -> None:
        if isinstance(event, events.ChannelJoined) and step.effects:
            channel = self.state.channels.get(names.fold(event.channel))
            if channel is not None:
                self._was_in[event.uid].add(channel.cid)
        if not isinstance(event, events.MessageSent) or not step.history:
            return
        (row,) = step.history
        token = said_in(row)
        self._said[token].append(row)
        if row.command != "TAGMSG":
            self._texts[row.target].append(row)
        need = MESSAGE_TAGS if row.command == "TAGMSG" else 0
        for uid in self._audience(event):
            wire = wires.get(uid)
            if wire is not None and wire.session.caps & need == need:
                wire.due.append(token)
        need |= ECHO_MESSAGE
        sender = wires.get(event.uid)
        if sender is not None and sender.session.caps & need == need:
            sender.due.append(token)

    def _audience(self, event: events.MessageSent) -> list[str]:
        """Return who hears a message, but for its echo."""
        if not names.is_channel(event.target):
            return [event.target]
        members = self.state.members[names.fold(event.target)]
        return [uid for uid in members if uid != event.uid]

    # -- judging what was told ----------------------------------------------------------------

    def find_said(self, message: Message, token: str) -> tuple[HistoryRow, str] | None:
        """Return what the file holds of something that was told, and its msgid."""
        told = message.tags.get("msgid")
        for row in self._said.get(token, ()):
            msgid = make_msgid(self.log_id, row.seq)
            is_here = row.shown == message.params[0] or names.is_channel(row.shown)  # renamed since
            if is_here and told in (None, msgid):
                return row, msgid
        return None

    def promised(self, token: str, *, kept: bool) -> None:
        """Hold the server to an answer: kept means in the file now, refused means never."""
        if kept:
            assert token in self._said, f"{token} was answered, and is not kept"
        else:
            self._refused.add(token)

    def check_happened(self, line: Message) -> None:
        """What history says has happened, did, and was told the same."""
        same = [row for row in self.history if (row.source, row.command) == said_by(line)]
        name = line.params[0] if line.params else ""
        told = [readdressed(line_of(row, self.log_id), name) for row in same]
        assert any(line.params in (one.params, one.richer) for one in told), "never happened"

    def check_history(self, wire: Wire, said: list[Message]) -> None:
        """History replays the log's order, without a gap, to those who may have it."""
        assert len(said) <= HISTORY_ROWS_MAX
        if not said or "msgid" not in said[0].tags:
            return
        first = self.find_said(said[0], token_of(said[0]))
        assert first is not None
        rows, uid = self._texts[first[0].target], wire.session.uid
        start = rows.index(first[0])
        expected = [make_msgid(self.log_id, row.seq) for row in rows[start : start + len(said)]]
        assert [message.tags["msgid"] for message in said] == expected, "history has gaps"
        target = first[0].target
        may = uid in target.split("&") if "&" in target else target in self._was_in[uid]
        assert may, "history was told to somebody who may not have it"

    def check(self) -> None:
        """What was refused is not kept, and what was kept is still there, unchanged."""
        assert not self._refused & self._said.keys(), "refused, and kept all the same"
        assert self._db.execute(_NEW_ENTRIES, (0,)).fetchall() == self.entries
        stored = [_history_row(values) for values in self._db.execute(_NEW_HISTORY, (0,))]
        assert stored == self.history
        said = [row for row in stored if row.command in ("PRIVMSG", "NOTICE", "TAGMSG")]
        msgids = [make_msgid(self.log_id, row.seq) for row in said]
        assert len(set(msgids)) == len(msgids), "a msgid twice"

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def said_by(line: Message) -> tuple[str, str]:
    """Return who told a line, and its command."""
    return line.source or "", line.command


def said_in(row: HistoryRow) -> str:
    """Return the token of a row."""
    return row.text.split()[0] if row.text is not None else row.tags["+x"]


def _history_row(values: tuple[Any, ...]) -> HistoryRow:
    target, seq, ts, source, command, shown, text, event, author, account, bot, part = values
    said, tags = events.decode(event.encode()), NO_TAGS
    if isinstance(said, events.MessageSent):
        text, tags = said.text, said.tags
    return HistoryRow(
        target, seq, ts, source, command, shown, text, tags, author, account, bool(bot), part
    )
