"""What a link connects with, time after time."""

from __future__ import annotations

import ssl

import pytest

from xchat.client.contexts import Contexts
from xchat.client.exits import ClientError, Exit


def unknown_ca() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = 19  # X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
    return error


def make() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def test_files_that_break_meanwhile_are_not_missed() -> None:
    made: list[ssl.SSLContext] = []

    def make_twice() -> ssl.SSLContext:
        if len(made) == 2:
            raise ClientError(Exit.CA_UNREADABLE, "ca.pem: it holds no PEM certificate")
        made.append(make())
        return made[-1]

    contexts = Contexts(make_twice)
    assert contexts.fresh() is made[1]
    assert contexts.fresh() is made[1]


def test_files_that_are_broken_at_first_are_told() -> None:
    def broken() -> ssl.SSLContext:
        raise ClientError(Exit.CA_UNREADABLE, "ca.pem: it holds no PEM certificate")

    with pytest.raises(ClientError):
        Contexts(broken)


def test_an_unknown_ca_is_looked_after_once_until_a_connection_was_verified() -> None:
    contexts = Contexts(make, lambda: "a new root")
    assert contexts.follow(ConnectionResetError()) == ""
    assert [contexts.follow(unknown_ca()) for _ in range(2)] == ["a new root", ""]
    contexts.verified()
    assert contexts.follow(unknown_ca()) == "a new root"
