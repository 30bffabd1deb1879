"""Who has come to enrol: each connection's one line, and the one line that answers it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from xchat.chat.admin.operation import Operation
from xchat.chat.hub import Hub
from xchat.chat.refused import Failed
from xchat.irc.framing import LineTooLong
from xchat.limits import ENROLMENT_LINE_BYTES_MAX
from xchat.server.connection import Connection


class Applicant(Operation):
    """Who has come to enrol: from where, with which certificate (DER, or none), and the answer."""

    def __init__(self, number: int, address: str, *, exempt: bool, shown: bytes) -> None:
        super().__init__(address, "enrol")
        self.number = number
        self.address = address
        self.exempt = exempt
        self.shown = shown
        self.line: bytes | LineTooLong | None = None
        """What they have said, until it is served."""
        self.has_asked = False

    @property
    def key(self) -> str:
        """What one waits for keeps nobody else waiting."""
        return f"enrolment {self.number}"

    @property
    def is_done(self) -> bool:
        """Whether there is something to tell, and nothing more to come."""
        has_begun = self.has_asked and self.line is None
        return self.is_settled and (has_begun or self.refusal is not None)


class Applicants(ABC):
    """The connections of those who enrol; what they ask is dealt with by who inherits."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._count = 0
        self._applicants: dict[Connection, Applicant] = {}

    @abstractmethod
    def ask(self, applicant: Applicant, line: bytes) -> None:
        """Begin what a line asks for."""

    @abstractmethod
    def answer_to(self, applicant: Applicant) -> bytes:
        """Return the line that ends it, once all has come that is to come."""

    def begin(self, connection: Connection, *, exempt: bool, refusal: str | None) -> None:
        """Take somebody in; with a `refusal` they are here only to be told it."""
        self._count += 1
        applicant = Applicant(
            self._count, connection.address, exempt=exempt, shown=connection.vouched
        )
        if refusal is not None:
            applicant.refused(Failed("NOT_LET_IN", text=refusal))
        self._applicants[connection] = applicant

    def hear(self, connection: Connection, line: bytes | LineTooLong) -> None:
        """Take what somebody says; what follows the first line is not heard."""
        applicant = self._applicants.get(connection)
        if applicant is None or applicant.is_done or applicant.has_asked:
            return
        applicant.has_asked, applicant.line = True, line
        connection.since = self._hub.now

    def serve(self) -> None:
        """Begin what was asked for since the last turn."""
        for applicant in list(self._applicants.values()):
            line, applicant.line = applicant.line, None
            if isinstance(line, LineTooLong):
                text = f"A question has at most {ENROLMENT_LINE_BYTES_MAX:,} bytes"
                applicant.refused(Failed("NOT_UNDERSTOOD", text=text))
            elif line is not None:
                self.ask(applicant, line)

    def answers(self) -> list[tuple[Connection, bytes]]:
        """Return what is to be told, each once, and to whom."""
        done = [(who, each) for who, each in self._applicants.items() if each.is_done]
        return [(who, self.answer_to(self._applicants.pop(who))) for who, _ in done]

    def recover(self) -> list[Connection]:
        """Give up, after a fault of ours, whoever waits for an answer that may never come."""
        waiting = [who for who, each in self._applicants.items() if each.has_asked]
        for connection in waiting:
            self.forget(connection)
        return waiting

    def forget(self, connection: Connection) -> None:
        """Tell nothing more to who is gone; what is not begun yet is let be."""
        applicant = self._applicants.pop(connection, None)
        if applicant is not None:
            applicant.is_gone = True
