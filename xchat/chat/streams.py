"""Answers too long for one turn: given piece by piece, as fast as their reader reads."""

from __future__ import annotations

from collections.abc import Iterator

from xchat.chat.session import Request, Session

STEPS_A_TURN = 100
_END = object()


class Streams:
    """The long answers that are not finished; a session has at most one.

    A stream rests while `soft_bytes` of its session are unread, so nobody's
    question costs more memory than one turn's pieces of the answer.
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
        """Whether some reader keeps up."""
        return any(session.backlog < self._soft_bytes for session in self._open)

    def go_on(self) -> tuple[list[Session], list[Session]]:
        """Give everyone who keeps up a piece; return who was told something, and who all."""
        ready = [session for session in self._open if session.backlog < self._soft_bytes]
        return ready, [session for session in ready if self._finish(session)]

    def _finish(self, session: Session) -> bool:
        """Give one piece of an answer; say whether it was the last."""
        request, stream = self._open[session]
        for _ in range(STEPS_A_TURN):
            if next(stream, _END) is _END:
                del self._open[session]
                request.end_stream()
                return True
        return False
