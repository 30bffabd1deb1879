"""A TLS client that does what Python's `ssl` will not: update keys, renegotiate.

The same OpenSSL that the interpreter has, called directly, between two memory BIOs.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from ctypes import c_char_p, c_int, c_long, c_void_p
from typing import Any

import pytest

_BIO_C_SET_BUF_MEM_EOF_RETURN = 130
_SSL_CTRL_SET_MAX_PROTO_VERSION = 124
TLS1_2 = 0x0303
READ_BYTES = 1 << 20


def _load(name: str) -> ctypes.CDLL:
    found = ctypes.util.find_library(name)
    if found is None:
        pytest.skip(f"lib{name} is not installed")
    return ctypes.CDLL(found)


class LibsslClient:
    """One client's end: `feed` what the server sent, `take` what it is to be sent."""

    def __init__(self, *, version_max: int = 0) -> None:
        self._libraries = _load("ssl"), _load("crypto")
        context = self._call("SSL_CTX_new", c_void_p)(
            self._call("TLS_client_method", c_void_p)(),
        )
        self._call("SSL_CTX_ctrl", c_long)(
            context, _SSL_CTRL_SET_MAX_PROTO_VERSION, c_long(version_max), None
        )
        self._ssl = self._call("SSL_new", c_void_p)(context)
        self._call("SSL_CTX_free", None)(context)
        self._in, self._out = self._memory(), self._memory()
        self._call("SSL_set_bio", None)(self._ssl, self._in, self._out)
        self._call("SSL_set_connect_state", None)(self._ssl)
        self._buffer = ctypes.create_string_buffer(READ_BYTES)

    def close(self) -> None:
        """Free what C holds."""
        self._call("SSL_free", None)(self._ssl)

    def _call(self, name: str, result: type | None) -> Callable[..., Any]:
        for library in self._libraries:
            if function := getattr(library, name, None):
                function.restype = result
                return lambda *given: function(
                    *(
                        c_void_p(word) if isinstance(word, int) and word >> 31 else word
                        for word in given
                    )
                )
        raise AttributeError(name)

    def _memory(self) -> int:
        memory: int = self._call("BIO_new", c_void_p)(self._call("BIO_s_mem", c_void_p)())
        self._call("BIO_ctrl", c_long)(memory, _BIO_C_SET_BUF_MEM_EOF_RETURN, c_long(-1), None)
        return memory

    def handshake(self) -> bool:
        """Go on with the handshake; say whether it is done."""
        return int(self._call("SSL_do_handshake", c_int)(self._ssl)) == 1

    def feed(self, ciphertext: bytes) -> None:
        """Take what the server sent."""
        if ciphertext:
            self._call("BIO_write", c_int)(self._in, c_char_p(ciphertext), len(ciphertext))

    def take(self) -> bytes:
        """Return what the server is to be sent."""
        taken = b""
        while (size := self._call("BIO_read", c_int)(self._out, self._buffer, READ_BYTES)) > 0:
            taken += self._buffer.raw[:size]
        return taken

    def write(self, plaintext: bytes) -> None:
        """Encrypt."""
        size = self._call("SSL_write", c_int)(self._ssl, c_char_p(plaintext), len(plaintext))
        assert size == len(plaintext)

    def read(self) -> bytes:
        """Return plaintext that came, b"" if none did."""
        size = self._call("SSL_read", c_int)(self._ssl, self._buffer, READ_BYTES)
        return self._buffer.raw[:size] if size > 0 else b""

    def update_keys(self, *, ask_for_theirs: bool) -> None:
        """Send a KeyUpdate (RFC 8446, 4.6.3)."""
        assert self._call("SSL_key_update", c_int)(self._ssl, int(ask_for_theirs)) == 1
        assert self.handshake()

    def renegotiate(self) -> None:
        """Begin another handshake within TLS 1.2."""
        assert self._call("SSL_renegotiate", c_int)(self._ssl) == 1
        self.handshake()
