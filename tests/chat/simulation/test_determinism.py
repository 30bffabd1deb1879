"""cluster.md, rules for `apply`: a pure function of the log, whatever the log holds."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chat.simulation.checks import same_state
from tests.chat.simulation.world import World, run
from xchat.chat import events
from xchat.chat.apply import apply, check
from xchat.chat.hub import Hub
from xchat.chat.kept import state_of
from xchat.chat.ledger import Ledger
from xchat.chat.log import Entry
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.chat.state import State
from xchat.config import Config
from xchat.store.database import open_database
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

ROOT = Path(__file__).parents[3]
INDEX = ("history", "state")


def digest(path: Path) -> str:
    """Return what a store's state and history come to."""
    database = sqlite3.connect(path)
    found = [database.execute(f"SELECT * FROM {table}").fetchall() for table in INDEX]
    database.close()
    return hashlib.sha256(repr(found).encode()).hexdigest()


def write_log(path: Path, world: World) -> None:
    """Write the log that a run has left, and no index of it."""
    database = open_database(path)
    database.execute("UPDATE meta SET value = ? WHERE key = 'log_id'", (world.referee.log_id,))
    database.executemany("INSERT INTO log VALUES (?, ?, ?)", world.referee.entries)
    database.close()


def replay(path: Path) -> str:
    """Build the index of a log; return what it comes to."""
    store = SqliteStore(path)
    Ledger(EmbeddedLog(store, lambda: 0), store).catch_up()
    store.close()
    return digest(path)


@pytest.fixture(scope="module")
def world() -> World:
    return run(99, 300)


@pytest.mark.parametrize("hash_seed", ["0", "1", "31337"])
def test_the_same_log_comes_to_the_same_in_every_process(
    world: World, tmp_path: Path, hash_seed: str
) -> None:
    """Bar 11: "replay the same log in 2 processes with different PYTHONHASHSEED -> same digest"."""
    write_log(tmp_path / "log.sqlite3", world)
    write_log(tmp_path / "here.sqlite3", world)
    code = (
        "import pathlib, sys; from tests.chat.simulation.test_determinism import replay;"
        "print(replay(pathlib.Path(sys.argv[1])))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.sqlite3")],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    ).stdout
    assert told.strip() == replay(tmp_path / "here.sqlite3")


@pytest.mark.parametrize("seed", range(500, 510))
def test_an_index_is_rebuilt_from_the_log_alone(seed: int, tmp_path: Path) -> None:
    """A start replays what the index does not hold: here, all of it."""
    path = tmp_path / "whole.sqlite3"
    with World(seed, tmp_path) as living:
        for _ in range(80):
            living.step()
        living.quiesce()
        whole, was = sqlite3.connect(living.path), digest(living.path)
        whole.execute("VACUUM INTO ?", (str(path),))
        whole.close()
    assert digest(path) == was
    database = sqlite3.connect(path, isolation_level=None)
    for table in INDEX:
        database.execute(f"DELETE FROM {table}")
    database.execute("UPDATE cursor SET seq = 0, ts = 0")
    database.close()
    assert replay(path) == was


def test_the_index_is_rebuilt_when_the_server_starts(world: World, tmp_path: Path) -> None:
    """The hub catches up before it takes its own place in the log."""
    path = tmp_path / "log.sqlite3"
    write_log(path, world)
    store = SqliteStore(path)
    log = EmbeddedLog(store, lambda: 0)
    hub = Hub(Config(), log, store, node=store.node, run="9", now_ms=0)
    assert hub.start()
    last = world.referee.entries[-1]
    assert (store.seq, store.ts) == (last[0] + 1, last[1]), "one more place, and time never falls"
    assert same_state(hub.state, store.state())
    store.close()


# -- whatever the log holds -------------------------------------------------------------------

