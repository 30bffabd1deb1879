"""One SASL exchange: chunks of base64 in, whole messages out (IRCv3 SASL 3.1)."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from xchat.limits import SASL_CHUNK_BYTES, SASL_MESSAGE_BYTES_MAX

if TYPE_CHECKING:
    from scramp.core import ScramServer

    from xchat.chat.entities import Account

EMPTY = "+"
ABORT = "*"


class TooLong(ValueError):  # noqa: N818 - a kind of refusal
    """A chunk, or all of a message, has more bytes than one may have."""


class Exchange:
    """What a session is about to log in by, and what it has said of it so far."""

    __slots__ = ("_chunks", "account", "mechanism", "scram")

    def __init__(self, mechanism: str) -> None:
        self.mechanism = mechanism
        self.scram: ScramServer | None = None
        self.account: Account | None = None
        """Whom SCRAM is about; it is proved when `scram` has heard the last message."""
        self._chunks: list[str] = []

    def feed(self, chunk: str) -> bytes | None:
        """Take a chunk; return the message that it ends, or None where more is to come.

        Raises TooLong, or ValueError for what is no base64.
        """
        if len(chunk) > SASL_CHUNK_BYTES:
            raise TooLong
        if chunk != EMPTY:
            self._chunks.append(chunk)
        if sum(map(len, self._chunks)) > SASL_MESSAGE_BYTES_MAX:
            raise TooLong
        if len(chunk) == SASL_CHUNK_BYTES:
            return None
        data, self._chunks = "".join(self._chunks), []
        try:
            return b64decode(data, validate=True)
        except binascii.Error as error:
            raise ValueError("no base64") from error


def chunks_of(message: bytes) -> list[str]:
    """Return a message as chunks of base64; of less than the longest, so that its end is seen."""
    data = b64encode(message).decode()
    starts = range(0, len(data), SASL_CHUNK_BYTES)
    chunks = [data[start : start + SASL_CHUNK_BYTES] for start in starts]
    if not chunks or len(chunks[-1]) == SASL_CHUNK_BYTES:
        chunks.append(EMPTY)
    return chunks
