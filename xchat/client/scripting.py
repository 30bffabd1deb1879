"""The verbs for scripts: `send` and `tail`."""

from __future__ import annotations

import sys
from functools import partial

import msgspec

from xchat.client import run
from xchat.client.exits import Exit
from xchat.client.link import Link
from xchat.client.options import How
from xchat.client.output import Output
from xchat.client.peer import channel_named
from xchat.client.send import Send
from xchat.client.session import Session
from xchat.client.tail import Tail
from xchat.client.trust import Trust
from xchat.client.upkeep import look, upkeep
from xchat.errors import UsageError


def _wanted(address: str, how: How) -> run.Wanted:
    want = run.wanted(address, run.load_profile(address, how), how)
    return want if want.nick else msgspec.structs.replace(want, nick=run.script_nick())


def _make(address: str, how: How) -> tuple[run.Wanted, Session, Link, Trust]:
    """Return whom to reach, a session, its link; say whom they trust where that was not said."""
    want = _wanted(address, how)
    session, link, trust = run.make(want)
    link.tell = partial(print, file=sys.stderr)
    if how.ca is None:
        print(f"trusting {want.ca}", file=sys.stderr)
    return want, session, link, trust


def send(address: str, target: str, text: str | None, how: How) -> Exit:
    """Send; return how it ended. Raises XChatError."""
    if text is not None and not text.strip():
        raise UsageError("there is nothing to send: the text is empty")
    want, session, link, trust = _make(address, how)
    errors = Output(sys.stderr)
    if text is None and sys.stdin.isatty():
        print("each line is sent; Ctrl-D on a line of its own ends", file=sys.stderr)
    app = Send(session, link, errors, target=target, text=text)
    try:
        run.run(link, app, errors)
    finally:
        if app.short:
            print(app.tally, file=sys.stderr)
    for words in look(want.own, trust):
        print(words, file=sys.stderr)
    return app.end


def tail(address: str, channel: str, how: How, *, as_json: bool, history: int, count: int) -> Exit:
    """Follow a channel; return how it ended. Raises XChatError."""
    channel = channel_named(channel)
    want, session, link, trust = _make(address, how)
    output, errors = Output(sys.stdout), Output(sys.stderr)
    app = Tail(
        session, link, output, errors, channel=channel, history=history, count=count,
        as_json=as_json,
    )  # fmt: skip
    beside = upkeep(want.own, trust, link, errors.line)
    run.run(link, app, output, errors, beside=beside)
    return Exit.DONE
