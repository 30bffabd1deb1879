"""What a handler answers with: numerics, FAIL, and refusals as one or the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from xchat.chat.admin.operation import Operation
from xchat.chat.asker import Asker
from xchat.chat.ledger import Ledger
from xchat.chat.lines import Line
from xchat.chat.refused import SPECIFIED_CODES, Failed, Refused
from xchat.chat.session import Request, Session
from xchat.chat.state import State
from xchat.chat.text import cut
from xchat.irc.capabilities import BATCH, STANDARD_REPLIES
from xchat.irc.message import NO_TAGS
from xchat.irc.numerics import ERR_UNKNOWNERROR, Numeric
from xchat.limits import LINE_BYTES_MAX, PARAM_ECHO_BYTES


class Desk:
    """The part of the hub that speaks; lines of it come from `name` and are of `now_ms`."""

    def __init__(self, name: str, ledger: Ledger, now_ms: int) -> None:
        self.name = name
        self.ledger = ledger
        self.now_ms = now_ms
        self._batches = 0

    @property
    def state(self) -> State:
        """The live state; what `Ledger.recover` reads again takes its place."""
        return self.ledger.state

    def nick_of(self, session: Session) -> str:
        """Return what a session is called in its replies."""
        user = self.state.users.get(session.uid)
        return user.nick if user else session.claim.nick or "*"

    def reply(
        self, request: Request, numeric: Numeric, *params: str, text: str | None = None
    ) -> None:
        """Answer with a numeric; `text` in place of its usual words, if it has any."""
        words = numeric.text if text is None else text
        tail = () if words is None else (words,)
        nick = self.nick_of(request.session)
        request.put(Line(self.name, numeric.code, (nick, *params, *tail), self.now_ms))

    def refuse(self, asker: Asker, fault: Refused | Failed) -> None:
        """Answer with what a refusal carries; of what the client said, as much as fits."""
        if isinstance(asker, Operation):
            asker.refused(fault)
        else:
            self._refuse(asker, fault)

    def _refuse(self, request: Request, fault: Refused | Failed) -> None:
        if request.voice:
            self._say_refusal(request, fault)
        elif isinstance(fault, Refused):
            shown = (cut(param, PARAM_ECHO_BYTES) for param in fault.params)
            self.reply(request, fault.numeric, *shown, text=fault.text)
        else:
            self._fail(request, fault)

    def _say_refusal(self, request: Request, fault: Refused | Failed) -> None:
        """Answer with a notice of the service that was asked."""
        words = fault.text or (fault.numeric.text if isinstance(fault, Refused) else "") or "No"
        about = (
            " ".join(cut(param, PARAM_ECHO_BYTES) for param in fault.params)
            if isinstance(fault, Refused)
            else ""
        )
        text = f"{about}: {words}" if about else words
        line = Line(request.voice, "NOTICE", (self.nick_of(request.session), text), self.now_ms)
        request.put(line)

    def _fail(self, request: Request, fault: Failed) -> None:
        """Answer with FAIL (IRCv3 standard-replies), or a numeric for who does not know it.

        What a specification says is answered with FAIL, is, whatever was negotiated.
        """
        if fault.code in SPECIFIED_CODES or request.session.caps & STANDARD_REPLIES:
            request.put(self.fail_line(request, fault))
        else:
            text = f"{fault.code}: {fault.text}"
            self.reply(request, ERR_UNKNOWNERROR, _refused_command(request, fault), text=text)

    def fail_line(self, request: Request, fault: Failed) -> Line:
        """Return a FAIL of a command; of what the client said, as much as fits."""
        shown = (cut(param, PARAM_ECHO_BYTES) for param in fault.context)
        params = (_refused_command(request, fault), fault.code, *shown, fault.text)
        return Line(self.name, "FAIL", params, self.now_ms)

    def row_bytes(self, request: Request, *params: str) -> int:
        """Return how many bytes the last parameter of a numeric may have, after these."""
        head = " ".join((f":{self.name}", "000", self.nick_of(request.session), *params, ":"))
        return LINE_BYTES_MAX - len(head.encode()) - len("\r\n")

    def say_batch(
        self,
        request: Request,
        kind: Sequence[str],
        lines: Iterable[Line],
        tags: Mapping[str, str] = NO_TAGS,
    ) -> None:
        """Tell lines, in a batch of this type, with these tags, where the client knows batches."""
        with self.batch(request, kind, tags) as tag:
            for line in lines:
                request.put(line, tag)

    @contextmanager
    def batch(
        self, request: Request, kind: Sequence[str], tags: Mapping[str, str] = NO_TAGS
    ) -> Iterator[str]:
        """Begin and end a batch around what is put with this tag; without the capability none."""
        if not request.session.caps & BATCH:
            yield ""
            return
        reference = f"{kind[0].rpartition('/')[2]}{self.next_batch()}"
        request.put(Line(self.name, "BATCH", (f"+{reference}", *kind), tags=tags))
        yield f"batch={reference}"
        request.put(Line(self.name, "BATCH", (f"-{reference}",)))

    def next_batch(self) -> int:
        """Return a number for a batch that no open one has."""
        self._batches += 1
        return self._batches


def _refused_command(request: Request, fault: Failed) -> str:
    return fault.command or request.message.command or "*"
