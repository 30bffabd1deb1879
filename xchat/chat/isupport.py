"""RPL_ISUPPORT: what this server supports, from its own tables and limits.

Document: modern.ircdocs.horse, RPL_ISUPPORT Parameters.
"""

from __future__ import annotations

from functools import lru_cache

from xchat.chat.modes import BOT, PREFIXES, chanmodes, prefixes
from xchat.config import Config
from xchat.irc.names import CHANNEL_PREFIX
from xchat.limits import (
    CHANNEL_BYTES_MAX,
    HISTORY_ROWS_MAX,
    HOST_BYTES_MAX,
    MODES_A_COMMAND,
    NICK_BYTES_MAX,
    USER_BYTES_MAX,
)


@lru_cache(maxsize=1)
def tokens(config: Config) -> list[str]:
    """Return the tokens in the order of the alphabet."""
    limits = config.limits
    return [
        "ACCOUNTEXTBAN=a",
        f"AWAYLEN={limits.away_bytes_max}",
        f"BOT={BOT}",
        f"CASEMAPPING={config.server.casemapping}",
        f"CHANLIMIT={CHANNEL_PREFIX}:{limits.channels_per_user_max}",
        f"CHANMODES={chanmodes()}",
        f"CHANNELLEN={min(limits.channel_chars_max, CHANNEL_BYTES_MAX)}",
        f"CHANTYPES={CHANNEL_PREFIX}",
        f"CHATHISTORY={HISTORY_ROWS_MAX}",
        "ELIST=CMNTU",
        "EXCEPTS=e",
        "EXTBAN=,am",
        f"HOSTLEN={HOST_BYTES_MAX}",
        "INVEX=I",
        f"KEYLEN={limits.key_bytes_max}",
        f"KICKLEN={limits.kick_bytes_max}",
        f"MAXLIST=beI:{limits.bans_per_channel_max}",
        f"MAXTARGETS={limits.targets_max}",
        f"MODES={MODES_A_COMMAND}",
        f"MONITOR={limits.monitor_max}",
        "MSGREFTYPES=msgid,timestamp",
        f"NAMELEN={limits.realname_bytes_max}",
        f"NETWORK={config.server.network}",
        f"NICKLEN={min(limits.nick_chars_max, NICK_BYTES_MAX)}",
        f"PREFIX={prefixes()}",
        "SAFELIST",
        "SAFERATE",
        f"STATUSMSG={PREFIXES}",
        f"TARGMAX={_targmax(limits.targets_max)}",
        f"TOPICLEN={limits.topic_bytes_max}",
        f"USERLEN={min(limits.user_chars_max, USER_BYTES_MAX)}",
        "UTF8ONLY",
        "WHOX",
        *(["draft/ACCOUNTREQUIRED"] if config.is_private else []),
        *([f"draft/ICON={config.server.icon}"] if config.server.icon else []),
    ]


def _targmax(targets: int) -> str:
    """Return how many targets each command takes; none said is no bound."""
    bounded = ("KICK", "NOTICE", "PRIVMSG", "TAGMSG", "WHOIS", "WHOWAS")
    unbounded = ("JOIN", "MONITOR", "NAMES", "PART")
    rows = [*(f"{name}:{targets}" for name in bounded), *(f"{name}:" for name in unbounded)]
    return ",".join(sorted(rows))