AIDS = st.sampled_from(["", "3", "4", "5", "6", "gone"])
UIDS = st.sampled_from(["1.1", "1.2", "2.1", "gone", "0"])
NICKS = st.sampled_from(
    ["ana", "Ana", "аna", "ნინო", "Σας", "a b", "", "\u202e", "#a", "\ud7ff", "x" * 90]
)
CHANNELS = st.sampled_from(["#a", "#A", "#а", "#ლ", "#", "", "lobby", "# x", "#\u202e", "#a,b"])
TEXTS = st.sampled_from(["hello", "", "გამარჯობა", "x" * 400])
MAYBE_TEXTS = st.none() | TEXTS
TARGETS = UIDS | CHANNELS | st.sampled_from(["@#a", "+#A", "@", "%@#\u202e"])
TAGS = st.sampled_from([{}, {"+x": "1"}, {"+typing": "active"}])
CHANGES = st.builds(
    events.ModeChange,
    st.sampled_from(["+", "-", ""]),
    st.sampled_from([*"qaohvbeIklimnstuRMCU", "x", "", "ab"]),
    UIDS | st.sampled_from(["1", "0", "-5", "x", "٣", "*!*@*", "a!b", "k1", " ", "m:*!*@*"]),
    st.sampled_from([0, 1, 60, -5]),
)
FIELDS: dict[str, st.SearchStrategy[object]] = {
    "uid": UIDS,
    "node": st.sampled_from(["n", "m"]),
    "nick": NICKS,
    "user": st.just("u"),
    "host": st.just("10.0.0.1"),
    "realname": TEXTS,
    "reason": TEXTS,
    "modes": st.sampled_from(["", "i", "xyz"]),
    "voice": st.sampled_from(["", "", "mal/d", "*bilbo*", "=Scene="]),
    "channel": CHANNELS,
    "key": st.sampled_from(["", "k1"]),
    "topic": MAYBE_TEXTS,
    "changes": st.lists(CHANGES, max_size=4).map(tuple),
    "founder": AIDS,
    "cid": st.sampled_from(["4", "8", "9", "gone"]),
    "due": st.sampled_from([0, 1, 61_000, 10**9]),
    "server": st.just("server"),
    "letter": st.sampled_from([*"qaohv", "", "x", "ab"]),
    "channels_max": st.sampled_from([0, 1, 20]),
    "invites_max": st.sampled_from([0, 1, 60]),
    "entries_max": st.sampled_from([0, 1, 2, 60]),
    "days": st.sampled_from([0, 1, 30]),
    "messages": st.sampled_from([0, 1, 1_000]),
    "history": st.sampled_from(["4", "1.1&1.2", "=2&=6", "", "&"]),
    "msgid": st.sampled_from(["log-1", "log-9", "other-1", "", "-", "log-zz"]),
    "author": UIDS | st.just("=2"),
    "command": st.sampled_from(["PRIVMSG", "NOTICE", "TAGMSG"]),
    "text": MAYBE_TEXTS,
    "message": MAYBE_TEXTS,
    "tags": TAGS,
    "values": st.dictionaries(st.sampled_from(["a", "b", "c d"]), MAYBE_TEXTS, max_size=3),
    "metadata": st.dictionaries(st.sampled_from(["a", "b"]), TEXTS, max_size=2),
    "sid": UIDS,
    "device_is_away": st.booleans(),
    "stays": st.booleans(),
    "accepted": st.booleans(),
    "ts": st.sampled_from([0, 1, 7, 1 << 50]),
    "account": AIDS,
    "aid": AIDS,
    "name": NICKS,
    "password": MAYBE_TEXTS,
    "scram": MAYBE_TEXTS,
    "certificates": st.none() | st.just(("ab",)),
    "nicks": st.none() | st.lists(NICKS, max_size=2).map(tuple),
    "email": st.sampled_from(["", "ana@example.org"]),
    "role": st.sampled_from(["", "operator"]),
    "always_present": st.sampled_from([None, True, False]),
    "multiclient": st.sampled_from([None, True, False]),
    "kind": st.sampled_from(["account", "mask", "address", "", "x"]),
    "mask": st.sampled_from(
        ["ana", "*!*@10.*", "*!*@*", "10.0.0.0/24", "10.0.0.1", "::/0", "", " "]
    ),
    "by": TEXTS,
    "until": st.sampled_from([0, 1, 1 << 70]),
    "bans_max": st.sampled_from([0, 1, 2]),
    "sha256": st.sampled_from(["ab", "cd", "ef"]),
    "at": st.sampled_from([0, 1, 1 << 70]),
    "uses": st.sampled_from([0, 1, 2]),
    "device": TEXTS,
    "sids": st.lists(UIDS, max_size=3).map(tuple),
    "who": TEXTS,
    "act": TEXTS,
    "what": TEXTS,
    "via": TEXTS,
    "event": st.none() | st.deferred(lambda: st.one_of([of(kind) for kind in PLAIN])),
}
NOT_OPTIONAL: dict[type[events.Event], dict[str, st.SearchStrategy[object]]] = {
    events.AccountRegistered: {
        "certificates": st.just(()),
        "role": st.just(""),
        "always_present": st.none() | st.booleans(),
    },
    events.ChannelRenamed: {"name": CHANNELS},
    events.OperatorGranted: {"role": st.sampled_from(["", "admin", "moderator", "x"])},
    events.BanRemoved: {"until": st.sampled_from([None, 0, 1])},
    events.InviteWithdrawn: {"until": st.sampled_from([None, 0, 1])},
}


def of(kind: type[events.Event]) -> st.SearchStrategy[events.Event]:
    """Return events of a kind, with anything in their fields."""
    fields = {name: FIELDS[name] for name in kind.__struct_fields__ if name != "target"}
    fields |= NOT_OPTIONAL.get(kind, {})
    if "target" in kind.__struct_fields__:
        fields["target"] = TARGETS
    return st.builds(kind, **fields)


PLAIN: tuple[type[events.Event], ...] = tuple(
    kind for kind in events.Kept.__args__ if kind is not events.Administered
)
KINDS = (*events.Kept.__args__, events.TypingNotified, events.AwayChanged, events.WallopsSent)


def _somebody(uid: str, nick: str) -> list[events.Event]:
    named = events.UserRegistered(
        uid=uid, node="n", nick=nick, user="u", host="10.0.0.1", realname="r"
    )
    account = events.AccountRegistered(name=nick, password="p", always_present=True)
    logged_in = events.UserLoggedIn(uid=uid, account="2" if uid == "1.1" else "6")
    return [named, account, logged_in, events.ChannelJoined(uid=uid, channel="#a")]


@given(st.lists(st.one_of([of(kind) for kind in KINDS]), max_size=40))
@settings(max_examples=300, deadline=None)
def test_apply_never_raises_and_a_refused_event_changes_nothing(log: list[events.Event]) -> None:
    """Also events of users, channels and modes that are not there, or never were names."""
    state = State()
    rows: dict[str, bytes] = {}
    for seq, event in enumerate([*_somebody("1.1", "bea"), *_somebody("1.2", "gio"), *log], 1):
        refused = False
        try:
            check(state, event)
        except (Refused, Failed, Ignored):
            refused = True
        step = apply(state, Entry(seq, seq, event), "log")
        changes = state.changes()
        if refused:
            assert not changes
            assert not step.history
            assert len(step.effects) <= 1, "nothing but the answer"
        for key, value in changes:
            rows[key] = value or b""
    assert same_state(state, state_of((key, value) for key, value in rows.items() if value))
