"""A certificate for servers, and folders to keep data in."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from tests.pki.conftest import make
from tests.server.house import House, config_of
from xchat.config import Config, load
from xchat.pki.disk.folder import Folder
from xchat.server.certificates import Served, make_served
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
def served(pair: Pair) -> Served:
    return make_served(load(None, pair.settings).tls, now=datetime.now(UTC))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """What `xchat-certs init` makes; a module that wants other names has its own."""
    return make(tmp_path_factory.mktemp("made") / "certs", "localhost", "127.0.0.1")


@pytest.fixture
def folder(made_once: Folder, tmp_path: Path) -> Folder:
    """A folder of certificates of a test's own, to spoil."""
    shutil.copytree(made_once.path, tmp_path / "certs", symlinks=True)
    return Folder(tmp_path / "certs")


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


@pytest.fixture
def make_house(
    tmp_path: Path,
    served: Served,
    client_context: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., House]]:
    """Make a server in this process; keywords are those of `Limits`, or `config=`, `room=`."""
    monkeypatch.setattr("xchat.server.turn.IDLE_SECONDS", 0.05)
    with ExitStack() as stack:

        def make(*, config: Config | None = None, room: int = 1000, **limits: object) -> House:
            chosen = config or config_of(**limits)
            house = House(tmp_path, served, client_context, config=chosen, room=room)
            stack.callback(house.close)
            return house

        yield make
