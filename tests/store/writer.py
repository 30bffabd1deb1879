"""A server core that is watched: `python -m tests.store.writer FILE TURNS [SYNCHRONOUS]`.

People talk through a real hub, log and store; each line that the server would
send is written to standard output in one write a turn, when it would be sent.
What a watcher sees there was told to somebody.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from random import Random

from xchat.chat.hub import Hub
from xchat.chat.session import Session
from xchat.config import Config
from xchat.store.log import EmbeddedLog
from xchat.store.store import SqliteStore

PEOPLE = 6
WINDOW = 4
TIDY_ODDS = 0.1
_SAID = re.compile(rb":n\d!\S+ PRIVMSG ")
CAPS = "CAP REQ :echo-message message-tags server-time"


def main() -> None:
    """Talk for so many turns."""
    path, turns = Path(sys.argv[1]), int(sys.argv[2])
    store = SqliteStore(path)
    if len(sys.argv) > 3:
        store._db.execute(f"PRAGMA synchronous = {sys.argv[3]}")
    log = EmbeddedLog(store, lambda: 1_700_000_000_000 + store.seq)
    hub = Hub(Config(), log, store, node=store.node, run=store.next_run(), now_ms=0)
    assert hub.start()
    talk(hub, store, turns, Random(str(path.name)))


def talk(hub: Hub, store: SqliteStore, turns: int, rng: Random) -> None:
    """Let everybody say some lines a turn, and tidy now and then."""
    people = [hub.connect(f"10.0.0.{number}", exempt=True) for number in range(PEOPLE)]
    for number, session in enumerate(people):
        lines = (CAPS, f"NICK n{number}", "USER u 0 * :r", "CAP END", "JOIN #a,#b")
        hub.receive(session, [line.encode() for line in lines])
    said = 0
    for turn in range(turns):
        for session in people:
            count = rng.randrange(WINDOW + 1)
            texts = [f"t{said + number} {'x' * rng.randrange(300)}" for number in range(count)]
            said += count
            target = rng.choice(("#a", "#b", f"n{rng.randrange(PEOPLE)}"))
            hub.receive(session, [f"PRIVMSG {target} :{text}".encode() for text in texts])
        hub.serve(float(turn), 0)
        if not hub.settle():
            os.write(2, b"a commit failed\n")
        speak(people)
        if rng.random() < TIDY_ODDS:
            store.tidy()


def speak(people: list[Session]) -> None:
    """Say what the server would send, in one write."""
    lines = (data for session in people for data in session.outbox)
    told = b"".join(data for data in lines if _SAID.search(data))
    for session in people:
        session.outbox.clear()
    if told:
        os.write(1, told)


if __name__ == "__main__":
    main()
