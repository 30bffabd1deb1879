"""Real servers for the client: XChat's own, and impostors of every kind."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.client.impostors import Impostor
from tests.e2e.conftest import closing, make_program, make_server, own_pki, server

__all__ = ["closing", "make_program", "make_server", "own_pki", "server"]

MakeImpostor = Callable[..., Impostor]


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
