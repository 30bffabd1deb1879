"""`xchat-client` without a verb: find out where and who, then the line mode."""

from __future__ import annotations

import sys

import msgspec

from xchat.client import papers, run
from xchat.client.exits import ClientError, Exit
from xchat.client.options import How
from xchat.client.output import Output
from xchat.client.peer import channel_named, is_link, login_nick, parse_address
from xchat.client.plain import Plain
from xchat.client.profile import Profile
from xchat.client.upkeep import upkeep
from xchat.errors import UsageError

CHANNEL_FIRST = "#lobby"
"""Where somebody goes who has been asked for everything."""


def talk(address: str | None, channel: str, how: How) -> Exit:
    """Talk until the person leaves; return how it ended. Raises XChatError."""
    interactive = sys.stdin.isatty()
    channel = channel_named(channel)
    known = run.load_profile(address, how)
    if address is None:
        channel = channel or (known.channel if known.peer else CHANNEL_FIRST)
        address = _known_address(known, interactive=interactive)
        if is_link(address):
            from xchat.client.join import join

            return join(address, channel, None)
    if interactive and how.account is None and parse_address(address)[1] == known.peer:
        how = how._replace(account=known.account or None)
    want = run.wanted(address, known, how)
    run.context_of(want)  # what it lacks is said before more is asked
    nick = want.nick or _nick(known, want, interactive=interactive)
    while True:
        want = msgspec.structs.replace(want, nick=nick)
        try:
            return _talk(want, channel, interactive=interactive)
        except ClientError as error:
            if error.end not in (Exit.NICK_TAKEN, Exit.NICK_ILL_FORMED) or not interactive:
                raise
            print(error.what)
            nick = run.ask("another nickname") or nick


def _talk(want: run.Wanted, channel: str, *, interactive: bool) -> Exit:
    session, link, trust = run.make(want)
    print(f"trusting {want.ca}", flush=True)
    output = Output(sys.stdout)

    def remember() -> None:
        """Keep what worked, as soon as it has, and where we were in the end."""
        if interactive and session.ever_ready:
            kept = msgspec.structs.replace(want, nick=session.nick, ca=trust.ca)
            run.remember(kept, app.words.current or channel)

    app = Plain(session, link, output, channel=channel, interactive=interactive, on_entry=remember)
    link.tell = app.say
    if (ended := papers.ended(want.own)) is not None:
        app.say(f"! this device's certificate ended on {ended:%Y-%m-%d}")
    run.run(link, app, output, beside=upkeep(want.own, trust, link, app.say))
    remember()
    return app.end


def _known_address(known: Profile, *, interactive: bool) -> str:
    """Return the address of the last time, or ask for one."""
    if known.peer is not None:
        return f"{known.nick}@{known.peer}" if known.nick else str(known.peer)
    if not interactive:
        raise UsageError(
            "no server is named, and there is no terminal to ask on",
            mend="xchat-client join 'LINK', or xchat-client [NICK@]HOST[:PORT] [#channel]",
        )
    while not (address := run.ask("server (HOST or HOST:PORT), or your link")):
        pass  # Ctrl-D ends it
    return address


def _nick(known: Profile, want: run.Wanted, *, interactive: bool) -> str:
    """Return the nick of the last time here, or ask; a pipe goes by the login name."""
    if known.nick and known.peer == want.peer:
        return known.nick
    login = login_nick()
    return run.ask(f"nickname [{login}]") or login if interactive else login
