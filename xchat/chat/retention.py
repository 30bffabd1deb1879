"""How long what was said is kept: as the server has it, and a channel within that."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from xchat.chat.entities import Channel, Terms
from xchat.chat.state import State
from xchat.config.settings import History

_DAYS = re.compile("([0-9]{1,5})d")
_MESSAGES = re.compile("[0-9]{1,9}")


def terms_of(words: Sequence[str]) -> Terms | None:
    """Return the terms that are written as `30d`, `1000`, both, or `default`; None for others."""
    if [word.lower() for word in words] in (["default"], ["off"]):
        return Terms()
    days = [int(found[1]) for word in words if (found := _DAYS.fullmatch(word.lower()))]
    messages = [int(word) for word in words if _MESSAGES.fullmatch(word)]
    if len(days) > 1 or len(messages) > 1 or len(days + messages) < len(words) or not words:
        return None
    return Terms(*days, *messages) if days else Terms(messages=messages[0])


def in_words(terms: Terms) -> str:
    """Return terms as they are told."""
    bounds = [f"for {terms.days} days"] if terms.days else []
    bounds += [f"up to {terms.messages} messages"] if terms.messages else []
    return " and ".join(bounds) or "as the server does"


class Keeping(msgspec.Struct, frozen=True):
    """The server's terms, and the channels there are, by their cid."""

    terms: Terms = Terms()
    channels: Mapping[str, Channel] = {}
    knows_all: bool = False
    """Whether there are no other channels: what is none of theirs, nobody may read."""

    def of(self, target: str) -> Terms:
        """Return the terms of a channel's history, or of a conversation's."""
        channel = self.channels.get(target)
        return self.terms.within(channel.retention) if channel else self.terms

    def has_ended(self, target: str) -> bool:
        """Say whether this was the history of a channel that is no more."""
        return self.knows_all and "&" not in target and target not in self.channels

    def is_in_force(self, target: str, command: str, ts: int) -> bool:
        """Say whether this is the topic that a channel has, however old it is."""
        channel = self.channels.get(target)
        topic = channel.topic if channel else None
        return command == "TOPIC" and topic is not None and topic.ts == ts


def keeping(state: State, settings: History) -> Keeping:
    """Return what is to be kept as things stand."""
    terms = Terms(settings.days_max, settings.messages_max)
    channels = {channel.cid: channel for channel in state.channels.values()}
    return Keeping(terms, channels, knows_all=not state.left_out)
