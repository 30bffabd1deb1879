"""The link that brings a person in: where to connect, whom to trust, and a token.

`xchat://chat.lan:8080/?ca=CA&t=TOKEN`: the host, the port, the SHA-256 of the
root's DER and the token, both in base64url. A QR code holds the same in
capitals, `XCHAT://CHAT.LAN:8080/CA/TOKEN`, both in base32: it takes fewer
squares, and no shell cuts it. Whoever has the link is let in, so it is shown
once and never kept; nothing here puts it into words but the two `format` functions.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import NoReturn
from urllib.parse import unquote

import msgspec

from xchat.chat.tokens import Token, parse_token, spell, spell_capitals, unspell
from xchat.errors import UsageError
from xchat.limits import LINK_CHARS_MAX
from xchat.pki.mint.names import Name, parse_name

SCHEME = "xchat://"
PORT_DEFAULT = 8080
CA_BYTES = 32

_PARTS = re.compile(
    r"xchat://(?P<place>[^/?#]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?:#.*)?", re.IGNORECASE
)
_PLACE = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(?::(?P<port>[^:]*))?")


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation; `host` as a certificate has it, `ca` the SHA-256 of the root to trust."""

    host: str
    port: int
    ca: bytes
    token: Token

    @property
    def place(self) -> str:
        """The host and the port as they are typed."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def format_link(link: Link) -> str:
    """Return a link as it is sent and typed: in quotes, since a shell cuts it at the `&`."""
    return f"{SCHEME}{link.place}/?ca={spell(link.ca)}&t={link.token.text}"


def format_capitals(link: Link) -> str:
    """Return a link in the capitals, digits and signs that a QR code packs tightest."""
    place = f"{SCHEME}{link.place}".upper()
    return f"{place}/{spell_capitals(link.ca)}/{link.token.capitals}"


def parse_link(text: str) -> Link:
    """Take a link apart, in whichever form; raises UsageError, which never repeats its token."""
    bare = text.strip().strip("<>'\"").replace("&amp;", "&")
    if len(bare) > LINK_CHARS_MAX:
        _refuse(f"it is longer than the {LINK_CHARS_MAX:,} characters a link may have")
    parts = _PARTS.fullmatch(bare)
    if parts is None:
        _refuse(f"it does not begin with {SCHEME}")
    host, port = _place(parts["place"])
    ca, token = _secrets(parts["path"] or "/", parts["query"])
    return Link(host=host, port=port, ca=_ca(ca), token=_token(token))


def _place(text: str) -> tuple[str, int]:
    if "@" in text:
        _refuse("it names a person before the host")
    found = _PLACE.fullmatch(text)
    if found is None:
        _refuse("its host is none; an IPv6 address stands in brackets")
    return str(_host(found["host"])), _port(found["port"])


def _host(text: str) -> Name:
    try:
        name = parse_name(unquote(text, errors="strict"))
    except (UsageError, UnicodeError):
        _refuse("its host is none" if text else "it names no host")
    is_six = isinstance(name, IPv6Address)
    if is_six is not text.startswith("["):
        _refuse("brackets stand around an IPv6 address, and around nothing else")
    if isinstance(name, IPv6Address) and name.scope_id:
        _refuse("its address has a zone (%), which means something on one machine only")
    return name


def _port(text: str | None) -> int:
    if text is None:
        return PORT_DEFAULT
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        _refuse("its port is no number from 1 to 65535")
    return int(text)


def _secrets(path: str, query: str | None) -> tuple[str, str]:
    """Return the CA and the token as they are written, in the query or in the path."""
    if query is None and path != "/":
        ca, slash, token = path[1:].removesuffix("/").partition("/")
        if not slash:
            _refuse("it ends after its CA: the token is missing")
        return ca, token
    if path != "/":
        _refuse("something stands between its host and the question mark")
    pairs = [pair.partition("=")[::2] for pair in (query or "").split("&") if pair]
    given = dict(pairs)
    if len(given) != len(pairs):
        _refuse("something stands in it twice")
    if "ca" not in given:
        _refuse("it does not say which CA to trust (ca=)")
    if "t" not in given:
        _refuse("it ends before its token (t=): a shell cuts a link at the & unless it is quoted")
    return given["ca"], given["t"]


def _ca(text: str) -> bytes:
    ca = unspell(text, CA_BYTES)
    if ca is None:
        _refuse("what it says of the CA (ca=) is no SHA-256")
    return ca


def _token(text: str) -> Token:
    token = parse_token(text)
    if token is None:
        _refuse("its token (t=) is cut or mistyped")
    return token


def _refuse(why: str) -> NoReturn:
    raise UsageError(
        f"The link cannot be used: {why}",
        mend="Copy the whole link, in quotes: xchat-client join 'xchat://...'",
    )
