"""What people do: a table of commands with weights, all drawn from one seed.

Nicks and channels come from small pools, spelt in several ways, so that people
meet, race for names and lock each other out. What is said carries a token that
is said only once: `t7` is kept, `y7` (typing) is not.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from xchat.irc.capabilities import (
    BATCH,
    BY_NAME,
    CAP_NOTIFY,
    CAPABILITIES,
    LABELED_RESPONSE,
    MULTILINE,
)

if TYPE_CHECKING:
    from tests.chat.simulation.wire import Wire

NICKS = ("ana", "Ana", "beka", "გიორგი", "ნინო", "Ωmega", "аna", "zed", "zed_", "li", "mo", "O0")
ACCOUNTS = ("ana", "li", "mo")
CHANNELS = ("#lobby", "#Lobby", "#ლობი", "#tea", "#secret", "#one", "#оne")
LETTERS = (
    "+o",
    "-o",
    "+h",
    "-h",
    "+v",
    "-v",
    "+m",
    "-m",
    "+i",
    "-i",
    "+s",
    "-s",
    "+n",
    "-n",
    "+t",
    "-t",
)
LISTS = ("+b", "-b", "+k", "-k", "+l", "-l", "b", "+e", "-e", "+I", "beI", "+bkl", "+ov-o", "+ntx")
MASKS = ("*!*@*", "m:*", "ana", "*!*@10.0.0.1", "ნ*", "?", "*")
WORDS = ("hello", "გამარჯობა", "👋🏽", "a b  c", ":)", " ", "\x01ACTION waves\x01", "x" * 300)
NAMELESS = ("no-implicit-names", "draft/no-implicit-names")  # who has these is told less
REQUEST_CHARS_MAX = 490
ALL_CAPS = tuple(row.name for row in CAPABILITIES if row.name not in NAMELESS)


class Line(NamedTuple):
    """A line to send; a label may be put before it where `labels`; `token` is what it says."""

    text: str
    labels: bool = True
    token: str = ""


class Talk:
    """One source of everything that people say."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self._tokens = count(1)
        self.speakers: dict[str, str] = {}
        """By token, the sid of who says it."""
        self._speaker = ""
        self._makers = [make for make, weight in _TABLE for _ in range(weight)]

    def line(self, wire: Wire) -> Line:
        """Return something that this client does now."""
        self._speaker = wire.session.sid
        return self.rng.choice(self._makers)(self, wire)

    def token(self, kind: str = "t") -> str:
        """Return a word that nobody has said."""
        token = f"{kind}{next(self._tokens)}"
        self.speakers[token] = self._speaker
        return token

    def nick(self) -> str:
        """Return somebody's nick, perhaps nobody's."""
        return self.rng.choice(NICKS)

    def channel(self, wire: Wire) -> str:
        """Return a channel, most often one that the client is in."""
        inside = sorted(wire.rooms)
        return self.rng.choice(inside if inside and self.rng.random() < 0.7 else CHANNELS)

    def registration(self, wire: Wire) -> list[Line]:
        """Return how a client introduces itself."""
        nick = wire.account if wire.account and self.rng.random() < 0.8 else self.nick()
        lines = [Line(f"NICK {nick}", labels=False), Line("USER u 0 * :A B", labels=False)]
        self.rng.shuffle(lines)
        if wire.account and self.rng.random() < 0.9:
            lines = [*_LOG_IN, *lines]
        if self.rng.random() < 0.9:
            lines = [_cap_req(self, wire), *lines, Line("CAP END", labels=False)]
        return lines

    def retry(self) -> list[Line]:
        """Return what a client says whose nick was refused, or whose claim was lost."""
        return [Line(f"NICK {self.nick()}", labels=False), Line("CAP END", labels=False)]


_LOG_IN = (Line("AUTHENTICATE EXTERNAL", labels=False), Line("AUTHENTICATE +", labels=False))


def _cap_req(talk: Talk, wire: Wire) -> Line:
    many = talk.rng.random()
    names = [name for name in ALL_CAPS if talk.rng.random() < 0.3 + 0.7 * many]
    words = [
        f"-{name}" if name != "cap-notify" and talk.rng.random() < 0.15 else name for name in names
    ]
    while len(" ".join(words)) > REQUEST_CHARS_MAX:  # a longer line is refused whole
        del words[talk.rng.randrange(len(words))]
    for word in words:
        bit = BY_NAME[word.removeprefix("-")].bit
        wire.caps = wire.caps & ~bit if word.startswith("-") else wire.caps | bit
    half = len(words) // 2  # all of them do not fit in a line
    lines = (f"CAP REQ :{' '.join(some)}" for some in (words[:half], words[half:]))
    return Line("\r\n".join(lines), labels=False)


