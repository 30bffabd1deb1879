"""Real servers for the client: XChat's own, and impostors of every kind."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.client.enrollers import Enroller, House, Recorder
from tests.client.impostors import Impostor
from tests.e2e.conftest import closing, make_program, make_server, other_pki, own_pki, server

__all__ = ["closing", "make_program", "make_server", "other_pki", "own_pki", "server"]

MakeImpostor = Callable[..., Impostor]
MakeRecorder = Callable[..., Recorder]
MakeEnroller = Callable[..., Enroller]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep profiles in a folder of the test's own."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    return folder


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return the CA that the client trusts."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return its certificate's file."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def impostor(closing: ExitStack) -> MakeImpostor:
    """Start servers that are not what they should be."""

    def make(*args: object, **kwargs: object) -> Impostor:
        made = Impostor(*args, **kwargs)  # type: ignore[arg-type]
        closing.callback(made.close)
        return made

    return make


@pytest.fixture(scope="session")
def house() -> House:
    """Return a CA as `xchat-certs init` makes it, with what a link says of it."""
    return House()


@pytest.fixture
def recorder(closing: ExitStack) -> MakeRecorder:
    """Start servers that show what they are told to, and only listen."""

    def make(*contexts: ssl.SSLContext) -> Recorder:
        made = Recorder(*contexts)
        closing.callback(made.close)
        return made

    return make


@pytest.fixture
def enroller(closing: ExitStack, house: House) -> MakeEnroller:
    """Start servers that enrol devices; the contexts are those of impostors before them."""

    def make(*contexts: ssl.SSLContext, **kwargs: object) -> Enroller:
        made = Enroller(house, *contexts, **kwargs)  # type: ignore[arg-type]
        closing.callback(made.close)
        return made

    return make
