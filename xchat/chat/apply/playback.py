"""What was told, as history keeps it and tells it again.

Document: IRCv3 draft/chathistory; `event-playback` is for "lines that would
normally produce a local state change". Goal: history tells what the members
were told, no more and no less. So what happened in a channel is taken from the
effects, and a command that tells a channel something new needs nothing but its
name in PLAYED.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from xchat.chat import effects
from xchat.chat.apply.step import HistoryRow, Step, make_msgid
from xchat.chat.lines import NO_ACCOUNT, Line, spoken
from xchat.irc import names
from xchat.irc.capabilities import EXTENDED_JOIN

PLAYED = frozenset({"JOIN", "KICK", "MODE", "NICK", "PART", "QUIT", "TOPIC"})
_WORDS_BEFORE_TEXT = {
    "JOIN": 1,
    "KICK": 2,
    "NOTICE": 1,
    "PART": 1,
    "PRIVMSG": 1,
    "QUIT": 0,
    "REDACT": 2,
    "TOPIC": 1,
}
"""How many parameters, words without a space, stand before a text; other lines have none."""
_ToRoom = effects.ToNeighbours | effects.ToChannel | effects.Entered


def happened(step: Step) -> Iterator[HistoryRow]:
    """Yield what the channels that a step told something keep of it."""
    part = 0
    for effect in step.effects:
        if not isinstance(effect, _ToRoom) or effect.line.command not in PLAYED:
            continue
        for folded in _channels(effect):
            channel = step.state.channels.get(folded)
            if channel is not None:  # what ended with it, nobody may read
                yield row_of(channel.cid, step.seq, effect.line, part=part)
        part += 1


def _channels(effect: _ToRoom) -> tuple[str, ...]:
    """Return the channels that an effect tells something for everyone, by their folded names."""
    if isinstance(effect, effects.Entered):
        return (effect.folded,) if effect.witnesses is None else ()
    if isinstance(effect, effects.ToChannel):
        return () if effect.need else (effect.channel,)
    return () if effect.need or effect.lack else effect.channels


def row_of(target: str, seq: int, line: Line, author: str = "", *, part: int = 0) -> HistoryRow:
    """Return a line that was told as a target's history keeps it."""
    params = line.params
    if line.command == "JOIN" and line.richer:
        params = (*params, line.richer[-1])
    words = _WORDS_BEFORE_TEXT.get(line.command, len(params))
    text = params[words] if len(params) > words else None
    return HistoryRow(
        target,
        seq,
        line.ts,
        line.source,
        line.command,
        " ".join(params[:words]),
        text,
        line.tags,
        author,
        line.account,
        line.bot,
        part,
    )


def line_of(row: HistoryRow, log_id: str) -> Line:
    """Return what history keeps as it was told, and is told again."""
    params = tuple(row.shown.split(" ")) if row.shown else ()
    richer: tuple[str, ...] = ()
    if row.command == "JOIN":
        richer = (*params, row.account or NO_ACCOUNT, row.text or "")
    elif row.text is not None:
        params = (*params, row.text)
    line = Line(
        row.source,
        row.command,
        params,
        row.ts,
        make_msgid(log_id, row.seq),
        row.tags,
        EXTENDED_JOIN if richer else 0,
        richer,
        row.account,
        row.bot,
    )
    return spoken(line)


def readdressed(line: Line, name: str) -> Line:
    """Return a line of a channel's history as one of the channel as it is called now."""
    if not line.params or not names.is_channel(line.params[0]) or line.params[0] == name:
        return line
    richer = (name, *line.richer[1:]) if line.richer else ()
    return replace(line, params=(name, *line.params[1:]), richer=richer)