def _cap_ls(talk: Talk, wire: Wire) -> Line:
    wire.caps |= CAP_NOTIFY
    return Line("CAP LS 302", labels=False)


def _join(talk: Talk, wire: Wire) -> Line:
    names = [talk.rng.choice(CHANNELS) for _ in range(talk.rng.choice((1, 1, 1, 2, 3)))]
    keys = talk.rng.choice(("", "", " k1", " k1,k2"))
    return Line("JOIN 0" if talk.rng.random() < 0.02 else f"JOIN {','.join(names)}{keys}")


def _part(talk: Talk, wire: Wire) -> Line:
    return Line(f"PART {talk.channel(wire)}{talk.rng.choice(('', ' :bye now'))}")


def _say(talk: Talk, target: str, *, sure: bool = True) -> Line:
    token = talk.token()
    command = talk.rng.choice(("PRIVMSG",) * 4 + ("NOTICE",))
    tags = talk.rng.choice(("", "", "", "@+react=a\\sb;+x "))
    text = f"{tags}{command} {target} :{token} {talk.rng.choice(WORDS)}"
    return Line(text, token=token if sure and command == "PRIVMSG" else "")


def _say_channel(talk: Talk, wire: Wire) -> Line:
    return _say(talk, talk.channel(wire))


def _say_user(talk: Talk, wire: Wire) -> Line:
    return _say(talk, talk.nick())


def _say_many(talk: Talk, wire: Wire) -> Line:
    targets = (talk.channel(wire), talk.nick(), talk.channel(wire), talk.nick())
    return _say(talk, ",".join(targets[: talk.rng.randrange(2, 5)]), sure=False)


def _say_some(talk: Talk, wire: Wire) -> Line:
    return _say(talk, f"{talk.rng.choice('@%+')}{talk.channel(wire)}")


def _say_lines(talk: Talk, wire: Wire) -> Line:
    needed = BATCH | MULTILINE
    if wire.caps & needed != needed:
        return Line("PING nomultiline")
    token, target = talk.token(), talk.rng.choice((talk.channel(wire), talk.nick()))
    goes_on = (f"m{token[1:]} {talk.rng.choice(WORDS)}" for _ in range(talk.rng.randrange(3)))
    said = [f"@batch=r PRIVMSG {target} :{text}" for text in (f"{token} first", *goes_on)]
    lines = [f"BATCH +r draft/multiline {target}", *said, "BATCH -r"]
    return Line("\r\n".join(lines), token=token)


def _redact(talk: Talk, wire: Wire) -> Line:
    known = wire.msgids[-10:]
    if not known:
        return Line("REDACT #lobby nothing")
    msgid = talk.rng.choice(known)
    return Line(f"REDACT {wire.targets[msgid]} {msgid}{talk.rng.choice(('', ' :oh'))}")


def _mark(talk: Talk, wire: Wire) -> Line:
    target = talk.rng.choice((talk.channel(wire), talk.nick()))
    when = talk.rng.choice(("", "13:20.000Z", "14:20.000Z", "59:59.999Z"))
    return Line(f"MARKREAD {target}" + (f" timestamp=2023-11-14T22:{when}" if when else ""))


def _keep(talk: Talk, wire: Wire) -> Line:
    channel, nick, account = talk.channel(wire), talk.nick(), talk.rng.choice(ACCOUNTS)
    return Line(talk.rng.choice((
        f"CS REGISTER {channel}", f"CS REGISTER {channel}", f"CS DROP {channel} {channel}",
        f"CS OP {channel} {nick}", f"CS OP {channel}", f"CS DEOP {channel} {nick}",
        f"CS ACCESS {channel} ADD {account} {talk.rng.choice(('op', 'voice', 'admin'))}",
        f"CS ACCESS {channel} DEL {account}", f"CS TRANSFER {channel} {account}",
        f"CS UNBAN {channel}", f"CS INFO {channel}", f"TBAN {channel}",
        f"TBAN {channel} {talk.rng.choice(('10s', '1m', '5'))} {talk.rng.choice(MASKS)}",
        f"MODE {channel} +q {nick}", f"MODE {channel} +a {nick}", f"MODE {channel} -q {nick}",
    )))  # fmt: skip


