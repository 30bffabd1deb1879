"""Which names may be taken here: the rules of names, with the bounds and letters of this server."""

from __future__ import annotations

from xchat.config import Config
from xchat.irc import names


def check_nick(config: Config, nick: str) -> str:
    """Return the folded form of a nick, or an account's name; raises BadName with the rule."""
    _check_letters(config, nick)
    return names.check_nick(nick, config.limits.nick_chars_max)


def check_channel(config: Config, name: str) -> str:
    """Return the folded form of a channel's name; raises BadName with the rule."""
    _check_letters(config, name)
    return names.check_channel(name, config.limits.channel_chars_max)


def _check_letters(config: Config, name: str) -> None:
    if config.server.casemapping == "ascii" and not name.isascii():
        raise names.BadName("A name has no letters on this server but those of ASCII")
