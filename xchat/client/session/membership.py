"""Who comes, goes, is renamed, and what their channels are about."""

from __future__ import annotations

from xchat.client.session import history, registration
from xchat.client.session.events import (
    Invited,
    Joined,
    Kicked,
    LeftNetwork,
    ModeChanged,
    NamesListed,
    NickChanged,
    Parted,
    TopicChanged,
)
from xchat.client.session.rooms import Room
from xchat.client.session.state import State, is_sane
from xchat.client.session.talk import refuse, time_of
from xchat.irc.message import Message
from xchat.limits.client import CHANNEL_MEMBERS_MAX, NAME_CHARS_MAX


def on_join(state: State, message: Message) -> None:
    """JOIN, plain or extended (`#channel account :real name`)."""
    for channel in message.params[0].split(","):
        if state.is_me(message.nick):
            _enter(state, channel, message)
        else:
            state.roster.add(channel, message.nick)
            state.emit(Joined(channel=channel, nick=message.nick, own=False))


def _enter(state: State, channel: str, message: Message) -> None:
    if "@" in (message.source or ""):
        state.source = message.source or state.source
    if not is_sane(channel):
        return
    entered = state.roster.enter(channel)
    if entered is None:
        return
    state.roster.add(channel, message.nick)
    room = state.rooms.setdefault(state.support.fold(channel), Room(channel))
    again, room.name, room.joined = room.ever_joined, channel, True
    state.emit(Joined(channel=channel, nick=message.nick, own=True, again=again))
    history.enter(state, room)
    room.ever_joined = True
    room.anchor_time = room.anchor_time or time_of(message)


def leave(state: State, channel: str, words: str) -> None:
    """Forget a channel that we are not in any more, or never got into."""
    key = state.support.fold(channel)
    state.roster.leave(channel)
    state.rooms.pop(key, None)
    if state.orders.returns_to(key):
        return
    for line in state.outbox.drop(key):
        refuse(state, line, "", words)


def on_part(state: State, message: Message) -> None:
    """PART, ours or another's."""
    own = state.is_me(message.nick)
    reason = message.params[1] if len(message.params) > 1 else ""
    for channel in message.params[0].split(","):
        state.roster.remove(channel, message.nick)
        state.emit(Parted(channel=channel, nick=message.nick, reason=reason, own=own))
        if own:
            leave(state, channel, "you left the channel")


def on_kick(state: State, message: Message) -> None:
    """KICK, of us or of another."""
    channel, nick = message.params[:2]
    reason = message.params[2] if len(message.params) > 2 else ""
    own = state.is_me(nick)
    state.roster.remove(channel, nick)
    state.emit(Kicked(channel=channel, nick=nick, by=message.nick, reason=reason, own=own))
    if own:
        leave(state, channel, "you were put out of the channel")


def on_quit(state: State, message: Message) -> None:
    """QUIT: if it was whoever holds our nick, it is ours again."""
    reason = message.params[-1] if message.params else ""
    channels = state.roster.quit(message.nick)
    if not state.is_me(message.nick):
        state.emit(LeftNetwork(nick=message.nick, reason=reason, channels=channels))
    registration.maybe_reclaim(state, message.nick)


def on_nick(state: State, message: Message) -> None:
    """NICK, ours or another's."""
    old, new = message.nick, message.params[0]
    if not (old and is_sane(new)):
        return
    own = state.is_me(old)
    channels = state.roster.rename(old, new)
    state.emit(NickChanged(old=old, new=new, own=own, channels=channels))
    if own:
        registration.on_own_nick(state, new)
    else:
        registration.maybe_reclaim(state, old)


def on_topic(state: State, message: Message) -> None:
    """TOPIC: somebody changed it."""
    _set_topic(state, message.params[0], message.params[-1], by=message.nick)


def on_topic_reply(state: State, message: Message) -> None:
    """331, 332: what it is."""
    topic = message.params[2] if message.command == "332" and len(message.params) > 2 else ""
    key = state.support.fold(message.params[1])
    asked = key in state.topics_asked
    state.topics_asked.discard(key)
    _set_topic(state, message.params[1], topic, asked=asked)


def _set_topic(
    state: State, name: str, topic: str, *, by: str | None = None, asked: bool = False
) -> None:
    channel = state.roster[name]
    if channel:
        channel.topic = topic
    state.emit(TopicChanged(channel=name, topic=topic, by=by, asked=asked))


def on_names(state: State, message: Message) -> None:
    """353: some of who is there."""
    name, words = message.params[-2], message.params[-1].split()
    state.roster.list_names(name, words)
    others = state.names_asked.get(state.support.fold(name))
    if others is not None and state.roster[name] is None:
        nicks = [word.partition("!")[0][:NAME_CHARS_MAX] for word in words]
        others += nicks[: CHANNEL_MEMBERS_MAX - len(others)]


def on_names_end(state: State, message: Message) -> None:
    """366: that was all."""
    others = state.names_asked.pop(state.support.fold(message.params[1]), None)
    channel = state.roster.end_names(message.params[1])
    if channel is not None:
        asked, channel.listed = channel.listed, True
        names = tuple(member.prefixes + member.nick for member in channel.members.values())
        state.emit(NamesListed(channel=channel.name, names=names, asked=asked))
    elif others is not None:
        state.emit(NamesListed(channel=message.params[1], names=tuple(others), asked=True))


def on_mode(state: State, message: Message) -> None:
    """MODE of a channel or of ourselves."""
    target, *words = message.params
    if state.support.is_channel(target) and words:
        state.roster.change_modes(target, words[0], words[1:])
    state.emit(ModeChanged(target=target, by=message.nick, words=" ".join(words)))


def on_invite(state: State, message: Message) -> None:
    """INVITE, of us or (invite-notify) of somebody else."""
    nick, channel = message.params[:2]
    state.emit(Invited(channel=channel, nick=nick, by=message.nick))


def on_host(state: State, message: Message) -> None:
    """CHGHOST: if it is ours, the room for text on a line changes."""
    if state.is_me(message.nick):
        state.source = f"{message.nick}!{message.params[0]}@{message.params[1]}"


def on_silent_news(state: State, message: Message) -> None:
    """AWAY, SETNAME, ACCOUNT, TAGMSG: known, and nothing to tell."""
