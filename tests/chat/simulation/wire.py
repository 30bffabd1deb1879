"""One connection as its client sees it: what it was told, and what it believes since.

The client believes every line: who is in its channels, under which names and
roles, and what the topic is, only from what it is told. The world compares
that with the truth after each turn, so a line that is missing, doubled, out of
its place, or told to the wrong one shows up as a false belief.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from xchat.chat.lines import format_time
from xchat.chat.session import Session
from xchat.irc import names
from xchat.irc.capabilities import MESSAGE_TAGS, MULTI_PREFIX, SERVER_TIME
from xchat.irc.framing import LineBuffer
from xchat.irc.message import Message, parse
from xchat.limits import LINE_BYTES_MAX, TAGS_BYTES_MAX

if TYPE_CHECKING:
    from tests.chat.simulation.referee import Referee

SAYING = ("PRIVMSG", "NOTICE", "TAGMSG")
SERVICES = ("NickServ", "ChanServ")
ROLE_OF = {"~": "q", "&": "a", "@": "o", "%": "h", "+": "v"}


@dataclass(slots=True)
class Room:
    """A channel as a client believes it to be: roles by nick, `complete` after the first NAMES."""

    nicks: dict[str, set[str]] = field(default_factory=dict)
    topic: str | None = None
    complete: bool = False
    knows_roles: bool = False


@dataclass(slots=True)
class Answer:
    """The answer to a labelled command: `ref` of its batch while that is open."""

    label: str
    ref: str = ""
    messages: list[Message] = field(default_factory=list)


class Wire:
    """A connection, from the outside."""

    def __init__(self, session: Session, referee: Referee) -> None:
        self.session = session
        self.referee = referee
        self.frames = LineBuffer()
        self.caps = 0
        """What the server has agreed to when it handles what is sent next."""
        self.account = ""
        """The account whose certificate it has."""
        self.nick = ""
        self.registered = False
        self.nick_refused = False
        self.error = ""
        self.rooms: dict[str, Room] = {}
        self.asked: deque[str] = deque()
        """Labels and the tokens of PINGs, in the order sent."""
        self.labelled: dict[str, str] = {}
        """What a label's command says, as a token."""
        self.told: list[str] = []
        self.due: list[str] = []
        """Tokens of what was said live: heard, and to be heard."""
        self.perhaps: set[str] = set()
        """What it need not have heard: it was yet to be told of the channel."""
        self.msgids: list[str] = []
        self.targets: dict[str, str] = {}
        """Where what has these msgids was said."""
        self.unread = bytearray()
        self.is_deaf = False
        self.is_late = False
        self._answer: Answer | None = None
        self._histories: dict[str, list[Message]] = {}
        self._manifold: dict[str, list[Message]] = {}
        """Messages in several lines that are being told: how each begins, and its lines."""
        self._naming: dict[str, dict[str, set[str]]] = {}

    def read(self) -> None:
        """Read all that has come, and believe it."""
        data, self.unread = bytes(self.unread), bytearray()
        self.is_late = self.session.backlog > 0
        assert not data or data.endswith(b"\r\n"), f"half a line: {data[-80:]!r}"
        for line in data.split(b"\r\n")[:-1]:
            try:
                self._line(line)
            except AssertionError as error:
                error.add_note(f"told to {self.nick or '?'} ({self.session.uid}): {line!r}")
                raise

    def _line(self, line: bytes) -> None:
        tags = line.find(b" ") + 1 if line.startswith(b"@") else 0
        assert tags <= TAGS_BYTES_MAX, "the tags are too long"
        assert len(line) - tags + 2 <= LINE_BYTES_MAX, "the line is too long"
        assert not self.error, "something is said after ERROR"
        message = parse(line)
        self._follow_answer(message)
        inside = message.tags.get("batch", "")
        if inside in self._manifold and message.command != "BATCH":
            self._manifold[inside].append(message)
        else:
            self._take(message)

    def _take(self, message: Message) -> None:
        history = self._histories.get(message.tags.get("batch", ""))
        if history is not None and message.command != "BATCH":
            history.append(message)
        else:
            handler = self._HANDLERS.get(message.command)
            if handler is not None:
                handler(self, message)

    # -- answers ------------------------------------------------------------------------------

    def _follow_answer(self, message: Message) -> None:
        label = message.tags.get("label", "")
        if label:
            assert self._answer is None, f"{label} is answered within another answer"
            self._expect(label)
            opens = message.command == "BATCH" and message.params[0].startswith("+")
            self._answer = Answer(label, message.params[0][1:] if opens else "")
        answer = self._answer
        if answer is None:
            return
        answer.messages.append(message)
        if not answer.ref or (message.command, *message.params) == ("BATCH", f"-{answer.ref}"):
            self._answer = None
            self._answered(answer)

    def _expect(self, token: str) -> None:
        assert self.asked, f"{token} is answered, and nothing was asked"
        asked = self.asked.popleft()
        assert token == asked, f"{token} is answered before {asked}"

    def _answered(self, answer: Answer) -> None:
        """A message is kept, or refused in words; the answer says which."""
        token = self.labelled.pop(answer.label, "")
        if token:
            refused = any(m.command == "FAIL" or m.command[0] in "45" for m in answer.messages)
            self.referee.promised(token, kept=not refused)

    def _pong(self, message: Message) -> None:
        if message.params[1].startswith("p:"):
            self._expect(message.params[1])

    # -- what is said -------------------------------------------------------------------------

    def _said(self, message: Message) -> None:
        if message.nick in SERVICES or "!" not in (message.source or ""):
            return
        token = token_of(message)
        if token.startswith("m"):
            assert self.told, "a line goes on from none"
            assert self.told[-1][1:] == token[1:], "a line goes on from another's"
            return
        if token.startswith("y"):
            inside = names.fold(message.params[0]) in self.rooms
            assert inside or message.nick == self.nick, "typing is heard outside"
            return
        self.told.append(token)
        self._check_said(message, token)
        if not self.is_late:
            caps = self.session.caps
            assert not caps & MESSAGE_TAGS or "msgid" in message.tags, "no msgid"
            assert not caps & SERVER_TIME or "time" in message.tags, "no time"

    def _check_said(self, message: Message, token: str) -> None:
        """Echo means kept: what is told is in the file, and says the same there."""
        kept = self.referee.find_said(message, token)
        assert kept is not None, f"{token} was told, and is not kept"
        row, msgid = kept
        # A channel may be called otherwise by now.
        shown = message.params[0] if names.is_channel(row.shown) else row.shown
        params = (shown,) if row.text is None else (shown, row.text)
        if row.text is not None and "\n" not in message.params[-1]:
            params = (shown, row.text.partition("\n")[0])
        assert (message.source, message.command) == (row.source, row.command)
        assert message.params == params, "told otherwise than it is kept"
        assert message.tags.get("msgid", msgid) == msgid
        assert message.tags.get("time", format_time(row.ts)) == format_time(row.ts)
        self.msgids.append(msgid)
        self.targets[msgid] = (
            shown if names.is_channel(shown) or row.source == self.nick else (message.nick)
        )

    def _batch(self, message: Message) -> None:
        sign, ref = message.params[0][0], message.params[0][1:]
        if sign == "+" and message.params[1] == "draft/multiline":
            self._manifold[ref] = [message]
        elif sign == "-" and ref in self._manifold:
            start, *lines = self._manifold.pop(ref)
            assert all(line.params[0] == start.params[2] for line in lines)
            text = "\n".join(line.params[1] for line in lines)
            params = (start.params[2], text)
            self._take(Message("PRIVMSG", params, start.source, start.tags))
        elif sign == "+" and message.params[1] == "chathistory":
            assert ref not in self._histories, "two batches with one reference"
            self._histories[ref] = []
        elif sign == "-" and ref in self._histories:
            told = self._histories.pop(ref)
            for line in told:
                if line.command in SAYING:
                    if not token_of(line).startswith("m"):
                        self._check_said(line, token_of(line))
                else:
                    self.referee.check_happened(line)
            said = [
                line
                for line in told
                if line.command in ("PRIVMSG", "NOTICE") and not token_of(line).startswith("m")
            ]
            self.referee.check_history(self, said)

    # -- what is believed ---------------------------------------------------------------------

    def _welcome(self, message: Message) -> None:
        assert not self.registered, "welcomed twice"
        self.registered, self.nick = True, message.params[0]

    def _nick_refused(self, message: Message) -> None:
        self.nick_refused = True

    def _error(self, message: Message) -> None:
        self.error = message.params[0]

    def _joined(self, message: Message) -> None:
        folded = names.fold(message.params[0])
        if message.nick == self.nick:
            assert folded not in self.rooms, "joined twice"
            self.rooms[folded] = Room()
            self._naming.pop(folded, None)
        else:
            nicks = self.rooms[folded].nicks
            assert message.nick not in nicks, "joined twice"
            nicks[message.nick] = set()

    def _left(self, message: Message) -> None:
        self._remove(names.fold(message.params[0]), message.nick)

    def _channel_renamed(self, message: Message) -> None:
        old, new = map(names.fold, message.params[:2])
        room = self.rooms.pop(old)
        assert new not in self.rooms, "two channels of one name"
        self.rooms[new] = room
        self._naming.pop(new, None)

    def _kicked(self, message: Message) -> None:
        self._remove(names.fold(message.params[0]), message.params[1])

    def _remove(self, folded: str, nick: str) -> None:
        assert nick in self.rooms[folded].nicks, "left without having been there"
        if nick == self.nick:
            del self.rooms[folded]
        else:
            del self.rooms[folded].nicks[nick]

    def _quit(self, message: Message) -> None:
        if message.nick == self.nick:
            return  # its own, said back before the connection ends
        shared = [room for room in self.rooms.values() if message.nick in room.nicks]
        # Who goes in the turn in which they enter is not told who is there.
        is_told = all(room.complete for room in self.rooms.values())
        assert shared or not is_told, "a stranger's QUIT"
        for room in shared:
            del room.nicks[message.nick]

    def _renamed(self, message: Message) -> None:
        old, new = message.nick, message.params[0]
        shared = [room for room in self.rooms.values() if old in room.nicks]
        # Who is welcomed and renamed in one turn is welcomed by the later name.
        assert shared or self.nick in (old, new), "a stranger's NICK"
        for room in shared:
            assert old == new or new not in room.nicks, "a nick has two holders"
            room.nicks[new] = room.nicks.pop(old)
        if old == self.nick:
            self.nick = new

    def _moded(self, message: Message) -> None:
        if not names.is_channel(message.params[0]):
            return
        room = self.rooms[names.fold(message.params[0])]
        arguments = iter(message.params[2:])
        sign = "+"
        for letter in message.params[1]:
            if letter in "+-":
                sign = letter
            elif letter in "qaohv":
                roles = room.nicks[next(arguments)]
                roles.add(letter) if sign == "+" else roles.discard(letter)
            elif letter in "beIk" or (letter == "l" and sign == "+"):
                next(arguments)

    def _topic_set(self, message: Message) -> None:
        self.rooms[names.fold(message.params[0])].topic = message.params[1] or None

    def _topic_told(self, message: Message) -> None:
        room = self.rooms.get(names.fold(message.params[1]))
        if room is not None:
            text = message.params[2] if message.command == "332" else None
            assert not room.complete or room.topic == text, "the topic told is not the last one set"
            room.topic = text

    def _named(self, message: Message) -> None:
        found = self._naming.setdefault(names.fold(message.params[2]), {})
        for word in message.params[3].split():
            nick = word.lstrip("~&@%+")
            found[nick.partition("!")[0]] = {ROLE_OF[sign] for sign in word[: -len(nick)]}

    def _names_ended(self, message: Message) -> None:
        if not names.is_channel(message.params[1]) or not is_name(message.params[1]):
            return
        folded = names.fold(message.params[1])
        found, room = self._naming.pop(folded, {}), self.rooms.get(folded)
        if room is None:
            return
        if room.complete:
            assert found.keys() == room.nicks.keys(), "NAMES says otherwise than what was told"
        else:
            room.nicks, room.complete = found, True
            room.knows_roles = not self.is_late and bool(self.session.caps & MULTI_PREFIX)

    _HANDLERS: ClassVar[dict[str, Callable[[Wire, Message], None]]] = {
        "001": _welcome,
        "331": _topic_told,
        "332": _topic_told,
        "353": _named,
        "366": _names_ended,
        "433": _nick_refused,
        "BATCH": _batch,
        "ERROR": _error,
        "JOIN": _joined,
        "KICK": _kicked,
        "MODE": _moded,
        "NICK": _renamed,
        "NOTICE": _said,
        "PART": _left,
        "PONG": _pong,
        "PRIVMSG": _said,
        "QUIT": _quit,
        "RENAME": _channel_renamed,
        "TAGMSG": _said,
        "TOPIC": _topic_set,
    }


def token_of(message: Message) -> str:
    """Return the word by which what was said is known."""
    if message.command == "TAGMSG":
        return message.tags.get("+x") or message.tags["+typing"]
    return message.params[1].split()[0]


def is_name(name: str) -> bool:
    """Say whether a name folds at all."""
    try:
        return bool(names.fold(name))
    except names.BadName:
        return False
