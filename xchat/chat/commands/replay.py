"""What was said of late, for who enters a channel with a client that cannot ask for it.

Quiet: as many messages as the setting says, in a batch where batches are known,
with their time; a client that is told no times gets them in brackets before the
text, or it would show what was said yesterday as said now. Never told to bots,
who would answer; nor to clients with draft/chathistory or znc.in/playback, which
ask for what they want; nor again what this person has heard before they left:
the channel's own history says when that was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from xchat.chat.apply.playback import line_of, readdressed
from xchat.chat.apply.step import HistoryRow, seq_of
from xchat.chat.effects import Entered
from xchat.chat.entities import Channel, User
from xchat.chat.ledger import CannotRead
from xchat.chat.lines import Line, format_time
from xchat.chat.modes import BOT
from xchat.chat.reading import Readable, readable_channel, readable_conversations
from xchat.chat.session import Request, Session
from xchat.irc.capabilities import CHATHISTORY, SERVER_TIME, ZNC_PLAYBACK

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

ROWS_LOOKED_AT = 100
"""Messages, and as many events, among which it is looked for when somebody left."""
_SAID = ("PRIVMSG", "NOTICE")
_ACTION = "\x01ACTION "


def missed(hub: Hub, request: Request, entry: Entered) -> None:
    """Tell who has entered a channel what they missed, if their client cannot ask.

    Nobody enters one that is renamed: there is no place in the log where they did.
    """
    user = _reader(hub, request.session)
    place = seq_of(hub.ledger.store.log_id, entry.line.msgid)
    if user is not None and place:
        _tell(hub, request, entry.channel.name, _missed(hub, user, entry.channel, place))


def waited(hub: Hub, request: Request, found: Readable | None, since: int) -> None:
    """Tell a device what was said since none of its user was here, if it cannot ask."""
    if found is None or _reader(hub, request.session) is None:
        return
    after, most = max(found.after, since), hub.config.history.replay_lines
    try:
        rows = hub.ledger.store.page(found.target, after=after, limit=most, newest=True)
    except CannotRead:
        return  # who asks for history is told that it cannot be read
    _tell(hub, request, found.name, rows)


def conversations(hub: Hub, session: Session, since: int) -> Iterator[None]:
    """Tell a device the direct messages that waited for it, one conversation a piece."""
    user = _reader(hub, session)
    if user is None:
        return
    try:
        targets = hub.ledger.store.conversations(user.party)
    except CannotRead:
        return
    for found in list(readable_conversations(hub.state, user.uid, targets)):
        if user.uid in hub.state.users:
            aside = hub.aside(session)
            waited(hub, aside, found, since)
            aside.finish()
            yield


def _reader(hub: Hub, session: Session) -> User | None:
    """Return the user of a session that is told what it cannot ask for."""
    user = hub.state.users.get(session.uid)
    if user is None or session.caps & (CHATHISTORY | ZNC_PLAYBACK) or BOT in user.modes:
        return None
    return user if hub.config.history.replay_lines else None


def _tell(hub: Hub, request: Request, name: str, rows: list[HistoryRow]) -> None:
    rows = [row for row in rows if row.command in _SAID][-hub.config.history.replay_lines :]
    if rows:
        told = [line_of(row, hub.ledger.store.log_id) for row in rows]
        lines = [readdressed(line, name) for line in told]
        if not request.session.caps & SERVER_TIME:
            lines = [_with_time(line) for line in lines]
        hub.say_batch(request, ("chathistory", name), lines)


def _missed(hub: Hub, user: User, channel: Channel, before: int) -> list[HistoryRow]:
    """Return what was said since the user was last here, as far as it is theirs to read."""
    found = readable_channel(hub.state, user.uid, channel)
    if found is None:
        return []
    try:
        rows = hub.ledger.store.page(
            found.target,
            after=found.after,
            before=before,
            limit=ROWS_LOOKED_AT,
            newest=True,
            with_events=True,
        )
    except CannotRead:
        return []  # who asks for history is told that it cannot be read
    left = max((place for place, row in enumerate(rows) if _is_leaving(row, user)), default=-1)
    return rows[left + 1 :]


def _is_leaving(row: HistoryRow, user: User) -> bool:
    if row.command == "KICK":
        return row.shown.split(" ")[1:] == [user.nick]
    return row.command in ("PART", "QUIT") and row.source == user.prefix


def _with_time(line: Line) -> Line:
    """Return a message that says itself when it was."""
    *target, text = line.params
    when = f"[{format_time(line.ts)[11:16]} UTC] "
    if text.startswith(_ACTION):
        text = f"{_ACTION}{when}{text.removeprefix(_ACTION)}"
    else:
        text = f"{when}{text}"
    params = (*target, text)
    return replace(line, params=params, richer=params if line.richer else ())
