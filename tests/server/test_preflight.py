"""What is prepared before the server listens, and given back at the end."""

from __future__ import annotations

import io
import json
import os
import resource
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pki.conftest import make
from tests.server.conftest import Pair
from xchat.config import Config, load
from xchat.errors import XChatError
from xchat.journal import Journal, open_journal
from xchat.server.listeners import show_address
from xchat.server.preflight import check, describe_invite, describe_join, prepare


def config_of(pair: Pair, data: Path, **more: object) -> Config:
    given = {"store.data": str(data), "listen.host": ["127.0.0.1"], "listen.port": 0}
    return load(None, pair.settings, given | more)


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def journal(written: io.StringIO) -> Journal:
    return open_journal("json", "debug", written)


def test_all_that_a_server_needs_is_there(pair: Pair, tmp_path: Path, journal: Journal) -> None:
    data = tmp_path / "data"
    with prepare(config_of(pair, data), journal) as start:
        assert start.data_folder == data
        assert start.addresses == ["127.0.0.1"]
        assert start.served.pair.names == ("localhost", "127.0.0.1", "::1")
        with socket.create_connection(("127.0.0.1", start.port), 5):
            pass


def test_all_is_given_back(pair: Pair, tmp_path: Path, journal: Journal) -> None:
    before = sorted(path.name for path in Path("/dev/fd").iterdir())
    with prepare(config_of(pair, tmp_path / "data"), journal) as start:
        port = start.port
    with prepare(config_of(pair, tmp_path / "data", **{"listen.port": port}), journal):
        pass
    assert sorted(path.name for path in Path("/dev/fd").iterdir()) == before


