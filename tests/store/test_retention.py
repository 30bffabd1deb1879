"""What is not to be kept is erased: from the log, the history, the index, the files; in pieces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.entries import START_MS, keep, said
from xchat.chat import events
from xchat.chat.apply.step import HistoryRow
from xchat.chat.entities import Channel, Terms, Topic
from xchat.chat.ledger import CannotKeep, Writing
from xchat.chat.log import Entry
from xchat.chat.retention import Keeping
from xchat.store.retention import DAY_MS, LOOK_ROWS, RETAIN_ROWS
from xchat.store.store import SqliteStore


def texts(store: SqliteStore, target: str = "1", *, with_events: bool = False) -> list[int]:
    rows = store.page(target, limit=100_000, newest=True, with_events=with_events)
    return [row.seq for row in rows]


def channels(*cids: str, **fields: object) -> dict[str, Channel]:
    return {
        cid: Channel(cid=cid, name=f"#{cid}", created=0, **fields)  # type: ignore[arg-type]
        for cid in cids
    }


def retain(store: SqliteStore, keeping: Keeping) -> int:
    """Do one round; return in how many pieces."""
    return sum(1 for _ in store.retaining(keeping))


def content(path: Path, store: SqliteStore) -> bytes:
    """Return all that the files hold, once there was time to tidy."""
    assert store.tidy() is None
    return b"".join(file.read_bytes() for file in path.parent.iterdir())


def test_what_is_older_than_so_many_days_goes(path: Path, store: SqliteStore) -> None:
    """Retention by time, in small pieces, erased from the log as well."""
    old = 2 * RETAIN_ROWS + 50
    keep(store, [said(seq, ts=START_MS) for seq in range(1, old + 1)])
    keep(store, [said(seq, ts=START_MS + 3 * DAY_MS) for seq in range(old + 1, old + 4)])
    while store.prepare_search():
        pass
    retain(store, Keeping(Terms(days=7)))
    assert len(texts(store)) == old + 3, "none is so old"
    pieces = store.retaining(Keeping(Terms(days=2)))
    next(pieces)
    assert texts(store)[0] == RETAIN_ROWS + 1, "the oldest first, some at a time"
    assert len(list(pieces)) >= 2
    assert texts(store) == [old + 1, old + 2, old + 3]
    files = content(path, store)
    assert f"message {old} ".encode() not in files
    assert f"message {old + 1} ".encode() in files


def test_the_last_day_is_the_logs(store: SqliteStore) -> None:
    """A clock that jumps ahead erases nothing: days are counted back from the last entry."""
    keep(store, [said(1, ts=START_MS)])
    retain(store, Keeping(Terms(days=1)))
    assert texts(store) == [1]


def test_so_many_messages_of_each_history(path: Path, store: SqliteStore) -> None:
    """Retention by count: a channel's, and a conversation's."""
    targets = ("1", "2", "=1&=2")
    for seq in range(1, 61):
        keep(store, [said(seq, targets[seq % 3])])
    keeping = Keeping(Terms(messages=5), channels("1", "2"), knows_all=True)
    retain(store, keeping)
    assert texts(store, "1") == [48, 51, 54, 57, 60]
    assert texts(store, "2") == [46, 49, 52, 55, 58]
    assert texts(store, "=1&=2") == [47, 50, 53, 56, 59]
    files = content(path, store)
    assert b"message 45 " not in files
    assert b"message 46 " in files
    assert retain(store, keeping) < 10, "nothing is left to do"


def test_counting_is_done_in_pieces(store: SqliteStore) -> None:
    """A million of them are not counted while somebody waits."""
    keep(store, [said(seq) for seq in range(1, 3 * LOOK_ROWS + 1)])
    assert retain(store, Keeping(Terms(messages=3 * LOOK_ROWS - 1), channels("1"))) >= 3
    assert texts(store)[0] == 2


def test_a_channel_has_terms_of_its_own_within_the_servers(store: SqliteStore) -> None:
    for seq in range(1, 41):
        keep(store, [said(seq, "12"[seq % 2], ts=START_MS + seq * DAY_MS)])
    short = channels("1", retention=Terms(days=4))
    few = channels("2", retention=Terms(messages=3))
    retain(store, Keeping(Terms(days=20, messages=100), short | few))
    assert texts(store, "1") == [36, 38, 40]
    assert texts(store, "2") == [35, 37, 39]
    long = channels("1", retention=Terms(days=1_000, messages=1_000))
    retain(store, Keeping(Terms(messages=2), long))
    assert texts(store, "1") == [38, 40], "not more than the server keeps"


def test_what_was_said_in_a_channel_that_is_no_more(path: Path, store: SqliteStore) -> None:
    """Nobody may ever read it again; direct messages have no channel."""
    for seq in range(1, 10):
        keep(store, [said(seq, ("1", "2", "=1&=2")[seq % 3])])
    retain(store, Keeping(channels=channels("2")))
    assert texts(store, "1"), "there may be channels that are not known here"
    retain(store, Keeping(channels=channels("2"), knows_all=True))
    assert [len(texts(store, target)) for target in ("1", "2", "=1&=2")] == [0, 3, 3]
    assert b"message 3 " not in content(path, store)


def test_a_channel_that_begins_meanwhile_is_none_that_has_ended(store: SqliteStore) -> None:
    keep(store, [said(1, "1")])
    round_ = store.retaining(Keeping(channels=channels("1"), knows_all=True))
    keep(store, [said(2, "2")])
    for _ in round_:
        pass
    assert texts(store, "2") == [2]


def row(entry: Entry, target: str, command: str, shown: str, text: str) -> HistoryRow:
    return HistoryRow(target, entry.seq, entry.ts, "ana!a@h", command, shown, text, {})


def test_reasons_and_topics_go_too(path: Path, store: SqliteStore) -> None:
    """Reasons of KICK, PART and QUIT and topics after retention as well, but for those in force."""
    secrets = [f"private words {number}" for number in range(6)]
    kinds = [
        (events.UserKicked(uid="1.1", channel="#1", target="1.2", reason=secrets[0]), "KICK"),
        (events.ChannelParted(uid="1.1", channel="#1", reason=secrets[1]), "PART"),
        (events.UserQuit(uid="1.1", reason=secrets[2]), "QUIT"),
        (events.TopicChanged(uid="1.1", channel="#1", topic=secrets[3]), "TOPIC"),
        (events.TopicChanged(uid="1.1", channel="#1", topic=secrets[4]), "TOPIC"),
    ]
    for seq, (event, command) in enumerate(kinds, 1):
        entry = Entry(seq, START_MS + seq, event)
        store.keep(Writing([entry], [row(entry, "1", command, "#1", secrets[seq - 1])]))
    store.keep(Writing([Entry(6, START_MS + 6, events.UserQuit(uid="1.3", reason=secrets[5]))]))
    keep(store, [said(7, ts=START_MS + 9 * DAY_MS)])
    topic = Topic(secrets[4], "ana!a@h", START_MS + 5)
    retain(store, Keeping(Terms(days=1), channels("1", topic=topic)))
    files = content(path, store)
    assert [secret for secret in secrets if secret.encode() in files] == [secrets[4]]
    assert texts(store, with_events=True) == [5, 7]
    retain(store, Keeping(Terms(days=1), channels("1")))
    assert secrets[4].encode() not in content(path, store), "once it is in force no more"


def test_credentials_stay(store: SqliteStore) -> None:
    """Only people's words go: an account that was registered long ago is as it was."""
    event = events.AccountRegistered(uid="", name="ana", password="$argon2id$...")
    wrapped = events.Administered(who="root", act="user add", what="ana", event=event)
    store.keep(Writing([Entry(1, START_MS, event), Entry(2, START_MS, wrapped)]))
    keep(store, [said(3, ts=START_MS + 9 * DAY_MS)])
    retain(store, Keeping(Terms(days=1)))
    found = [entry for (entry,) in store._db.execute("SELECT event FROM log WHERE seq < 3")]
    assert all("$argon2id$" in entry for entry in found)


def test_a_store_that_cannot_write_erases_nothing(store: SqliteStore) -> None:
    keep(store, [said(seq) for seq in range(1, 10)])
    store._db.execute("PRAGMA query_only = ON")
    with pytest.raises(CannotKeep):
        retain(store, Keeping(Terms(messages=1)))
    store._db.execute("PRAGMA query_only = OFF")
    assert len(texts(store)) == 9
    retain(store, Keeping(Terms(messages=1)))
    assert texts(store) == [9]
