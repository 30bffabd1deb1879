"""What somebody is told who has just come: to the server, or to a channel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from xchat import __version__
from xchat.chat.apply.sight import seen_members
from xchat.chat.commands import replay
from xchat.chat.commands.information import lusers, motd, say_isupport
from xchat.chat.commands.markread import say_marker
from xchat.chat.effects import Entered, LoggedIn
from xchat.chat.entities import Account, Channel, User
from xchat.chat.lines import Line, format_time, join_of
from xchat.chat.metadata import telling
from xchat.chat.modes import CHANNEL_MODES, ROLES, USER_MODES, prefix_of
from xchat.chat.reading import readable_channel
from xchat.chat.refused import Refused
from xchat.chat.session import Request, Session
from xchat.chat.text import rows
from xchat.irc.capabilities import (
    MULTI_PREFIX,
    NO_IMPLICIT_NAMES,
    NO_IMPLICIT_NAMES_DRAFT,
    USERHOST_IN_NAMES,
)
from xchat.irc.numerics import (
    RPL_CREATED,
    RPL_ENDOFNAMES,
    RPL_LOGGEDIN,
    RPL_LOGGEDOUT,
    RPL_MYINFO,
    RPL_NAMREPLY,
    RPL_TOPIC,
    RPL_TOPICWHOTIME,
    RPL_UMODEIS,
    RPL_WELCOME,
    RPL_YOURHOST,
)

if TYPE_CHECKING:
    from xchat.chat.hub import Hub


def welcome(hub: Hub, request: Request, user: User) -> None:
    """Greet a new user (modern.ircdocs.horse, Connection Registration)."""
    network, version = hub.config.server.network, f"xchat-{__version__}"
    letters = "".join(mode.letter for mode in (*CHANNEL_MODES, *ROLES))
    started = format_time(hub.started_ms)
    hub.reply(request, RPL_WELCOME, text=f"Welcome to the {network} Network, {user.prefix}")
    hub.reply(request, RPL_YOURHOST, text=f"Your host is {hub.name}, running version {version}")
    hub.reply(request, RPL_CREATED, text=f"This server was started {started}")
    hub.reply(request, RPL_MYINFO, hub.name, version, "".join(USER_MODES), "".join(sorted(letters)))
    say_isupport(hub, request)
    lusers(hub, request)
    try:
        motd(hub, request)
    except Refused as none:
        hub.reply(request, none.numeric)
    if user.modes:
        hub.reply(request, RPL_UMODEIS, f"+{user.modes}")
    hub.interests.take_claimed(request.session)
    if request.session.caps & telling.METADATA and user.uid in hub.state.users:
        telling.say_own(hub, request)


def entered(hub: Hub, request: Request, entry: Entered) -> None:
    """Tell who has joined a channel its topic and, without no-implicit-names, who is there."""
    if entry.uid not in hub.state.users:
        return  # gone again in the turn in which they came
    channel = entry.channel
    if channel.topic:
        say_topic(hub, request, channel)
    say_marker(hub, request, channel.name)
    if not request.session.caps & (NO_IMPLICIT_NAMES | NO_IMPLICIT_NAMES_DRAFT):
        say_names(hub, request, channel, entry.members)
        hub.reply(request, RPL_ENDOFNAMES, channel.name)
    replay.missed(hub, request, entry)
    telling.entered(hub, request, entry)


def rejoin(hub: Hub, session: Session, detached_at: int) -> Iterator[None]:
    """Tell a further device of a user the channels that they are in, one a piece.

    It hears each from then on; one that another device has entered since it has heard of.
    Where no device was here since a place in the log, it is told what waited for one.
    """
    while (folded := _unheard(hub, session)) is not None:
        hub.fanout.hear(session, folded)
        _say_joined(hub, session, folded, detached_at)
        yield
    if detached_at:
        yield from replay.conversations(hub, session, detached_at)


def _unheard(hub: Hub, session: Session) -> str | None:
    """Return a channel that a session has yet to be told of: what one was called may change."""
    joined = hub.state.joined.get(session.uid, ())
    return next((folded for folded in joined if not hub.fanout.hears(session, folded)), None)


def _say_joined(hub: Hub, session: Session, folded: str, detached_at: int) -> None:
    state = hub.state
    user, channel = state.users[session.uid], state.channels[folded]
    account = state.account_name(user.uid)
    request = hub.aside(session)
    line = join_of(user, channel.name, account, hub.now_ms)
    request.put(line)
    seen = dict(seen_members(state, folded, user.uid))
    seen.setdefault(user.uid, state.members[folded][user.uid])
    present = tuple((state.users[uid], roles) for uid, roles in seen.items())
    entered(hub, request, Entered(user.uid, folded, channel, line, present))
    if detached_at:
        replay.waited(hub, request, readable_channel(state, user.uid, channel), detached_at)
    request.finish()


def logged_in(hub: Hub, effect: LoggedIn, request: Request | None) -> None:
    """Tell each device of a user that they are logged in, or not any more (SASL 3.1)."""
    for session in hub.fanout.sessions.get(effect.user.uid, ()):
        if request is not None and session is request.session:
            say_account(hub, request, effect.user, effect.account)
            continue
        aside = hub.aside(session)
        say_account(hub, aside, effect.user, effect.account)
        aside.finish()
        hub.fanout.touch(session)


def say_account(hub: Hub, request: Request, user: User, account: Account | None) -> None:
    """Tell a session which account it is logged in to, by the nick that it then had."""
    if account is None:
        code, params = RPL_LOGGEDOUT.code, [user.prefix, "You are now logged out"]
    else:
        words = f"You are now logged in as {account.name}"
        code, params = RPL_LOGGEDIN.code, [user.prefix, account.name, words]
    request.put(Line(hub.name, code, (user.nick, *params), hub.now_ms))


def say_topic(hub: Hub, request: Request, channel: Channel) -> None:
    """Tell a topic that is set, who set it and when."""
    topic = channel.topic
    assert topic is not None
    hub.reply(request, RPL_TOPIC, channel.name, text=topic.text)
    when = str(topic.ts // 1000)
    hub.reply(request, RPL_TOPICWHOTIME, channel.name, topic.setter, when)


def say_names(
    hub: Hub, request: Request, channel: Channel, members: Iterable[tuple[User, int]]
) -> None:
    """Tell who is in a channel (RPL_NAMREPLY), roles and hosts as the capabilities say.

    The end of the list (RPL_ENDOFNAMES) is left to who asked.
    """
    caps = request.session.caps
    every = bool(caps & MULTI_PREFIX)
    full = bool(caps & USERHOST_IN_NAMES)
    shown = (
        f"{prefix_of(roles, every=every)}{user.prefix if full else user.nick}"
        for user, roles in members
    )
    symbol = "@" if "s" in channel.flags else "="
    for row in rows(shown, hub.row_bytes(request, symbol, channel.name)):
        hub.reply(request, RPL_NAMREPLY, symbol, channel.name, text=row)