def _own(talk: Talk, wire: Wire) -> Line:
    nick = talk.nick()
    return Line(talk.rng.choice((
        "NS GROUP", "NS GROUP", f"NS UNGROUP {nick}", f"NS REGAIN {nick}", "NS LOGOUT", "NS INFO",
        "NS SET ALWAYS-PRESENT on", "NS SET ALWAYS-PRESENT off", "NS SESSIONS", "NS SESSIONS END 1",
        "NS CERT LIST", "NS SET MULTICLIENT off", "NS SET MULTICLIENT on", f"NICK {wire.account}x",
        f"NICK {wire.account or nick}", f"NS DROP {wire.account}" if nick == "zed" else "NS HELP",
        "AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +", "AUTHENTICATE *", "AUTHENTICATE !",
    )), labels=False)  # fmt: skip


def _tag(talk: Talk, wire: Wire) -> Line:
    target = talk.rng.choice((talk.channel(wire), talk.nick()))
    return Line(f"@+x={talk.token()};time=1;+y TAGMSG {target}")


def _type(talk: Talk, wire: Wire) -> Line:
    return Line(f"@+typing={talk.token('y')} TAGMSG {talk.channel(wire)}")


def _mode(talk: Talk, wire: Wire) -> Line:
    arguments = {
        "o": talk.nick(),
        "h": talk.nick(),
        "v": talk.nick(),
        **{letter: talk.rng.choice(MASKS) for letter in "beI"},
        "k": talk.rng.choice(("k1", "k2")),
        "l": str(talk.rng.choice((1, 2, 5, 0, 10**8))),
    }
    letters = talk.rng.choice(LETTERS + LISTS)
    words = [arguments[letter] for letter in letters if letter in arguments]
    if letters in ("b", "beI") or talk.rng.random() < 0.05:
        words = []
    return Line(" ".join(["MODE", talk.channel(wire), letters, *words]))


def _mode_query(talk: Talk, wire: Wire) -> Line:
    return Line(f"MODE {talk.rng.choice((talk.channel(wire), wire.nick or 'x'))}")


def _mode_own(talk: Talk, wire: Wire) -> Line:
    return Line(f"MODE {wire.nick or 'x'} {talk.rng.choice(('+i', '-i', '+x'))}")


def _kick(talk: Talk, wire: Wire) -> Line:
    nicks = ",".join({talk.nick(): None, talk.nick(): None})
    return Line(f"KICK {talk.channel(wire)} {nicks}{talk.rng.choice(('', ' :out with you'))}")


def _rename(talk: Talk, wire: Wire) -> Line:
    return Line(f"RENAME {talk.channel(wire)} {talk.rng.choice(CHANNELS)} :so be it")


def _history(talk: Talk, wire: Wire) -> Line:
    target = talk.rng.choice((talk.channel(wire), talk.channel(wire), talk.nick()))
    return Line(history_command(talk.rng, wire, target))


def history_command(rng: Random, wire: Wire, target: str) -> str:
    """Return a CHATHISTORY; where the client knows no batches, something else."""
    if not wire.caps & BATCH:
        return "PING nobatch"  # without a batch, what was is not told apart from what is
    subcommand = rng.choice(("LATEST", "BEFORE", "AFTER", "AROUND", "BETWEEN"))
    references = ["timestamp=2023-11-14T22:13:20.000Z", "timestamp=2023-11-14T22:40:00.000Z"]
    references += [f"msgid={msgid}" for msgid in wire.msgids[-20:]]
    if subcommand == "LATEST":
        references += ["*", "*", "*"]
    chosen = rng.choice(references)
    if subcommand == "BETWEEN":
        chosen = f"{chosen} {rng.choice(references)}"
    return f"CHATHISTORY {subcommand} {target} {chosen} {rng.choice((1, 2, 5, 100))}"


def _ask(talk: Talk, wire: Wire) -> Line:
    channel, nick = talk.channel(wire), talk.nick()
    return Line(talk.rng.choice((
        f"NAMES {channel}", f"TOPIC {channel}", f"WHO {channel}", f"WHO {nick}", "WHO *", "LIST",
        f"WHOIS {nick}", f"WHOIS {nick},{talk.nick()}", f"ISON {nick}", f"USERHOST {nick}",
        "INVITE", "LUSERS", "MOTD", "VERSION", "HELP", "HELP JOIN", "TIME", "INFO", "ADMIN",
        "LIST >1", "CAP LIST", "LINKS", "ISUPPORT", "STATS u",
    )))  # fmt: skip


