"""What was said before, or while we were away (IRCv3 `chathistory`).

A gap is filled like this. On coming back into a channel everything after the last
message told is asked for, page by page, until a page brings nothing further; what is
said meanwhile is held, and told after. Message ids tell what both have. So what is told
is the channel's own order, with nothing twice and nothing missing. A line of ours that was
never echoed is looked for in those pages: it is there, or it is sent again. While an old
connection of ours may still live in the server its lines may yet arrive, so the second
half of that waits until our nick is free.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from xchat.client.session import talk
from xchat.client.session.batches import Batch
from xchat.client.session.events import (
    GapFilled,
    GapLeft,
    HistoryReceived,
    MessageUncertain,
    Refused,
)
from xchat.client.session.rooms import Fetch, Room
from xchat.client.session.state import State
from xchat.irc.message import Message
from xchat.limits.client import HISTORY_SECONDS_MAX, PAGES_MAX


def enter(state: State, room: Room) -> None:
    """Catch up with a channel that we have just come into."""
    if not room.ever_joined:
        if room.history and state.caps.history:
            _begin(state, room, Fetch("context", room.name, room.history))
    elif state.caps.history and (room.anchor_id or room.anchor_time):
        _begin(state, room, Fetch("gap", room.name))
    else:
        state.emit(GapLeft(channel=room.name, words="the server offers no history"))
        give_up_unsure(state, state.support.fold(room.name))


def ask(state: State, target: str, wanted: int) -> None:
    """Fetch the last messages of a target, for one HistoryReceived."""
    fetch = Fetch("asked", target, wanted)
    state.asked[state.support.fold(target)] = fetch
    _request(state, fetch, "LATEST", "*")


def settle_ghost(state: State) -> None:
    """Our old connection is gone: what the history does not have now, it never will."""
    state.ghost_until = None
    for key in state.outbox.unsure_targets():
        room = state.rooms.get(key)
        if room is None or not state.caps.history:
            give_up_unsure(state, key)
        elif room.joined and room.fetch is None:
            _begin(state, room, Fetch("gap", room.name))


def give_up_unsure(state: State, key: str) -> None:
    """Say of the unsure lines of a target that nobody knows."""
    for line in state.outbox.take_unsure(key):
        state.emit(MessageUncertain(line=line.id, target=line.target, text=line.text))


def on_said(state: State, message: Message, label: str) -> None:
    """Tell what is said just now, or hold it back while a gap before it is open."""
    if not talk.is_said(message):
        return
    said = talk.hear(state, message, label)
    room = state.room(said.buffer)
    if room and room.fetch:
        if room.fetch.hold(said):
            return
        room.fetch.by_time = True
        _fail(state, room.fetch, "", "too much was said meanwhile")
    talk.tell(state, room, said)


def on_batch(state: State, batch: Batch) -> None:
    """Take one `chathistory` batch: a page."""
    target = batch.params[0] if batch.params else ""
    key = state.support.fold(target)
    room = state.rooms.get(key)
    fetch = state.asked.get(key) or (room.fetch if room else None)
    page = list(batch.messages())
    if fetch is None:
        _tell_all(state, room, page)
    elif fetch.purpose == "gap":
        assert room is not None
        _gap_page(state, room, fetch, page)
    else:
        _latest_page(state, fetch, page)


def on_failure(state: State, message: Message) -> bool:
    """Take `FAIL CHATHISTORY code [context...] :words`; say whether it was for us."""
    label = message.tags.get("label", "")
    context = {state.support.fold(word) for word in message.params[2:-1]}
    for fetch in _fetches(state):
        if (label and fetch.label == label) or state.support.fold(fetch.target) in context:
            _fail(state, fetch, message.params[1], message.params[-1])
            return True
    return False


def deadline(state: State) -> float | None:
    """Return when the first page is overdue."""
    return min((fetch.deadline for fetch in _fetches(state)), default=None)


def expire(state: State) -> None:
    """Give up pages that are overdue."""
    for fetch in _fetches(state):
        if fetch.deadline <= state.now:
            fetch.by_time = True
            _fail(state, fetch, "", "the server did not answer in time")


def _fetches(state: State) -> list[Fetch]:
    rooms = [room.fetch for room in state.rooms.values() if room.fetch]
    return [*state.asked.values(), *rooms]


def _begin(state: State, room: Room, fetch: Fetch) -> None:
    room.fetch = fetch
    if fetch.purpose == "context":
        _request(state, fetch, "LATEST", "*")
    elif room.anchor_id:
        _request(state, fetch, "AFTER", f"msgid={room.anchor_id}")
    else:
        _by_time(state, room, fetch)


def _by_time(state: State, room: Room, fetch: Fetch) -> None:
    """Ask from a millisecond before the anchor's time: ids tell what we have already."""
    fetch.by_time = True
    try:
        moment = datetime.fromisoformat(room.anchor_time or "") - timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        _fail(state, fetch, "", "the server's times cannot be read")
        return
    stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    _request(state, fetch, "AFTER", f"timestamp={stamp}")


