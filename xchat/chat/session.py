"""One logged-in client, or one on its way to be: no socket, no clock."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from xchat.chat.lines import Line, render
from xchat.chat.multiline import OpenBatch
from xchat.chat.sasl import Exchange
from xchat.irc.capabilities import BATCH, LABELED_RESPONSE
from xchat.irc.framing import LineTooLong
from xchat.irc.message import Message, escape_tag
from xchat.limits import LABEL_BYTES_MAX

LABEL_BATCH = "label"
"""The reference of a labelled answer's batch; a session has at most one open."""


class Claim(msgspec.Struct):
    """What a client has said of itself before it is registered."""

    nick: str = ""
    user: str = ""
    realname: str = ""
    wanted: str = ""
    """The nick that was asked for last, taken or not."""
    password: str | None = None
    account: str = ""
    """The aid of the account that the client has logged in to."""
    proof: str = ""
    """What it has logged in by: `password`, `scram` or `certificate`."""
    negotiating: bool = False
    """Between CAP LS or REQ and CAP END registration waits (IRCv3 capability negotiation)."""


class Session:
    """What the rules know of one connection.

    `outbox` holds the bytes it is to be sent; the server takes them once a
    turn, after the commit. `inbox` holds lines that wait for their turn.
    `open` are the requests not answered yet, oldest first; only the oldest may
    speak, so that replies keep the order of the commands.
    """

    __slots__ = (
        "address",
        "away",
        "backlog",
        "batch",
        "cap_version",
        "caps",
        "certificate",
        "certified",
        "claim",
        "closing",
        "ending",
        "exempt",
        "failures",
        "heard",
        "inbox",
        "open",
        "outbox",
        "registered",
        "rejoining",
        "said",
        "sasl",
        "sid",
        "tokens",
        "tokens_at",
        "uid",
        "unsettled",
    )

    def __init__(self, sid: str, address: str, now: float, *, exempt: bool = False) -> None:
        self.sid = sid
        self.uid = sid
        """The user it is a session of: one of its own, unless it is attached to one who is here."""
        self.address = address
        self.certificate = ""
        """The SHA-256 fingerprint of the client's certificate, in lower-case hex, if it has one."""
        self.certified = ""
        """The account whose device that certificate is, in the words of a CA of ours."""
        self.exempt = exempt
        self.caps = 0
        self.cap_version = 0
        self.claim = Claim()
        self.registered = False
        self.rejoining: Iterator[None] | None = None
        """What a device that was attached has yet to be told of its user's channels."""
        self.ending: str | None = None
        self.closing: str | None = None
        """Why it ends: once it is to, nothing more of it is handled; once what it asked
        is answered it has been told so, and is closing."""
        self.sasl: Exchange | None = None
        """The SASL exchange that it is in the middle of."""
        self.failures = 0
        """How many of its logins have failed."""
        self.batch: OpenBatch | None = None
        """A message in several lines that it is sending."""
        self.backlog = 0
        """Bytes that were taken out of the outbox and that the client has not read yet."""
        self.inbox: list[bytes | LineTooLong] = []
        self.outbox: list[bytes] = []
        self.open: list[Request] = []
        self.unsettled = 0
        """Appends that change state and are not settled: commands that see it wait."""
        self.tokens = 0.0
        self.tokens_at = now
        self.away: str | None = None
        """That nobody sits at this device, and why; NOT_HERE if it came of its own accord."""
        self.heard = now
        self.said = now
        """When the client last spoke at all, and when it last said something (seconds)."""

    @property
    def unread(self) -> int:
        """How many bytes it was told and has not read, those of this turn included."""
        return self.backlog + sum(map(len, self.outbox))


