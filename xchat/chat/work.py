"""What takes too long for a turn: done beside the loop, and taken up again in a later turn.

The hub only holds it: the server takes what waits (`take`), runs it on a small
pool of threads, and hands back what came of it (`done`). Meanwhile the request
is open, so that nothing of its session overtakes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from xchat.chat.asker import Asker
from xchat.chat.refused import Failed, Ignored, Refused
from xchat.limits import WORK_PENDING_MAX, WORK_PER_ASKER_MAX

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

Result = TypeVar("Result")


class Job(NamedTuple):
    """One piece of work: `run` reads nothing of ours and may take long; `then` is quick."""

    asker: Asker
    run: Callable[[], Any]
    then: Callable[[Any], None]


class Work:
    """The work of all sessions; called, it takes one piece more."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiting: list[Job] = []
        self._done: list[tuple[Job, Any]] = []
        self._pending: Counter[str] = Counter()
        """How many pieces each asker waits for."""

    def __call__(
        self, asker: Asker, run: Callable[[], Result], then: Callable[[Result], None]
    ) -> None:
        """Have `run` done beside the loop, and `then` called with what it returned.

        `then` may refuse as a handler may. Raises Failed where too much waits.
        """
        is_much = self._pending[asker.key] >= WORK_PER_ASKER_MAX
        if is_much or self._pending.total() >= WORK_PENDING_MAX:
            raise Failed("TEMPORARILY_UNAVAILABLE", text="Too busy, try again in a moment")
        self._pending[asker.key] += 1
        self._waiting.append(Job(asker, run, then))
        asker.wait()

    @property
    def is_done(self) -> bool:
        """Whether something is done and waits for `conclude`."""
        return bool(self._done)

    def take(self) -> list[Job]:
        """Return what is to be done, each once."""
        taken, self._waiting = self._waiting, []
        return taken

    def done(self, job: Job, result: object) -> None:
        """Take what came of a piece; `conclude` goes on with it."""
        self._done.append((job, result))

    def forget(self) -> None:
        """Owe nothing to anybody, after a fault of ours: what came of some is lost with it."""
        self._pending.clear()

    def conclude(self) -> None:
        """Go on with what is done; where nobody waits for it any more, it is let go."""
        finished, self._done = self._done, []
        for job, result in finished:
            self._pending[job.asker.key] -= 1
            self._pending += Counter()  # forgets whom nothing is owed
            if not job.asker.is_gone:
                self._go_on(job, result)
            self._hub.settled(job.asker)

    def _go_on(self, job: Job, result: object) -> None:
        try:
            job.then(result)
        except (Refused, Failed) as refusal:
            self._hub.refuse(job.asker, refusal)
        except Ignored:
            pass