def _request(state: State, fetch: Fetch, subcommand: str, reference: str) -> None:
    fetch.reference = reference
    fetch.deadline = state.now + HISTORY_SECONDS_MAX
    fetch.label = state.new_label() if state.caps.labels else ""
    tags = {"label": fetch.label} if fetch.label else {}
    count = str(state.support.page_messages)
    state.send("CHATHISTORY", subcommand, fetch.target, reference, count, tags=tags)


def _gap_page(state: State, room: Room, fetch: Fetch, page: list[Message]) -> None:
    fetch.told += _tell_all(state, room, page)
    fetch.pages += 1
    further = _reference(page[-1]) if page else ""
    if fetch.pages >= PAGES_MAX:
        _fail(state, fetch, "", "there is too much of it")
    elif further and further != fetch.reference:
        _request(state, fetch, "AFTER", further)
    else:
        _finish_gap(state, room, fetch)


def _latest_page(state: State, fetch: Fetch, page: list[Message]) -> None:
    """Collect a page, the newest first, until there is enough or no more."""
    told = [talk.read(state, message, replayed=True) for message in page if talk.is_said(message)]
    fetch.collected[:0] = told
    full = len(page) >= state.support.page_messages
    further = _reference(page[0]) if page else ""
    if full and len(fetch.collected) < fetch.wanted and further not in ("", fetch.reference):
        _request(state, fetch, "BEFORE", further)
    else:
        _finish_latest(state, fetch)


def _finish_latest(state: State, fetch: Fetch) -> None:
    key = state.support.fold(fetch.target)
    messages = fetch.collected[-fetch.wanted :]
    if fetch.purpose == "asked":
        state.asked.pop(key, None)
        state.emit(HistoryReceived(target=fetch.target, messages=tuple(messages)))
        return
    room = state.rooms[key]
    for message in messages:
        talk.tell(state, room, message)
    _release(state, room, fetch)


def _finish_gap(state: State, room: Room, fetch: Fetch) -> None:
    state.emit(GapFilled(channel=room.name, count=fetch.told))
    _release(state, room, fetch)
    if state.ghost_until is None:
        state.outbox.send_again(state.support.fold(room.name))


def _fail(state: State, fetch: Fetch, code: str, words: str) -> None:
    key = state.support.fold(fetch.target)
    room = state.rooms.get(key)
    if fetch.purpose == "asked":
        state.asked.pop(key, None)
        state.emit(Refused(code=code, words=words, about=("CHATHISTORY", fetch.target)))
    elif room and fetch.purpose == "gap" and not fetch.by_time and room.anchor_time:
        _by_time(state, room, fetch)
    elif room:
        state.emit(GapLeft(channel=room.name, words=words))
        _release(state, room, fetch)
        give_up_unsure(state, key)


def _release(state: State, room: Room, fetch: Fetch) -> None:
    """Tell what was held back."""
    room.fetch = None
    for message in fetch.release():
        talk.tell(state, room, message)


def _tell_all(state: State, room: Room | None, page: Iterable[Message]) -> int:
    said = (talk.read(state, message, replayed=True) for message in page if talk.is_said(message))
    return sum(talk.tell(state, room, message) for message in said)


def _reference(message: Message) -> str:
    msgid, time = talk.msgid_of(message), talk.time_of(message)
    return f"msgid={msgid}" if msgid else f"timestamp={time}" if time else ""
