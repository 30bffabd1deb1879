"""A certificate for servers, and folders to keep data in."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from xchat.config import load
from xchat.server.context import make_context


@dataclass(frozen=True)
class Pair:
    """A certificate and key as files, and the CA that signed them."""

    ca: trustme.CA
    cert: Path
    key: Path

    @property
    def settings(self) -> list[str]:
        """The pair as `--set` has it."""
        return [f'tls.cert="{self.cert}"', f'tls.key="{self.key}"']


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    folder = tmp_path_factory.mktemp("certs")
    ca = trustme.CA()
    leaf = ca.issue_cert("localhost", "127.0.0.1", "::1")
    cert, key = folder / "server.pem", folder / "server-key.pem"
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(cert, append=True)
    key.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return Pair(ca, cert, key)


@pytest.fixture(scope="session")
def server_context(pair: Pair) -> ssl.SSLContext:
    return make_context(load(None, pair.settings).tls)


@pytest.fixture(scope="session")
def server_context_12(pair: Pair) -> ssl.SSLContext:
    return make_context(load(None, [*pair.settings, 'tls.min_version="1.2"']).tls)


@pytest.fixture(scope="session")
def client_context(pair: Pair) -> ssl.SSLContext:
    context = ssl.create_default_context()
    pair.ca.configure_trust(context)
    return context
