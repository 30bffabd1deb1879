"""The table of commands: to add one is a row here, a handler, and a test file.

HELP, and what the hub lets through, are read from this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from xchat.chat.commands import (
    accounts,
    away,
    capabilities,
    channels,
    directory,
    history,
    information,
    invitations,
    listing,
    markread,
    messages,
    metadata,
    modes,
    monitor,
    multiline,
    operators,
    playback,
    redaction,
    redeeming,
    registration,
    renaming,
    sasl,
    search,
    services,
    timed_bans,
    topics,
    users,
    voices,
    who,
    whois,
)
from xchat.chat.modes import mode_rows, user_mode_rows
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.irc.numerics import (
    ERR_HELPNOTFOUND,
    RPL_ENDOFHELP,
    RPL_HELPSTART,
    RPL_HELPTXT,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

NOTHING, CHANGES, EVERYTHING = range(3)
"""What of a session's pending events a command waits for: none, those that may
change what it sees, or all: an answer is not to be older than the lines before it."""

Handler = Callable[["Hub", Request], Iterator[None] | None]


class Command(NamedTuple):
    """A command: what it is called, who handles it, and what the gate asks for.

    `cost` is in lines of flood control, and `cost_each` that of each target but
    the first. `usage` and `about` are its help. A handler that returns an
    iterator answers or acts at length, a piece a step.
    """

    name: str
    handler: Handler
    usage: str
    about: str
    params_min: int = 0
    registered: bool = True
    waits_for: int = EVERYTHING
    cost: float = 1
    cost_each: float = 0

    def cost_of(self, params: tuple[str, ...]) -> float:
        """Return what one use costs in lines of flood control."""
        more = params[0].count(",") if self.cost_each and params else 0
        return self.cost + self.cost_each * more


def help_(hub: Hub, request: Request) -> None:
    """HELP [subject]: what the table says (modern.ircdocs.horse, HELP)."""
    subject = (request.params[0] if request.params else "*").upper()
    if subject == "*":
        words = "The commands of this server; HELP NICK tells more of one, HELP MODES of modes:"
        lines = [words, *_names_in_rows()]
    elif subject == "MODES":
        lines = ["The roles, modes and masks of channels:"]
        lines += [f"{how:10} {what}" for how, what in mode_rows()]
        lines += ["", "Of a user, by MODE <your nick>:"]
        lines += [f"{how:10} {what}" for how, what in user_mode_rows()]
    elif subject in COMMANDS:
        command = COMMANDS[subject]
        lines = [f"{command.name} {command.usage}".strip(), command.about]
    else:
        raise Refused(ERR_HELPNOTFOUND, subject)
    hub.reply(request, RPL_HELPSTART, subject, text=lines[0])
    for line in ("", *lines[1:]):
        hub.reply(request, RPL_HELPTXT, subject, text=line)
    hub.reply(request, RPL_ENDOFHELP, subject)


def _names_in_rows(width: int = 8) -> list[str]:
    names = sorted(COMMANDS)
    return [" ".join(names[start : start + width]) for start in range(0, len(names), width)]


_R, _C, _M = registration, channels, messages
_TABLE = (
    Command("ACCEPT", users.accept, "[nick{,-nick}]", "Who may talk to me (mode R)."),
    Command("ADMIN", information.admin, "[server]", "Who runs this server."),
    Command("AWAY", away.away, "[message]", "Say that you are away, or back.", 0, False, cost=2),
    Command(
        "AUTHENTICATE",
        sasl.authenticate,
        "<mechanism | base64 | + | *>",
        "Log in (SASL).",
        1,
        registered=False,
        cost=2,
    ),
    Command(
        "BATCH",
        multiline.batch,
        "+<reference> draft/multiline <target> | -<reference>",
        "Say in several lines.",
        1,
        waits_for=CHANGES,
    ),
    Command("CAP", capabilities.cap, "LS | LIST | REQ | END", "Agree on capabilities.", 1, False),
    Command(
        "CHATHISTORY",
        history.chathistory,
        "LATEST | BEFORE | AFTER | AROUND <target> <reference> <limit> | "
        "BETWEEN <target> <reference> <reference> <limit> | TARGETS <time> <time> <limit>",
        "What was said, and where (TARGETS); a reference is msgid=ID or timestamp=TIME, a time the "
        "latter, and LATEST takes *.",
        cost=2,
    ),
    Command("CHANSERV", services.chanserv, "<command>", "Channels: CHANSERV HELP.", cost=2),
    Command("CS", services.chanserv, "<command>", "The same as CHANSERV.", cost=2),
    Command("HELP", help_, "[command]", "This help."),
    Command("HELPOP", help_, "[command]", "This help."),
    Command("INFO", information.info, "[server]", "What this server is."),
    Command(
        "INVITE", invitations.invite, "[nick channel]", "Invite somebody, or list invitations."
    ),
    Command("ISUPPORT", information.isupport_, "", "What this server supports.", registered=False),
    Command("ISON", directory.ison, "<nick> {nick}", "Which of these are here.", 1),
    Command(
        "JOIN", _C.join, "<channel>{,channel} [key{,key}]", "Enter channels.", 1, cost_each=0.25
    ),
    Command("KICK", _C.kick, "<channel> <nick>{,nick} [reason]", "Remove from a channel.", 2),
    Command(
        "LIST",
        listing.list_,
        "[channel | mask | >n | <n | C>minutes | T<minutes]",
        "Channels.",
        cost=3,
    ),
    Command("LUSERS", information.lusers, "", "How many are here."),
    Command("KILL", operators.kill, "<nick> [reason]", "Part with a user (operators).", 1),
    Command("LINKS", information.links, "[server]", "The servers it is linked to: none."),
    Command(
        "MARKREAD",
        markread.markread,
        "<target> [timestamp=TIME]",
        "Say, or ask, how far you have read.",
    ),
    Command(
        "METADATA",
        metadata.metadata,
        "<target> <GET | LIST | SET | CLEAR | SUB | UNSUB | SUBS | SYNC> {param}",
        "What people and channels say of themselves.",
        2,
        registered=False,
        cost=2,
    ),
    Command("MODE", modes.mode, "<target> [modes {argument}]", "See or change modes.", 1),
    Command(
        "MONITOR", monitor.monitor, "<+ | - | C | L | S> [nick{,nick}]", "Watch nicks.", 1, cost=2
    ),
    Command("MOTD", information.motd, "[server]", "The message of the day."),
    Command("NAMES", listing.names_, "<channel>{,channel}", "Who is in a channel.", cost=2),
    Command(
        "NICKSERV", services.nickserv, "<command>", "Accounts and nicks: NICKSERV HELP.", cost=2
    ),
    Command("NS", services.nickserv, "<command>", "The same as NICKSERV.", cost=2),
    Command("NICK", _R.nick, "<nick>", "Take a nick.", registered=False),
    Command(
        "NOTICE",
        _M.notice,
        "<target>{,target} <text>",
        "Say, expecting no answer.",
        waits_for=CHANGES,
        cost_each=1,
    ),
    Command("OPER", operators.oper, "<name> <password>", "Become an operator.", 1, cost=4),
    Command("NPC", voices.npc, "<channel> <name> <text>", "A character says (mode E).", 3),
    Command("NPCA", voices.npca, "<channel> <name> <text>", "A character does (mode E).", 3),
    Command("PART", _C.part, "<channel>{,channel} [reason]", "Leave channels.", 1, cost_each=0.25),
    Command("PASS", _R.pass_, "<password>", "Give the server's password.", 1, False),
    Command("PING", _R.ping, "<token>", "Ask for a PONG.", 1, False, NOTHING),
    Command("PONG", _R.pong, "<token>", "Answer a PING.", 0, False, NOTHING),
    Command(
        "PRIVMSG",
        _M.privmsg,
        "<target>{,target} <text>",
        "Say to a channel or a user.",
        waits_for=CHANGES,
        cost_each=1,
    ),
    Command("QUIT", _R.quit_, "[reason]", "Leave.", registered=False),
    Command("REHASH", operators.rehash, "", "Read the configuration again.", cost=4),
    Command(
        "REGISTER",
        redeeming.register,
        "<account | *> <e-mail | *> <password>",
        "Register an account.",
        3,
        registered=False,
        cost=4,
    ),
    Command("REDACT", redaction.redact, "<target> <msgid> [reason]", "Take a message back.", 2),
    Command(
        "RENAME",
        renaming.rename,
        "<channel> <new name> [reason]",
        "Give a channel another name.",
        2,
        cost=5,
    ),
    Command(
        "SEARCH",
        search.search,
        "<text=WORDS;in=TARGET;from=NICK;after=TIME;before=TIME;limit=NUMBER>",
        "Find what was said; each of these may be left out.",
        1,
        cost=4,
    ),
    Command("RELAYMSG", voices.relaymsg, "<channel> <nick> <text>", "Say for others (bots).", 3),
    Command("SCENE", voices.scene, "<channel> <text>", "The narrator says (mode E).", 2),
    Command("SETNAME", users.setname, "<real name>", "Change your real name.", 1),
    Command("STATS", information.stats, "u", "How long the server has been up."),
    Command(
        "TAGMSG",
        _M.tagmsg,
        "<target>{,target}",
        "Send tags without a text.",
        1,
        waits_for=CHANGES,
        cost_each=1,
    ),
    Command("TBAN", timed_bans.tban, "<channel> [duration mask]", "Ban for so long.", 1, cost=2),
    Command("TIME", information.time_, "[server]", "The server's time."),
    Command("TOPIC", topics.topic, "<channel> [topic]", "See or set a topic.", 1),
    Command("USER", _R.user, "<user> 0 * <real name>", "Say who you are.", 4, False),
    Command("USERHOST", directory.userhost, "<nick> {nick}", "Where users are.", 1),
    Command("VERSION", information.version, "[server]", "The server's version."),
    Command("WALLOPS", operators.wallops, "<text>", "Tell all operators.", 1),
    Command(
        "VERIFY", accounts.verify, "<account | *> <code>", "Verify an account.", 2, registered=False
    ),
    Command("WHO", who.who, "<channel | nick | mask> [o][%fields[,token]]", "Users.", cost=3),
    Command("WHOIS", whois.whois, "<nick>{,nick}", "All about a user.", cost=2),
    Command("ZNC", playback.znc, "*playback <command>", "History, as from a bouncer.", 1, cost=2),
    Command("WHOWAS", whois.whowas, "<nick>{,nick} [count]", "Who had a nick.", cost=2),
)
COMMANDS = {command.name: command for command in _TABLE}