class Request:
    """One command of a session, until everything that it comes to has been said.

    With a label (IRCv3 labeled-response) the lines are collected first: none
    becomes an ACK, one carries the label, several become a batch.
    """

    __slots__ = (
        "_batch",
        "_collected",
        "_finished",
        "_waiting",
        "label",
        "message",
        "server",
        "session",
        "voice",
    )

    def __init__(self, session: Session, message: Message, server: str) -> None:
        wanted = LABELED_RESPONSE | BATCH
        self.session = session
        self.message = message
        self.server = server
        self.voice = ""
        """The source of the service that answers it, in notices; empty for the server itself."""
        self.label = ""
        if message.tags and session.caps & wanted == wanted:
            label = message.tags.get("label", "")
            self.label = label if len(label.encode()) <= LABEL_BYTES_MAX else ""
        self._batch = ""
        self._collected: list[tuple[Line, str]] = []
        self._finished = False
        self._waiting = 0

    @property
    def params(self) -> tuple[str, ...]:
        """The parameters of the command."""
        return self.message.params

    def put(self, line: Line, tag: str = "") -> None:
        """Tell the session a line that answers this request; `tag` is one more tag for it."""
        session = self.session
        tag = tag or self._batch
        if self.label or (session.open and session.open[0] is not self):
            self._collected.append((line, tag))
        else:
            session.outbox.append(render(line, session.caps, tag))

    def begin_stream(self) -> None:
        """Speak at once from here on, in a batch where there is a label.

        For an answer too long to be collected; nothing else of the session is open.
        """
        if self.label:
            start = Line(self.server, "BATCH", (f"+{LABEL_BATCH}", "labeled-response"))
            label, self.label = self.label, ""
            self.put(start, f"label={escape_tag(label)}")
            self._batch = f"batch={LABEL_BATCH}"

    def end_stream(self) -> None:
        """End the answer that `begin_stream` began."""
        if self._batch:
            self._batch = ""
            self.put(Line(self.server, "BATCH", (f"-{LABEL_BATCH}",)))
        self.finish()

    @property
    def key(self) -> str:
        """Whose events keep their order in the log: those of a session do."""
        return self.session.sid

    @property
    def is_gone(self) -> bool:
        """Whether the session has ended."""
        return self.session.closing is not None

    def claimed(self, *, changes: bool) -> None:
        """Remember that an event of this request waits for the log."""
        self.session.unsettled += changes
        self.wait()

    def placed(self, *, changes: bool) -> None:
        """Remember that the log has decided on one of those."""
        self.session.unsettled -= changes

    def wait(self) -> None:
        """Remember that something of this request has yet to come."""
        self._waiting += 1
        self._queue()

    def settled(self) -> None:
        """Remember that one of those has come, or was lost."""
        self._waiting -= 1
        self._answer()

    def finish(self) -> None:
        """Remember that the handler has returned: what is not said now comes from the log."""
        self._finished = True
        if self.session.open:
            self._queue()
            self._answer()
        else:
            self.speak()

    def _queue(self) -> None:
        if self not in self.session.open:
            self.session.open.append(self)

    def _answer(self) -> None:
        """Let the oldest requests speak, as far as they are answered."""
        waiting = self.session.open
        while waiting and waiting[0].is_answered:
            waiting.pop(0).speak()
            if waiting and not waiting[0].label:
                waiting[0].speak()

    @property
    def is_answered(self) -> bool:
        """Whether nothing more will come of this request."""
        return self._finished and not self._waiting

    def speak(self) -> None:
        """Say what was collected, with the label if there is one."""
        collected, self._collected = self._collected, []
        session = self.session
        for line, tag in labelled(collected, self.label, self.server) if self.label else collected:
            session.outbox.append(render(line, session.caps, tag))


class News(Request):
    """What a session is told that it did not ask for, at once, whatever it waits for.

    It belongs among the lines that others are told in the same moment.
    """

    def put(self, line: Line, tag: str = "") -> None:
        """Tell the session a line."""
        self.session.outbox.append(render(line, self.session.caps, tag))

    def finish(self) -> None:
        """End; nothing has waited."""


def labelled(lines: list[tuple[Line, str]], label: str, server: str) -> list[tuple[Line, str]]:
    """Return the answer to a labelled command (IRCv3 labeled-response)."""
    tag = f"label={escape_tag(label)}"
    if not lines:
        return [(Line(server, "ACK", ()), tag)]
    first, first_tag = lines[0]
    if len(lines) == 1 or (_is_one_batch(lines) and not first_tag):
        return [(first, f"{tag};{first_tag}" if first_tag else tag), *lines[1:]]
    inner = [(line, inner_tag or f"batch={LABEL_BATCH}") for line, inner_tag in lines]
    return [
        (Line(server, "BATCH", (f"+{LABEL_BATCH}", "labeled-response")), tag),
        *inner,
        (Line(server, "BATCH", (f"-{LABEL_BATCH}",)), ""),
    ]


def _is_one_batch(lines: list[tuple[Line, str]]) -> bool:
    first, last = lines[0][0], lines[-1][0]
    return first.command == last.command == "BATCH" and last.params[0][1:] == first.params[0][1:]