def test_a_refusal_gives_back_what_was_taken(pair: Pair, tmp_path: Path, journal: Journal) -> None:
    config = config_of(pair, tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        in_use = taken.getsockname()[1]
        blocked = config_of(pair, tmp_path / "data", **{"listen.port": in_use})
        with pytest.raises(XChatError, match="in use"), prepare(blocked, journal):
            pass
    with prepare(config, journal):
        pass


def test_a_certificate_that_is_refused_makes_nothing_and_opens_no_port(
    pair: Pair, tmp_path: Path, journal: Journal
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(pair.key.read_bytes())
    key.chmod(0o644)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = config_of(
            pair,
            tmp_path / "data",
            **{"tls.key": str(key), "listen.port": taken.getsockname()[1]},
        )
        refused = pytest.raises(XChatError, match="everyone on this machine")
        with refused as caught, prepare(config, journal):
            pass
    assert caught.value.mend == f"chmod 600 {key}"
    assert not (tmp_path / "data").exists()


def test_a_key_its_group_can_read_is_a_warning(
    pair: Pair, tmp_path: Path, journal: Journal, written: io.StringIO
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(pair.key.read_bytes())
    key.chmod(0o640)
    with prepare(config_of(pair, tmp_path / "data", **{"tls.key": str(key)}), journal):
        pass
    warnings = [json.loads(line) for line in written.getvalue().splitlines()]
    assert any(str(key) in warning["event"] for warning in warnings)


RAISED = """
import resource, sys
from pathlib import Path
from xchat.config import load
from xchat.journal import open_journal
from xchat.server.preflight import prepare
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, min(hard, 2000)))
given = {"store.data": sys.argv[1], "listen.host": ["127.0.0.1"], "listen.port": 0}
with prepare(load(None, sys.argv[2:], given), open_journal("json")):
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_the_descriptor_limit_is_raised_as_far_as_it_may_be(pair: Pair, tmp_path: Path) -> None:
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 2000)
    done = subprocess.run(
        [sys.executable, "-c", RAISED, tmp_path / "data", *pair.settings],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert done.stdout == f"{hard} {hard}\n"
    assert "descriptors are fewer than users" in done.stderr


def test_a_check_makes_locks_and_listens_on_nothing(
    pair: Pair, tmp_path: Path, journal: Journal
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lines = check(config_of(pair, tmp_path / "data", **{"listen.port": port}), journal)
    assert not (tmp_path / "data").exists()
    text = "\n".join(lines)
    assert f"{tmp_path / 'data'} would be made" in text
    assert f"Would listen on 127.0.0.1:{port}" in text
    assert "only this machine may join" in text
    assert "localhost, 127.0.0.1, ::1" in text


def test_a_check_beside_the_running_server_says_so(
    pair: Pair, tmp_path: Path, journal: Journal
) -> None:
    config = config_of(pair, tmp_path / "data")
    with prepare(config, journal):
        assert any(f"pid {os.getpid()}" in line for line in check(config, journal))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_the_next_person_is_told_a_name_that_the_certificate_has(
    pair: Pair, tmp_path: Path, journal: Journal, host: str
) -> None:
    config = config_of(pair, tmp_path / "data", **{"listen.host": [host]})
    with prepare(config, journal) as start:
        program, option, ca, address, channel = shlex.split(describe_join(config, start) or "")
        assert (program, option, channel) == ("xchat-client", "--ca", "#lobby")
        assert Path(ca) == pair.cert.parent / "ca.pem"
        nick, _, where = address.partition("@")
        name, _, port = where.rpartition(":")
        assert nick == "YOU"
        assert name in start.served.pair.names
        assert int(port) == start.port


@pytest.mark.parametrize(
    "asked", [{"tls.client_certificates": "required"}, {"access.policy": "devices"}]
)
def test_where_only_devices_come_in_the_next_person_is_invited(
    tmp_path: Path, journal: Journal, asked: dict[str, str]
) -> None:
    made = make(tmp_path / "certs", "localhost", "127.0.0.1")
    pair = {"tls.cert": str(made.server), "tls.key": str(made.server_key)}
    data = str(tmp_path / "data")
    given = {"listen.host": ["127.0.0.1"], "listen.port": 0, "store.data": data, **pair, **asked}
    config = load(None, [], given)
    with prepare(config, journal) as start:
        assert describe_join(config, start) is None
    program, verb, name, *where = shlex.split(describe_invite(config) or "")
    assert (program, verb, name) == ("xchat-certs", "invite", "NAME")
    assert where == ["--data", data, "--dir", str(made.path)]


@pytest.mark.parametrize("client_ca", [None, "its own", "another"])
@pytest.mark.parametrize("asked", ["none", "optional"])
def test_an_invite_is_offered_where_its_device_would_be_let_in(
    tmp_path: Path, asked: str, client_ca: str | None
) -> None:
    """`xchat-certs init && xchat-server`: the way in that is told first is the link."""
    made = make(tmp_path / "certs", "localhost", "127.0.0.1")
    given = {"tls.cert": str(made.server), "tls.client_certificates": asked}
    if client_ca:
        given["tls.client_ca"] = str(made.ca if client_ca == "its own" else tmp_path / "other.pem")
    is_offered = describe_invite(load(None, [], given)) is not None
    assert is_offered == (asked == "optional" and client_ca != "another")
    made.issuer_key.unlink()
    assert describe_invite(load(None, [], given)) is None


def test_the_next_person_is_told_of_the_password_and_not_which(
    pair: Pair, tmp_path: Path, journal: Journal
) -> None:
    config = config_of(pair, tmp_path / "data", **{"server.password": "hunter2"})
    with prepare(config, journal) as start:
        join = describe_join(config, start) or ""
    assert " --password-file FILE YOU@" in join
    assert "hunter2" not in join


def own_address(elsewhere: str) -> str:
    """Return our address on the way there, which need not exist."""
    family = socket.AF_INET6 if ":" in elsewhere else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((elsewhere, 9))
        except OSError:
            pytest.skip("no network of that kind here")
        address: str = probe.getsockname()[0]
        return address


@pytest.mark.parametrize(("host", "elsewhere"), [("0.0.0.0", "192.0.2.1"), ("::", "2001:db8::1")])
def test_an_address_is_told_rather_than_a_name_that_only_we_know(
    pair: Pair, tmp_path: Path, journal: Journal, host: str, elsewhere: str
) -> None:
    address = own_address(elsewhere)
    leaf = pair.ca.issue_cert(socket.gethostname(), "localhost", address)
    cert, key = tmp_path / "server.pem", tmp_path / "server-key.pem"
    cert.write_bytes(leaf.cert_chain_pems[0].bytes())
    key.touch(mode=0o600)
    key.write_bytes(leaf.private_key_pem.bytes())
    more = {"tls.cert": str(cert), "tls.key": str(key), "listen.host": [host]}
    with prepare(config_of(pair, tmp_path / "data", **more), journal) as start:
        shown = show_address((address, start.port))
        assert f"YOU@{shown}" in shlex.split(describe_join(config_of(pair, tmp_path), start) or "")


def test_a_policy_that_lets_nobody_in_is_a_warning(
    pair: Pair, tmp_path: Path, journal: Journal, written: io.StringIO
) -> None:
    asked = {"access.policy": "devices", "tls.client_certificates": "none"}
    config = config_of(pair, tmp_path / "data", **asked)
    check(config, journal)
    with prepare(config, journal):
        pass
    warnings = [json.loads(line) for line in written.getvalue().splitlines()]
    words = "nobody can log in: no device is asked for its certificate"
    said = [entry for entry in warnings if entry["event"] == words]
    assert [entry["level"] for entry in said] == ["warning"] * 2
    assert said[0]["mend"] == "--set 'tls.client_certificates=\"optional\"'"


def test_settings_that_count_for_nothing_are_a_warning(
    pair: Pair, tmp_path: Path, journal: Journal, written: io.StringIO
) -> None:
    crl = {"tls.client_certificates": "none", "tls.client_crl": str(tmp_path / "crl.pem")}
    check(config_of(pair, tmp_path / "data", **crl), journal)
    assert "tls.client_crl counts for nothing" in written.getvalue()


def test_any_other_policy_is_no_warning(
    pair: Pair, tmp_path: Path, journal: Journal, written: io.StringIO
) -> None:
    for policy in (None, "open", "accounts", "devices"):
        for asked in ("optional", "required"):
            words = {"access.policy": policy, "tls.client_certificates": asked}
            check(config_of(pair, tmp_path / "data", **words), journal)
    assert written.getvalue() == ""
