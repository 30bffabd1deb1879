"""A server that knows nothing newer than RFC 2812 is talked to all the same."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.e2e.programs import run, until

CONFIG = """
[Global]
Name = irc.test
Info = a server without capabilities
Listen = 127.0.0.1
Ports = {plain}
[Limits]
MaxConnectionsIP = 0
[Options]
DNS = no
Ident = no
PAM = no
ChrootDir =
[SSL]
CertFile = {folder}/server.pem
KeyFile = {folder}/key.pem
Ports = {port}
"""


def free_ports(count: int) -> list[int]:
    """Return ports on which nothing listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


@pytest.fixture
def ngircd(authority: trustme.CA, tmp_path: Path) -> Iterator[int]:
    """Run ngIRCd; return its TLS port."""
    folder = tmp_path / "ngircd"
    folder.mkdir()
    leaf = authority.issue_cert("localhost")
    leaf.cert_chain_pems[0].write_to_path(str(folder / "server.pem"))
    leaf.private_key_pem.write_to_path(str(folder / "key.pem"))
    plain, port = free_ports(2)
    (folder / "conf").write_text(CONFIG.format(folder=folder, port=port, plain=plain))
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(["ngircd", "-n", "-f", folder / "conf"], stdout=log, stderr=log)
    try:
        until(lambda: listens(port) or None, (folder / "log").read_text(), seconds=15)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def listens(port: int) -> bool:
    """Tell whether something accepts connections."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.needs("ngircd")
def test_talks_to_a_server_without_capabilities(ngircd: int, ca: Path) -> None:
    done = run("xchat-client", "--ca", ca, f"ana@localhost:{ngircd}", "lobby",
               stdin="hello\n/me waves\n/msg nobody hi\n")  # fmt: skip
    assert re.search("(?s)ana: hello.*[*] ana waves", done.stdout), done.stdout
    assert "not sent to nobody: No such nick" in done.stdout
    assert done.returncode == 23


@pytest.mark.needs("ngircd")
def test_send_says_what_it_cannot_prove(ngircd: int, ca: Path) -> None:
    start = time.monotonic()
    done = run("xchat-client", "send", "--ca", ca, f"ana@localhost:{ngircd}", "#lobby", "hello")
    assert done.returncode == 0
    assert "does not say whether it kept it" in done.stderr
    assert time.monotonic() - start < 20
