"""Where to connect to, and as whom: `[NICK@]HOST[:PORT]`."""

from __future__ import annotations

import getpass
import re

import msgspec

from xchat.errors import UsageError

PORT_DEFAULT = 8080
_PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w]+)\]|(?P<host>[^\[\]:/\s]+))(?::(?P<port>.*))?")
_BARE_SIX = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(%\w+)?")


class Peer(msgspec.Struct, frozen=True):
    """A server's address; `host` is a name or an address without brackets."""

    host: str
    port: int = PORT_DEFAULT

    @property
    def name(self) -> str:
        """The name that its certificate has to hold (an address without its zone)."""
        return self.host.partition("%")[0].rstrip(".")

    def __str__(self) -> str:
        """Return it as it is typed."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> tuple[str | None, Peer]:
    """Take `[NICK@]HOST[:PORT]` apart. Raises UsageError."""
    if is_link(text):  # its token is repeated nowhere
        raise UsageError("that is a link", mend="xchat-client join 'xchat://...'")
    nick, at, place = text.strip().rpartition("@")
    if _BARE_SIX.fullmatch(place):
        place = f"[{place}]"
    match = _PLACE.fullmatch(place)
    if match is None or (at and not nick):
        raise UsageError(
            f"{text!r} is not an address", mend="Write [NICK@]HOST[:PORT], as in ana@chat.lan:8080"
        )
    return nick or None, Peer(match["six"] or match["host"], _port(match["port"]))


def is_link(text: str) -> bool:
    """Tell whether a person has typed a link where an address is wanted."""
    return text.strip().lower().startswith("xchat://")


def _port(text: str | None) -> int:
    if text is None:
        return PORT_DEFAULT
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise UsageError(f"{text!r} is not a port", mend="A port is a number from 1 to 65535.")
    return int(text)


def channel_named(text: str) -> str:
    """Return the channel a person means: most shells take `#lobby` for a comment."""
    return text if not text or text.startswith(("#", "&")) else f"#{text}"


def login_nick() -> str:
    """Return the login name as a nick, or `guest`."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        login = ""
    cleaned = re.sub(r"[^A-Za-z0-9_-]", "", login).lstrip("0123456789-")
    return cleaned[:20] or "guest"
