"""The pool beside the loop: what takes long is done there, and the loop is woken."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from xchat.chat.work import Work
from xchat.server.applicants import Applicant

Result = TypeVar("Result")
_Then = Callable[[Any], None]

THREADS = 2
"""Hashing a password takes a core for a tenth of a second: two leave the loop its own."""


class Workers:
    """Runs the hub's work; `wake` is called from its threads when something is done."""

    def __init__(self, work: Work, wake: Callable[[], None]) -> None:
        self._work = work
        self._wake = wake
        self._pool: ThreadPoolExecutor | None = None
        self._desk: ThreadPoolExecutor | None = None
        """One thread for who enrols: it may have to wait for a command on the CA's folder."""
        self._finished: deque[tuple[_Then, Future[Any]]] = deque()

    def start(self) -> None:
        """Begin what waits."""
        for job in self._work.take():
            then = partial(self._work.done, job)
            if isinstance(job.asker, Applicant):
                self._desk = self._desk or ThreadPoolExecutor(1, thread_name_prefix="enrol")
                self._submit(self._desk, job.run, then)
            else:
                self.do(job.run, then)

    def do(self, run: Callable[[], Result], then: Callable[[Result], None]) -> None:
        """Begin the house's own work; `then` is called by `collect`, and is quick."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="work")
        self._submit(self._pool, run, then)

    def _submit(
        self, pool: ThreadPoolExecutor, run: Callable[[], Result], then: Callable[[Result], None]
    ) -> None:
        future = pool.submit(run)
        future.add_done_callback(partial(self._finish, then))

    def _finish(self, then: _Then, future: Future[Any]) -> None:
        self._finished.append((then, future))
        self._wake()

    def collect(self) -> None:
        """Hand back what is done; raises what the work raised, which is a fault of ours."""
        while self._finished:
            then, future = self._finished.popleft()
            then(future.result())

    def close(self) -> None:
        """Begin nothing more, and wait for nobody."""
        for pool in filter(None, (self._pool, self._desk)):
            pool.shutdown(wait=False, cancel_futures=True)
