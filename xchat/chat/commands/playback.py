"""What is written to *playback, and ZNC: history for clients that know it from that bouncer.

Document: wiki.znc.in/Playback; "PLAY <buffer(s)> [from] [to]", where the first is
a comma-separated list that "supports wildcards", and the others are seconds
since 1970. What may be read is what CHATHISTORY would tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from xchat.chat.commands.each import split
from xchat.chat.commands.history import readable_by, say_rows
from xchat.chat.ledger import CannotRead
from xchat.chat.lines import Line
from xchat.chat.reading import readable
from xchat.chat.refused import Refused
from xchat.chat.reserved import source_of
from xchat.chat.session import Request
from xchat.irc.capabilities import ECHO_MESSAGE
from xchat.irc.masks import compile_mask
from xchat.irc.numerics import ERR_NOSUCHNICK

if TYPE_CHECKING:
    from xchat.chat.hub import Hub

NAME = "*playback"
_SOURCE = source_of(NAME)
_SECONDS = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")
_USAGE = "Type: PLAY <* | name{,name}> [from] [to], in seconds since 1970"


def znc(hub: Hub, request: Request) -> Iterator[None] | None:
    """ZNC *playback <command>: as written to *playback."""
    module, *words = request.params
    if module.lower() != NAME:
        raise Refused(ERR_NOSUCHNICK, module)
    return _serve(hub, request, " ".join(words))


def written_to(hub: Hub, request: Request, text: str) -> Iterator[None] | None:
    """Do what was written to *playback, which nobody is told."""
    if request.session.caps & ECHO_MESSAGE:
        source = hub.state.users[request.session.uid].prefix
        request.put(Line(source, "PRIVMSG", (NAME, text), hub.now_ms))
    return _serve(hub, request, text)


def _serve(hub: Hub, request: Request, text: str) -> Iterator[None] | None:
    verb, *words = text.split() or [""]
    times = [_time(word) for word in words[1:]]
    if verb.upper() != "PLAY" or not 1 <= len(words) <= 3 or None in times:
        _say(hub, request, _USAGE)
        return None
    begin, end = (*times, None, None)[:2]
    return _play(hub, request, words[0], begin or 0, end)


def _time(word: str) -> int | None:
    """Return the milliseconds of a time in seconds, or None for what is none."""
    return round(float(word) * 1000) if _SECONDS.fullmatch(word) else None


def _named(hub: Hub, request: Request, targets: str) -> list[str]:
    """Return the names of what is asked for, each once; a mask stands for all it fits."""
    found: dict[str, None] = {}
    own = [one.name for one in readable_by(hub, request.session.uid)]
    for name in split(targets):
        is_mask = "*" in name or "?" in name
        found |= dict.fromkeys(filter(compile_mask(name).matches, own) if is_mask else (name,))
    return list(found)


def _play(hub: Hub, request: Request, targets: str, begin: int, end: int | None) -> Iterator[None]:
    """Tell one conversation a piece, from `begin` on and before `end` (ms)."""
    try:
        for name in _named(hub, request, targets):
            _tell(hub, request, name, begin, end)
            yield
    except CannotRead as failure:
        _say(hub, request, f"Messages could not be retrieved: {failure}")


def _tell(hub: Hub, request: Request, name: str, begin: int, end: int | None) -> None:
    store, found = hub.ledger.store, readable(hub.state, request.session.uid, name)
    if found is None:
        return
    rows = store.page(
        found.target,
        after=max(store.seq_at(begin) - 1, found.after),
        before=None if end is None else store.seq_at(end),
        limit=hub.config.history.playback_lines,
        newest=True,
    )
    if rows:
        say_rows(hub, request, ("chathistory", found.name), rows)


def _say(hub: Hub, request: Request, text: str) -> None:
    request.put(Line(_SOURCE, "NOTICE", (hub.nick_of(request.session), text), hub.now_ms))