def _watch(talk: Talk, wire: Wire) -> Line:
    channel, nick = talk.channel(wire), talk.nick()
    return Line(talk.rng.choice((
        f"WHOWAS {nick}", "WHOWAS * 5", f"MONITOR + {nick}", f"MONITOR - {nick}", "MONITOR S",
        "MONITOR L", "MONITOR C", "METADATA * SUB a b", "METADATA * UNSUB a", "METADATA * LIST",
        "METADATA * SET a 1", "METADATA * SET b :2 3", "METADATA * SET a", "METADATA * CLEAR",
        f"METADATA {channel} SET a x", f"METADATA {channel} SYNC", f"METADATA {nick} GET a b",
    )))  # fmt: skip


_GARBAGE = (
    "", " ", ":", "@", "@label=x", "@label= PING", ": :", "PRIVMSG", "JOIN", "JOIN ,,,", "JOIN #",
    "MODE #lobby +" + "o" * 40, "KICK #lobby", "NICK", "NICK :", "NICK #a", "NICK a\u202eb",
    "WHO", "CHATHISTORY", "CHATHISTORY LATEST #lobby * -1", "CHATHISTORY LATEST #lobby * 0",
    "CHATHISTORY AFTER #lobby msgid=x 5",
    "CHATHISTORY BEFORE #nowhere timestamp=9999-12-31T23:59:59.999Z 5",
    "123 a b c", "ÄÖ", "PING", "PONG", "USER a b c d", "PASS x", "CAP", "CAP NEW", "CAP REQ :nope",
    "TOPIC #lobby " + ":" * 20, "TAGMSG #lobby", "INVITE a", "ISON",
    "PRIVMSG #nowhere,#nowhere,#a,#b,#c :five", "PRIVMSG ,,, :none", "MODE", "AWAY", "WHOIS ,",
    "JOIN " + ",".join(f"#c{number}" for number in range(4)),
)  # fmt: skip
_RAW = (
    b"\xff\xfe\r\n",
    b"a\0b\r\n",
    b"PING a\rb\r\n",
    b"\r\n\n\r\n",
    b"PING " + b"x" * 9000 + b"\r\n",
)


def _garbage(talk: Talk, wire: Wire) -> Line:
    return Line(talk.rng.choice(_GARBAGE), labels=False)


def raw(rng: Random) -> bytes:
    """Return bytes that are no line, ended all the same."""
    if rng.random() < 0.5:
        return rng.choice(_RAW)
    return rng.randbytes(rng.randrange(1, 60)).replace(b"\n", b"") + b"\r\n"


def can_label(wire: Wire) -> bool:
    """Say whether what the client sends next may carry a label."""
    wanted = BATCH | LABELED_RESPONSE
    return wire.caps & wanted == wanted


_TABLE: tuple[tuple[Callable[[Talk, Wire], Line], int], ...] = (
    (_join, 14),
    (_part, 4),
    (_say_channel, 24),
    (_say_user, 8),
    (_say_many, 4),
    (_say_some, 4),
    (_say_lines, 4),
    (_redact, 3),
    (_mark, 2),
    (_keep, 6),
    (_own, 4),
    (_tag, 4),
    (_type, 4),
    (_mode, 10),
    (_rename, 2),
    (_mode_query, 2),
    (_mode_own, 2),
    (_kick, 3),
    (_history, 6),
    (_ask, 8),
    (_watch, 4),
    (_garbage, 4),
    (_cap_req, 2),
    (_cap_ls, 1),
    (lambda talk, wire: Line(f"NICK {talk.nick()}"), 6),
    (lambda talk, wire: Line(f"INVITE {talk.nick()} {talk.channel(wire)}"), 5),
    (lambda talk, wire: Line(f"TOPIC {talk.channel(wire)} :{talk.rng.choice(WORDS)}"), 4),
    (lambda talk, wire: Line(f"TOPIC {talk.channel(wire)} :"), 1),
    (lambda talk, wire: Line(f"AWAY{talk.rng.choice(('', ' :gone fishing', ' :asleep'))}"), 3),
    (lambda talk, wire: Line(f"SETNAME :{talk.rng.choice(('A', 'Ä b', ''))}"), 2),
    (lambda talk, wire: Line("QUIT :see you", labels=False), 1),
)
"""Who does what, and how often."""
