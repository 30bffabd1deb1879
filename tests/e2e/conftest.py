"""Servers, certificates, terminals and clients of the end-to-end tests, each closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from tests.e2e.programs import Pki, Program, Server, run
from tests.e2e.raw import RawClient
from tests.e2e.tmux import Terminal

UNLIMITED = 'limits.exempt=["127.0.0.0/8"]'
"""Loopback spared from connection and flood limits, for the tests that are not about those."""

MakeServer = Callable[..., Server]
MakeProgram = Callable[..., Program]
MakeTerminal = Callable[[], Terminal]
MakeClient = Callable[..., RawClient]


@pytest.fixture(scope="session")
def own_pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A CA and a server certificate as `xchat-certs init` makes them."""
    folder = tmp_path_factory.mktemp("own") / "certs"
    done = run("xchat-certs", "init", "--dir", folder)
    assert done.returncode == 0, done.stderr
    live = folder / "live"
    return Pki(folder / "ca.pem", live / "server.pem", live / "server-key.pem")


def trustme_pki(folder: Path, *names: str) -> Pki:
    """Write a CA, a certificate for `names` and its key into `folder`."""
    authority = trustme.CA()
    leaf = authority.issue_cert(*names)
    pki = Pki(folder / "ca.pem", folder / "server.pem", folder / "server-key.pem")
    authority.cert_pem.write_to_path(str(pki.ca))
    pki.certificate.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    pki.key.touch(mode=0o600)
    leaf.private_key_pem.write_to_path(str(pki.key))
    return pki


@pytest.fixture(scope="session")
def other_pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    """A CA of trustme's and what it issued for localhost: not ours."""
    return trustme_pki(tmp_path_factory.mktemp("other"), "localhost", "127.0.0.1")


@pytest.fixture(params=["own", "other"])
def pki(request: pytest.FixtureRequest, own_pki: Pki, other_pki: Pki) -> Pki:
    """A CA that `xchat-certs` made, and one that somebody else did."""
    return {"own": own_pki, "other": other_pki}[request.param]


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """What a test opens is closed in the reverse order, and every closing is heard."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def make_server(tmp_path: Path, own_pki: Pki, closing: ExitStack) -> MakeServer:
    """Start servers, each in a folder of its own unless told which."""

    def make(*settings: str, pki: Pki = own_pki, folder: Path | None = None) -> Server:
        if folder is None:
            folder = tmp_path / f"server-{len(list(tmp_path.glob('server-*')))}"
        folder.mkdir(exist_ok=True)
        server = Server(folder, pki, settings)
        closing.callback(server.close)
        server.start()
        return server

    return make


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """A server with a certificate of our own CA, loopback spared from limits."""
    return make_server(UNLIMITED)


@pytest.fixture
def join(server: Server, closing: ExitStack) -> MakeClient:
    """Log in to `server` as a nick and join channels: `join("nino", "#lobby")`."""

    def make(nick: str, *channels: str, caps: str = "echo-message") -> RawClient:
        client = RawClient.join(server.port, server.ca, nick, *channels, caps=caps)
        closing.callback(client.close)
        return client

    return make


@pytest.fixture
def make_terminal(tmp_path: Path, closing: ExitStack) -> MakeTerminal:
    """Open terminals, each a tmux server with a home folder of its own."""

    def make() -> Terminal:
        folder = tmp_path / f"terminal-{len(list(tmp_path.glob('terminal-*')))}"
        folder.mkdir()
        terminal = Terminal(folder)
        closing.callback(terminal.close)
        return terminal

    return make


@pytest.fixture
def make_program(tmp_path: Path, closing: ExitStack) -> MakeProgram:
    """Start one of our commands with a home folder of its own, its input ours."""

    def make(*argv: str) -> Program:
        folder = tmp_path / f"program-{len(list(tmp_path.glob('program-*')))}"
        folder.mkdir()
        program = Program(folder, argv[0], argv, {"HOME": str(folder)})
        closing.callback(program.close)
        program.start()
        return program

    return make
