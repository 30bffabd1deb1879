"""What becomes of read markers (IRCv3 draft/read-marker): they only ever move on."""

from __future__ import annotations

from xchat.chat import effects
from xchat.chat.apply.step import Step, actor
from xchat.chat.events import MarkedRead
from xchat.chat.state import State
from xchat.irc import names
from xchat.limits import READ_MARKERS_MAX


def check_marked(state: State, event: MarkedRead) -> None:
    """Let only who is here read, and only what can have a name."""
    actor(state, event.uid)
    names.fold(event.target)


def marked_read(step: Step, event: MarkedRead) -> None:
    """Move a marker on, never past now; past a number of them the stalest is forgotten."""
    state, target = step.state, names.fold(event.target)
    party = state.users[event.uid].party
    before = state.read.get(party, {}).get(target)
    ts = max(before or 0, min(event.ts, step.ts))
    if ts != before:
        state.put_read(party, target, ts)
        markers = state.read[party]
        if len(markers) > READ_MARKERS_MAX:  # by what is kept: a state rebuilt has another order
            stalest = min((at, name) for name, at in markers.items() if name != target)
            state.put_read(party, stalest[1], None)
    step.effects.append(effects.Read(event.uid, event.target, ts, ts != before))
