"""What a login needs while a client runs: in a thread, so that nobody who talks waits for it.

The thread looks at once and then every hour, for a laptop sleeps over days. What it has to say
comes to the link through a socket pair, and is said in the link's own turn.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, timedelta
from functools import partial

from xchat.client import keyring, papers
from xchat.client.certificate import Own
from xchat.client.keyring import Login
from xchat.client.link import Link
from xchat.client.peer import Peer
from xchat.client.trust import Trust
from xchat.errors import XChatError
from xchat.limits.client import LAST_WORK_SECONDS_MAX, RENEWAL_LOOK_SECONDS, ROOTS_ASK_SECONDS

Tell = Callable[[str], None]


Job = Callable[[], str]
"""Does what is due; returns what a person should know of it."""


def upkeep(own: Own | None, trust: Trust, link: Link, tell: Tell) -> AbstractContextManager[object]:
    """Return what keeps login and trust alive while it is entered; nothing where none is for us."""
    jobs = _renewing(own, trust.peer)
    if trust.may_grow:
        jobs.append(Asking(own, trust))
    return Upkeep(jobs, link, tell) if jobs else nullcontext()


def look(own: Own | None, trust: Trust) -> list[str]:
    """Do the same once, here and now, for those who do not stay; return what is to be said."""
    jobs = _renewing(own, trust.peer)
    if trust.is_due:
        jobs.append(Asking(own, trust))
    return [words for job in jobs if (words := job())]


def _renewing(own: Own | None, peer: Peer) -> list[Job]:
    login = keyring.login_of(own.cert) if own is not None else None
    return [partial(_look, login, peer)] if login is not None else []


class Asking:
    """Asks a server for its roots, at first and then daily."""

    def __init__(self, own: Own | None, trust: Trust) -> None:
        self._own = own
        self._trust = trust
        self._next: datetime | None = None

    def __call__(self) -> str:
        """Ask, if it is time; a server that does not answer is asked again the next time."""
        now = datetime.now(UTC)
        if self._next is not None and now < self._next:
            return ""
        try:
            words = self._trust.ask(self._own)
        except XChatError:
            return ""
        self._next = now + timedelta(seconds=ROOTS_ASK_SECONDS)
        return words


class Upkeep:
    """Does its jobs again and again; to be entered by the thread that runs the link."""

    def __init__(self, jobs: Sequence[Job], link: Link, tell: Tell) -> None:
        self._jobs = jobs
        self._link = link
        self._tell = tell
        self._ear, self._mouth = socket.socketpair()
        self._words: deque[str] = deque()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        """Begin."""
        self._link.watch(self._ear, self._hear)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        """End; what is under way has a moment to come to its end, and may be killed anywhere."""
        self._end.set()
        self._thread.join(LAST_WORK_SECONDS_MAX)
        self._say()
        self._ear.close()

    def _hear(self) -> None:
        self._ear.recv(64)
        self._say()

    def _say(self) -> None:
        while self._words:
            self._tell(self._words.popleft())

    def _run(self) -> None:
        told: dict[Job, date] = {}
        with self._mouth:
            while not self._end.is_set():
                for job in self._jobs:
                    words, today = job(), datetime.now(UTC).date()
                    if words and told.get(job) != today:
                        told[job] = today
                        self._words.append(words)
                        with contextlib.suppress(OSError):  # nobody listens any more
                            self._mouth.send(b"!")
                self._end.wait(RENEWAL_LOOK_SECONDS)


def _look(login: Login, peer: Peer) -> str:
    """Do what is due; what costs time to import is imported only then."""
    term = papers.read_term(login)
    if term is None or datetime.now(UTC) < term.renew_at:
        return ""
    from xchat.client.renewal import renew_if_due

    return renew_if_due(login, peer)
