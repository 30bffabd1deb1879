"""Answers and acts too long for one turn: a piece at a time, as fast as their reader reads."""

from __future__ import annotations

from collections.abc import Iterator

from xchat.chat.session import Request, Session

STEPS_A_TURN = 256
"""Pieces of all streams together in a turn: however many ask, the turn stays short."""
STEPS_OF_ONE = 64
"""Pieces of one stream in a turn."""
_END = object()


class Streams:
    """What is not finished; a session has at most one.

    A stream rests while `soft_bytes` of its session are unread, so a question
    costs no more memory than a piece of its answer, and while an event of it
    waits for the log, so each piece sees what the one before it has done.
    """

    def __init__(self, soft_bytes: int) -> None:
        self._soft_bytes = soft_bytes
        self._open: dict[Session, tuple[Request, Iterator[None]]] = {}

    def __contains__(self, session: Session) -> bool:
        return session in self._open

    def begin(self, request: Request, stream: Iterator[None]) -> None:
        """Take over the answering of a request."""
        request.begin_stream()
        self._open[request.session] = (request, stream)

    def forget(self, session: Session) -> None:
        """Drop the answer to a session that is gone."""
        self._open.pop(session, None)

    @property
    def can_go_on(self) -> bool:
        """Whether there is a piece to give."""
        return any(map(self._is_ready, self._open))

    def _is_ready(self, session: Session) -> bool:
        if session.ending is not None:
            return True
        return not session.unsettled and session.unread < self._soft_bytes

    def go_on(self) -> tuple[list[Session], list[Session]]:
        """Give pieces, in turn; return the sessions that got some, and those that got all."""
        told, finished = [], []
        budget = STEPS_A_TURN
        for session in filter(self._is_ready, list(self._open)):
            if budget <= 0:
                break
            request, stream = self._open.pop(session)
            steps, has_more = self._give(session, stream)
            budget -= steps
            told.append(session)
            if has_more:
                self._open[session] = (request, stream)  # behind those who wait
            else:
                request.end_stream()
                finished.append(session)
        return told, finished

    def _give(self, session: Session, stream: Iterator[None]) -> tuple[int, bool]:
        """Give one session its pieces; return how many, and whether there are more.

        One that ends gets none: its user may be gone.
        """
        if session.ending is not None:
            return 0, False
        for steps in range(1, STEPS_OF_ONE + 1):
            if next(stream, _END) is _END:
                return steps, False
            if not self._is_ready(session):
                return steps, True
        return STEPS_OF_ONE, True
