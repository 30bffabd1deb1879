"""What the server says of itself: MOTD LUSERS VERSION TIME INFO ADMIN, and ISUPPORT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xchat import __version__
from xchat.chat import isupport
from xchat.chat.lines import Line, format_time
from xchat.chat.modes import INVISIBLE, OPER
from xchat.chat.refused import Refused
from xchat.chat.session import Request
from xchat.chat.text import cut
from xchat.irc.capabilities import EXTENDED_ISUPPORT
from xchat.irc.masks import compile_mask
from xchat.irc.numerics import (
    ERR_NOMOTD,
    ERR_NOSUCHSERVER,
    ERR_NOTREGISTERED,
    RPL_ADMINEMAIL,
    RPL_ADMINLOC1,
    RPL_ADMINLOC2,
    RPL_ADMINME,
    RPL_ENDOFINFO,
    RPL_ENDOFLINKS,
    RPL_ENDOFMOTD,
    RPL_ENDOFSTATS,
    RPL_GLOBALUSERS,
    RPL_INFO,
    RPL_ISUPPORT,
    RPL_LOCALUSERS,
    RPL_LUSERCHANNELS,
    RPL_LUSERCLIENT,
    RPL_LUSERME,
    RPL_LUSEROP,
    RPL_LUSERUNKNOWN,
    RPL_MOTD,
    RPL_MOTDSTART,
    RPL_STATSUPTIME,
    RPL_TIME,
    RPL_VERSION,
)
from xchat.limits import ISUPPORT_TOKENS_A_LINE, MOTD_LINE_BYTES

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def need_this_server(hub: Hub, request: Request) -> None:
    """Refuse a question to another server: there is none, and all users are on this one."""
    asked = request.params[0] if request.params else hub.name
    is_ours = compile_mask(asked).matches(hub.name)
    if not is_ours and hub.state.user_by_nick(asked) is None:
        raise Refused(ERR_NOSUCHSERVER, asked)


def motd(hub: Hub, request: Request) -> None:
    """MOTD [server]; a new user is told it too, whatever command they registered by."""
    if request.message.command == "MOTD":
        need_this_server(hub, request)
    text = hub.config.server.motd
    if not text:
        raise Refused(ERR_NOMOTD)
    hub.reply(request, RPL_MOTDSTART, text=f"- {hub.name} Message of the day -")
    for line in text.rstrip("\n").split("\n"):
        hub.reply(request, RPL_MOTD, text=f"- {cut(line.rstrip(), MOTD_LINE_BYTES)}")
    hub.reply(request, RPL_ENDOFMOTD)


def lusers(hub: Hub, request: Request) -> None:
    """LUSERS: how many are here."""
    users, node = hub.state.users.values(), hub.node
    invisible = here = operators = 0
    for user in users:  # once: everyone who comes is told
        invisible += INVISIBLE in user.modes
        operators += OPER in user.modes
        here += user.node == node
    unknown = sum(not session.registered for session in hub.sessions.values())
    visible, everyone = len(users) - invisible, len(users)
    hub.reply(
        request,
        RPL_LUSERCLIENT,
        text=f"There {'is' if visible == 1 else 'are'} {_counted(visible, 'user')} and "
        f"{invisible} invisible on 1 server",
    )
    hub.reply(request, RPL_LUSEROP, str(operators))
    hub.reply(request, RPL_LUSERUNKNOWN, str(unknown))
    hub.reply(request, RPL_LUSERCHANNELS, str(len(hub.state.channels)))
    hub.reply(request, RPL_LUSERME, text=f"I have {_counted(here, 'client')} and 0 servers")
    for numeric, count, which in (
        (RPL_LOCALUSERS, here, "local"),
        (RPL_GLOBALUSERS, everyone, "global"),
    ):
        most = str(max(count, hub.users_most))
        text = f"Current {which} users {count}, max {most}"
        hub.reply(request, numeric, str(count), most, text=text)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def version(hub: Hub, request: Request) -> None:
    """VERSION [server]: and what it supports."""
    need_this_server(hub, request)
    what = hub.config.server.description
    hub.reply(request, RPL_VERSION, f"xchat-{__version__}", hub.name, text=what)
    say_isupport(hub, request)


def isupport_(hub: Hub, request: Request) -> None:
    """ISUPPORT: before registration for those with the capability (IRCv3 extended-isupport)."""
    if not request.session.registered and not request.session.caps & EXTENDED_ISUPPORT:
        raise Refused(ERR_NOTREGISTERED)
    say_isupport(hub, request)


def say_isupport(hub: Hub, request: Request) -> None:
    """Tell what the server supports (RPL_ISUPPORT), some tokens a line; in a batch if asked to."""
    tokens, nick = isupport.tokens(hub.config), hub.nick_of(request.session)
    words = RPL_ISUPPORT.text or ""
    lines = [
        Line(hub.name, RPL_ISUPPORT.code, (nick, *row, words), hub.now_ms)
        for start in range(0, len(tokens), ISUPPORT_TOKENS_A_LINE)
        if (row := tokens[start : start + ISUPPORT_TOKENS_A_LINE])
    ]
    if request.session.caps & EXTENDED_ISUPPORT:
        hub.say_batch(request, ("draft/isupport",), lines)
    else:
        for line in lines:
            request.put(line)


def time_(hub: Hub, request: Request) -> None:
    """TIME [server]."""
    need_this_server(hub, request)
    hub.reply(request, RPL_TIME, hub.name, text=format_time(hub.now_ms))


def info(hub: Hub, request: Request) -> None:
    """INFO [server]."""
    need_this_server(hub, request)
    for line in (
        f"XChat {__version__}: a private chat over verified TLS",
        hub.config.server.description,
        f"Running since {format_time(hub.started_ms)}",
    ):
        hub.reply(request, RPL_INFO, text=line)
    hub.reply(request, RPL_ENDOFINFO)


def links(hub: Hub, request: Request) -> None:
    """LINKS [server]: none, for this one is linked to no other."""
    need_this_server(hub, request)
    hub.reply(request, RPL_ENDOFLINKS, "*")


def stats(hub: Hub, request: Request) -> None:
    """STATS <query>: u tells how long the server has been up; there is nothing else to tell."""
    query = request.params[0] if request.params else "*"
    if query == "u":
        minutes, seconds = divmod((hub.now_ms - hub.started_ms) // 1000, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        up = f"Server Up {days} days {hours}:{minutes:02}:{seconds:02}"
        hub.reply(request, RPL_STATSUPTIME, text=up)
    hub.reply(request, RPL_ENDOFSTATS, query[:1] or "*")


def admin(hub: Hub, request: Request) -> None:
    """ADMIN [server]: the lines of `server.admin`."""
    need_this_server(hub, request)
    lines = [*hub.config.server.admin, "", "", ""][:3]
    hub.reply(request, RPL_ADMINME, hub.name)
    for numeric, line in zip((RPL_ADMINLOC1, RPL_ADMINLOC2, RPL_ADMINEMAIL), lines, strict=True):
        hub.reply(request, numeric, text=line or "(not said)")
