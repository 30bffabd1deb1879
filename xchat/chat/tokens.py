"""Tokens of invites: 128 bits of chance, shown once, kept as what SHA-256 makes of them.

A token is written in base64url (22 characters, RFC 4648, 5) or, where capitals
alone may stand, in base32 (26, RFC 4648, 6). Both are read wherever one is typed.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase

import msgspec

TOKEN_BYTES = 16
"""128 bits: at the rate that is allowed, nobody guesses one before the sun is cold."""


class Token(msgspec.Struct, frozen=True):
    """A secret that lets a person in; it shows itself only when asked for `text` or `capitals`."""

    secret: bytes

    @property
    def text(self) -> str:
        """The token in 22 characters."""
        return spell(self.secret)

    @property
    def capitals(self) -> str:
        """The token in 26 capitals and digits."""
        return spell_capitals(self.secret)

    @property
    def sha256(self) -> str:
        """What is kept of it, in hex."""
        return hashlib.sha256(self.secret).hexdigest()

    def __repr__(self) -> str:
        """Show nothing: a traceback is no place for it."""
        return "<token>"


def make_token() -> Token:
    """Draw a new token."""
    return Token(secrets.token_bytes(TOKEN_BYTES))


def parse_token(text: str) -> Token | None:
    """Return the token that is written in either way; None for what is none."""
    secret = unspell(text, TOKEN_BYTES)
    return Token(secret) if secret is not None else None


def spell(data: bytes) -> str:
    """Return bytes in base64url, unpadded."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def spell_capitals(data: bytes) -> str:
    """Return bytes in base32, unpadded: letters that a QR code packs tighter."""
    return b32encode(data).decode().rstrip("=")


def unspell(text: str, size: int) -> bytes | None:
    """Return the `size` bytes that `spell` or `spell_capitals` wrote as `text`, or None."""
    if not text.isascii():
        return None
    padding = "=" * 7
    try:
        if len(text) == len(spell(bytes(size))):
            data = urlsafe_b64decode(text + padding[: -len(text) % 4])
            return data if spell(data) == text else None
        data = b32decode(text.upper() + padding[: -len(text) % 8])
    except NotBase:
        return None
    return data if len(data) == size and spell_capitals(data) == text.upper() else None
