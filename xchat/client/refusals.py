"""What the server does not give us, as errors that end a run."""

from __future__ import annotations

from xchat.client.exits import ClientError, Exit
from xchat.client.session.events import JoinRefused, NickRefused
from xchat.irc.names import visible


def nick_refused(event: NickRefused) -> ClientError:
    """Return the error of a nick that the server does not give."""
    nick, words = visible(event.nick), visible(event.words)
    end, what = (
        (Exit.NICK_TAKEN, f"the nickname {nick} is in use: {words}")
        if event.taken
        else (Exit.NICK_ILL_FORMED, f"the server does not take the nickname {nick}: {words}")
    )
    return ClientError(end, what, mend="Take another, in front of the server: NICK@HOST")


def join_refused(event: JoinRefused) -> ClientError:
    """Return the error of a channel that we may not enter."""
    channel, words = visible(event.channel), visible(event.words)
    return ClientError(Exit.LINE_REFUSED, f"{channel} cannot be joined: {words}")
