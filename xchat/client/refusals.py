"""What the server does not give us, as errors that end a run."""

from __future__ import annotations

from xchat.client.exits import ClientError, Exit
from xchat.client.session.events import JoinRefused, NickRefused
from xchat.irc import names
from xchat.irc.display import visible
from xchat.limits.client import NAME_CHARS_MAX

ANOTHER = "Take another, in front of the server: NICK@HOST"


def nick_refused(event: NickRefused) -> ClientError:
    """Return the error of a nick that the server does not give."""
    nick, words = visible(event.nick), visible(event.words)
    if not event.taken:
        return _ill_formed(f"the server does not take the nickname {nick}: {words}")
    more = "" if "in use" in words.lower() else f": {words}"
    return ClientError(Exit.NICK_TAKEN, f"the nickname {nick} is in use{more}", mend=ANOTHER)


def check_nick(nick: str) -> None:
    """Refuse what no server takes, before one is asked. Raises ClientError."""
    try:
        names.check_nick(nick, NAME_CHARS_MAX)
    except names.BadName as error:
        raise _ill_formed(f"{visible(nick)!r} cannot be a nickname: {error.why}") from error


def _ill_formed(what: str) -> ClientError:
    return ClientError(Exit.NICK_ILL_FORMED, what, mend=ANOTHER)


def join_refused(event: JoinRefused) -> ClientError:
    """Return the error of a channel that we may not enter."""
    channel, words = visible(event.channel), visible(event.words)
    return ClientError(Exit.LINE_REFUSED, f"{channel} cannot be joined: {words}")
