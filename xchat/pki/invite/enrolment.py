"""The enrolment protocol: how a device comes to its certificate, over the server's own port.

A TLS connection whose client asks for `ALPN` (RFC 7301), and for that alone, carries one line of
JSON each way, and ends. What is asked is told apart by `ask`:

    {"ask": "roots", "have": ["9f86d0..."]}
    {"ask": "redeem", "token": "...", "request": "-----BEGIN CERTIFICATE REQUEST...", "device": "laptop"}
    {"ask": "renew", "request": "-----BEGIN CERTIFICATE REQUEST..."}

and what is answered is the struct of the same name, or `Refused`. On such a connection the
server shows its root too, after the chain, so that who has only the root's SHA-256 can find it.
A request is PKCS #10 (RFC 2986): of it the public key counts, and the proof that the client has
the private one; whose certificate it becomes is the token's, or the shown certificate's, to say.
"""  # noqa: E501 - a line of the protocol is one line

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from xchat.errors import XChatError
from xchat.limits import ENROLMENT_LINE_BYTES_MAX

ALPN = "xchat-enroll/1"

Pem = Annotated[str, Meta(max_length=ENROLMENT_LINE_BYTES_MAX)]
Token = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}\Z")]
"""128 bits of chance in base64url (RFC 4648, 5), without padding."""
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
ROOTS_MAX = 8


class _Ask(msgspec.Struct, frozen=True, tag_field="ask", tag=str.lower):
    """One line of the client's."""


class Roots(_Ask, frozen=True):
    """Asks which roots to trust; tells those that it has, the SHA-256 of each one's DER.

    A device that shows its certificate is remembered to have them.
    """

    have: Annotated[tuple[Sha256, ...], Meta(max_length=ROOTS_MAX)] = ()


class Redeem(_Ask, frozen=True):
    """Asks for a device's first certificate, by an invitation's token."""

    token: Token
    request: Pem
    device: Annotated[str, Meta(min_length=1, max_length=100)]

    def __repr__(self) -> str:
        """Return it without the token."""
        return f"Redeem(device={self.device!r})"


class Renew(_Ask, frozen=True):
    """Asks for a device's next certificate; the one in force is shown in the handshake."""

    request: Pem


Ask = Roots | Redeem | Renew
Answer = TypeVar("Answer", "Trusted", "Enrolled")


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `Roots`: all the roots that are trusted from now on."""

    roots: str


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `Redeem` and `Renew`: whose certificate it is, the chain, the roots.

    `certificate` is the device's own, then its issuer's. `device` may have become another name
    than the one asked for, where the account has one of that already.
    """

    account: str
    device: str
    certificate: str
    roots: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Why not: a code for programs, words for people."""

    code: str
    what: str


class NotTheProtocol(XChatError):  # noqa: N818 - says what is so
    """A line is not of this protocol."""


def encode(message: Ask | Trusted | Enrolled | Refused) -> bytes:
    """Return the line of a question, or of an answer."""
    value: Any = {"refused": message} if isinstance(message, Refused) else message
    return msgspec.json.encode(value) + b"\n"


def decode_ask(line: bytes) -> Ask:
    """Return what a client asks. Raises NotTheProtocol, whose words repeat nothing of the line."""
    try:
        ask: Ask = msgspec.json.decode(line, type=Ask)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        place = str(error).rpartition(" - at `$")[2].rstrip("`")
        where = f" (in {place[1:]})" if place.startswith(".") else ""
        raise NotTheProtocol(f"that is no question of {ALPN}{where}") from None
    return ask


def decode_answer(line: bytes, wanted: type[Answer]) -> Answer | Refused:
    """Return what a server answers. Raises NotTheProtocol."""
    try:
        refusal = msgspec.json.decode(line, type=_Refusal).refused
        return refusal or msgspec.json.decode(line, type=wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NotTheProtocol(f"that is no answer of {ALPN}") from error


class _Refusal(msgspec.Struct, frozen=True):
    refused: Refused | None = None
