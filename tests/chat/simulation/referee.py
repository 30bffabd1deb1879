"""The truth: what the file holds, read through a connection of its own, and who has to hear it.

The referee sees only what was committed. It follows the log with a state of its
own, entry by entry, so it knows who was where at each place, and so who has to
hear what was said there, and who must not.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.chat.simulation.wire import token_of
from xchat.chat import effects, events
from xchat.chat.apply import Step, apply
from xchat.chat.apply.playback import line_of, readdressed, row_of
from xchat.chat.apply.step import Erased, HistoryRow, make_msgid
from xchat.chat.log import Entry
from xchat.chat.modes import RANK_OF_PREFIX, Rank, rank_of, split_status
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

    def __init__(self, path: Path, speakers: Mapping[str, str]) -> None:
        self.speakers = speakers
        """By what was said (a token), the sid of who said it."""
        self.turn = 0
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
        self._parties: dict[str, set[str]] = defaultdict(set)
        """Who a user has been to the history of direct messages, by uid."""
        self._gone: set[tuple[str, int]] = set()
        self._erased: dict[str, int] = {}
        """The turns in which messages were erased, by msgid."""
        self._refused: set[str] = set()

    # -- following the log --------------------------------------------------------------------

    def sync(self, wires: Mapping[str, Wire], rejoining: Set[str]) -> None:
        """Take what was committed since, and let everyone who has to hear it expect it.

        The `wires` by sid; those `rejoining` may not have been told of all channels yet.
        """
        before = self.seq
        self.turn += 1
        stored = [_history_row(values) for values in self._db.execute(_NEW_HISTORY, (before,))]
        applied: list[HistoryRow] = []
        for seq, ts, text in self._db.execute(_NEW_ENTRIES, (before,)).fetchall():
            assert seq == self.seq + 1, "the log has a gap"
            assert ts >= self.ts, "time fell"
            self.seq, self.ts = seq, ts
            self.entries.append((seq, ts, text))
            step = apply(self.state, Entry(seq, ts, events.decode(text.encode())), self.log_id)
            applied += step.history
            for place in step.erased:
                self._erase(place)
            self._expect(step, events.decode(text.encode()), wires, rejoining)
        gone = {(target, seq) for target, seq in self._gone if seq > before}
        applied = [row for row in applied if (row.target, row.seq) not in gone]
        applied.sort(key=lambda row: (row.seq, row.part, row.target))
        assert stored == applied, "the history is not what the log comes to"
        self.history += applied
        self.state.changes()

    def _erase(self, place: Erased) -> None:
        """Let an entry say nothing any more, in as many bytes."""
        seq, ts, text = self.entries[place.seq - 1]
        blank = events.encode(events.decode(text.encode()).blank()).ljust(len(text.encode()))
        self.entries[place.seq - 1] = (seq, ts, blank.decode())
        gone = (place.target, place.seq)
        self._gone.add(gone)
        self.history = [row for row in self.history if (row.target, row.seq) != gone]
        self._erased[make_msgid(self.log_id, place.seq)] = self.turn

    def _expect(
        self, step: Step, event: events.Event, wires: Mapping[str, Wire], rejoining: Set[str]
    ) -> None:
        for user in self.state.users.values():
            self._parties[user.uid].add(user.party)
        if isinstance(event, events.ChannelJoined) and step.effects:
            channel = self.state.channels.get(names.fold(event.channel))
            if channel is not None:
                self._was_in[event.uid].add(channel.cid)
        if isinstance(event, events.MessageSent) and step.is_applied and event != event.blank():
            self._expect_said(step, event, wires, rejoining)

    def _expect_said(
        self, step: Step, event: events.MessageSent, wires: Mapping[str, Wire], rejoining: Set[str]
    ) -> None:
        row = self._row(step, event)
        token = said_in(row)
        self._said[token].append(row)
        if row.command != "TAGMSG" and row.target:
            self._texts[row.target].append(row)
        need = MESSAGE_TAGS if row.command == "TAGMSG" else 0
        origin = self.speakers.get(token, "")
        for sid in self._audience(event, origin):
            wire = wires.get(sid)
            if wire is None or wire.session.caps & need != need:
                continue
            if sid in rejoining:
                wire.perhaps.add(token)
            else:
                wire.due.append(token)
        need |= ECHO_MESSAGE
        sender = wires.get(origin)
        if sender is not None and sender.session.caps & need == need:
            sender.due.append(token)

    def _row(self, step: Step, event: events.MessageSent) -> HistoryRow:
        """Return what a message is in the history, or would be, were it for all of a channel."""
        if step.history:
            (row,) = step.history
            return row
        (told,) = (effect for effect in step.effects if isinstance(effect, effects.SomeMessage))
        return row_of("", step.seq, told.line, self.state.users[event.uid].party)

    def _audience(self, event: events.MessageSent, origin: str) -> list[str]:
        """Return the devices that hear a message, but for its echo."""
        prefix, name = split_status(event.target)
        own = [sid for sid in self._devices(event.uid) if sid != origin]
        if not names.is_channel(name):
            is_other = event.target != event.uid
            return [*self._devices(event.target), *(own if is_other else ())]
        members = self.state.members[names.fold(name)]
        floor = RANK_OF_PREFIX[prefix] if prefix else Rank.NONE
        others = [uid for uid, bits in members.items() if rank_of(bits) >= floor]
        heard = [sid for uid in others if uid != event.uid for sid in self._devices(uid)]
        return [*heard, *(own if prefix or event.uid in members else ())]

    def _devices(self, uid: str) -> list[str]:
        user = self.state.users.get(uid)
        return [session.sid for session in user.sessions] if user else []

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
        told = [message.tags["msgid"] for message in said]
        self._check_gaps(told, rows[rows.index(first[0]) :])
        fresh = [msgid for msgid in told if self._erased.get(msgid, self.turn) < self.turn]
        assert wire.is_late or not fresh, "what was erased is told again"
        target = first[0].target
        own = self._parties[uid] & set(target.split("&"))
        assert own if "&" in target else target in self._was_in[uid], "history for who may not"

    def _check_gaps(self, told: list[str], rows: list[HistoryRow]) -> None:
        """Nothing is left out but what was erased."""
        left = [make_msgid(self.log_id, row.seq) for row in rows]
        for msgid in told:
            place = left.index(msgid)
            assert all(one in self._erased for one in left[:place]), "history has gaps"
            del left[: place + 1]

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
