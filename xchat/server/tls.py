"""TLS as bytes in, bytes out: one end of a connection over two memory BIOs.

Goal: no peer can hold the loop inside OpenSSL. A plain `SSLSocket.recv` reads
from the socket for as long as the peer sends records without plaintext (key
updates: over a second, measured); here a peer is fed what one `recv` gave, and
its ciphertext is weighed against the plaintext in it: updates with a word
between them now and then are a flood too. Writing never blocks and is never
repeated, so the trap of retrying a write with other bytes is gone.
See reliability notes in ARCHITECTURE.md.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable

from xchat.limits import CIPHERTEXT_PER_PLAINTEXT_MAX, SILENT_CIPHERTEXT_BYTES_MAX
from xchat.pki.invite.enrolment import ALPN
from xchat.server.forgetful import forgetful
from xchat.server.hello import BadHello, read_hello
from xchat.server.presented import UNREAD, Presented, take_presented
from xchat.server.revoked import NoneTrusted

READ_BYTES = 65_536
ENROLMENT = ALPN.encode()


class TlsError(Exception):
    """The peer does not speak TLS as we do; the words say what OpenSSL said."""


class TlsPipe:
    """The server's end of one TLS connection.

    `write` encrypts plaintext (raises ssl.SSLError, an OSError, where TLS has
    ended); `take` returns the ciphertext that is to be sent, once. Both are the
    methods of what is underneath: everyone who is told something passes here.
    """

    __slots__ = (
        "_enrolment", "_first", "_incoming", "_outgoing", "_silent", "_tls", "enrols",
        "established", "presented", "take", "write",
    )  # fmt: skip

    def __init__(self, context: ssl.SSLContext, enrolment: ssl.SSLContext | None = None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._enrolment = enrolment
        """The context for those who come to enrol, until it is known whether this one does."""
        self._first: bytes | None = b""
        """The first record, until it is whole."""
        self.enrols = False
        """Whether the client has come to enrol: then `write` is another since it said so."""
        self._silent = 0
        self.established = False
        self.presented: Presented | None = None
        """The certificate of the client, where it has shown one."""
        self.write: Callable[[bytes | memoryview], int] = self._tls.write
        self.take: Callable[[], bytes] = self._outgoing.read

    def feed(self, ciphertext: bytes) -> bytes:
        """Take what the peer sent; return the plaintext in it.

        Raises TlsError for what is not TLS, for a handshake that fails, and for
        a peer that goes on sending records that say nothing. EOFError means
        that the peer ended the TLS connection.
        """
        if self._first is not None and not (ciphertext := self._begin(self._first + ciphertext)):
            return b""
        self._incoming.write(ciphertext)
        try:
            plaintext = self._read()
        except ssl.SSLWantReadError:
            plaintext = b""
        except ssl.SSLZeroReturnError as error:
            raise EOFError from error
        except ssl.SSLCertVerificationError as error:
            raise TlsError(f"the client's certificate: {self._why(error)}") from error
        except ssl.SSLError as error:
            raise TlsError(error.reason or "not TLS") from error
        excess = len(ciphertext) - CIPHERTEXT_PER_PLAINTEXT_MAX * len(plaintext)
        self._silent = max(0, self._silent + excess)
        if self._silent > SILENT_CIPHERTEXT_BYTES_MAX:
            raise TlsError("too many records without a word in them")
        return plaintext

    def _begin(self, first: bytes) -> bytes:
        """Hold the first record back until it is whole; then choose the context, and return it."""
        try:
            hello = read_hello(first)
        except BadHello as error:
            raise TlsError(str(error)) from error
        self._first = first
        if hello is None:
            return b""
        if hello.is_costly:
            raise TlsError("it asks for a finite field, which takes too long (X25519 does not)")
        if self._enrolment is not None and ENROLMENT in hello.protocols:
            self.enrols = True
            self._wrap(self._enrolment)
        elif hello.is_old:
            context = self._tls.context
            self._wrap(forgetful(context))
            self._tls.context = context
        self._first = self._enrolment = None
        return first

    def _wrap(self, context: ssl.SSLContext) -> None:
        """Begin with another context, before the first byte was given to TLS."""
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.write = self._tls.write

    def _read(self) -> bytes:
        if not self.established:
            self._tls.do_handshake()
            if self._tls.session_reused:
                raise TlsError("it resumes a session, where none may be resumed")
            self.presented = take_presented(self._tls)
            if self.presented is not None and self.presented.named == UNREAD:
                raise TlsError("the client's certificate: it cannot be read")
            self.established = True
        first = self._tls.read(READ_BYTES)
        if not first:  # close_notify, for Python's ssl
            raise EOFError
        if not self._incoming.pending:  # OpenSSL reads no further than the record it gives
            return first
        parts = [first]
        try:
            while data := self._tls.read(READ_BYTES):
                parts.append(data)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass  # an end that came with it is met again when the socket is read next
        return b"".join(parts)

    def _why(self, error: ssl.SSLCertVerificationError) -> str:
        context = self._tls.context
        return str(context.why if isinstance(context, NoneTrusted) else error.verify_message)

    def certificate(self) -> bytes:
        """Return the client's certificate (DER), judged or not; nothing where it showed none."""
        return self._tls.getpeercert(binary_form=True) or b""

    @property
    def pending(self) -> int:
        """How many bytes of ciphertext `take` would return."""
        return self._outgoing.pending

    def end(self) -> None:
        """Say goodbye in TLS (close_notify), without waiting for the peer's."""
        try:
            self._tls.unwrap()
        except (ssl.SSLError, ValueError):
            return

    def describe(self) -> tuple[str, str]:
        """Return the protocol version and the cipher."""
        cipher = self._tls.cipher()
        return self._tls.version() or "", cipher[0] if cipher else ""
