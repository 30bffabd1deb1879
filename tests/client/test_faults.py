"""Every way not to get in: its own words, its own code, what to do; and nothing given away."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding

from tests.client.conftest import MakeImpostor
from tests.client.impostors import hang_up, odd_leaf, saying, server_context
from tests.e2e.programs import run
from xchat.client import wire
from xchat.client.diagnose import diagnose
from xchat.client.exits import ClientError, Exit, Fault
from xchat.client.link import Link
from xchat.client.output import Output
from xchat.client.peer import Peer, parse_address
from xchat.client.send import Send
from xchat.client.session import Identity, Session
from xchat.client.tls import make_context
from xchat.errors import UsageError
from xchat.pki.mint.authority import mint_root

Done = subprocess.CompletedProcess[str]


def attempt(ca: Path, port: int, *more: str, host: str = "localhost", nick: str = "ana@") -> Done:
    """Try to send a line; return how it went."""
    return run("xchat-client", "send", "--ca", ca, *more, f"{nick}{host}:{port}", "#lobby", "hi")


def test_a_server_of_another_ca(impostor: MakeImpostor, ca: Path) -> None:
    other = impostor(
        server_context(trustme.CA(organization_name="Mallory").issue_cert("localhost"))
    )
    done = attempt(ca, other.port)
    assert done.returncode == Exit.UNKNOWN_CA.code == 10
    assert f"not from the CA in {ca}" in done.stderr
    assert "Mallory" in done.stderr
    assert "--ca FILE" in done.stderr
    assert other.heard == b""


def test_a_certificate_for_other_names(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path
) -> None:
    """Asked and offered names stand side by side, with the command that mends it."""
    other = impostor(server_context(authority.issue_cert("chat.lan", "10.1.2.3")))
    done = attempt(ca, other.port)
    assert done.returncode == Exit.WRONG_NAME.code == 11
    assert "asked for:  localhost\n" in done.stderr
    assert "offered:    chat.lan, 10.1.2.3\n" in done.stderr
    assert "xchat-certs add-name localhost" in done.stderr
    assert other.heard == b""


def test_an_address_that_is_not_in_the_certificate(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path
) -> None:
    other = impostor(server_context(authority.issue_cert("localhost")))
    done = attempt(ca, other.port, host="127.0.0.1")
    assert done.returncode == Exit.WRONG_NAME.code
    assert "asked for:  127.0.0.1\n" in done.stderr


def test_a_name_in_the_subject_alone_does_not_count(impostor: MakeImpostor, ca: Path,
                                                    authority: trustme.CA) -> None:  # fmt: skip
    leaf = authority.issue_cert("chat.lan", common_name="localhost")
    assert attempt(ca, impostor(server_context(leaf)).port).returncode == Exit.WRONG_NAME.code


def test_an_expired_certificate(impostor: MakeImpostor, authority: trustme.CA, ca: Path) -> None:
    """Since when is said, relative to now, and what the clock here says."""
    other = impostor(odd_leaf(authority, starts=-30, ends=-3))
    done = attempt(ca, other.port)
    assert done.returncode == Exit.EXPIRED.code == 12
    assert "its certificate expired on 20" in done.stderr
    assert " UTC, 3 days ago" in done.stderr
    assert re.search("clock says [-0-9]{10} [0-9:]{5} UTC", done.stderr)
    assert other.heard == b""


@pytest.mark.parametrize("first", ["old", "new"])
def test_an_expired_root_beside_another(tmp_path: Path, first: str) -> None:
    """Each root in the file is looked at, wherever it stands there."""
    long_ago, now = (datetime.now(UTC) - timedelta(days=days) for days in (3660, 0))
    roots = [mint_root(when, bounds=None).certificate for when in (long_ago, now)]
    pems = [each.public_bytes(Encoding.PEM) for each in roots]
    ca = tmp_path / "ca.pem"
    ca.write_bytes(b"".join(pems if first == "old" else reversed(pems)))
    error = ssl.SSLCertVerificationError(1, "certificate has expired")
    error.verify_code = 10
    fault = diagnose(error, Peer("127.0.0.1", 1), ca)
    assert fault.end is Exit.EXPIRED
    assert f"the CA in {ca} expired on {roots[0].not_valid_after_utc:%Y-%m-%d}" in fault.what


def test_a_certificate_of_the_future(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path
) -> None:
    done = attempt(ca, impostor(odd_leaf(authority, starts=2, ends=30)).port)
    assert done.returncode == Exit.NOT_YET_VALID.code == 13
    assert "not valid yet: only from 20" in done.stderr


def test_a_certificate_that_breaks_a_rule(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path
) -> None:
    """VERIFY_X509_STRICT: RFC 5280 wants an authority key identifier."""
    other = impostor(odd_leaf(authority, starts=-1, ends=30, with_key_id=False))
    done = attempt(ca, other.port)
    assert done.returncode == Exit.BAD_CERTIFICATE.code == 14
    assert "key identifier" in done.stderr.lower()


def test_a_leaf_is_no_ca(impostor: MakeImpostor, authority: trustme.CA, tmp_path: Path) -> None:
    """Partial chains are off, on every Python."""
    leaf = authority.issue_cert("localhost")
    trusted = tmp_path / "leaf.pem"
    leaf.cert_chain_pems[0].write_to_path(str(trusted))
    done = attempt(trusted, impostor(server_context(leaf)).port)
    assert done.returncode == Exit.UNKNOWN_CA.code


@pytest.mark.parametrize(
    "talk", [saying("HTTP/1.1 400 Bad Request"), saying(":s NOTICE * :hi"), hang_up]
)
def test_a_server_without_tls(impostor: MakeImpostor, ca: Path, talk: object) -> None:
    done = attempt(ca, impostor(None, talk).port)
    assert done.returncode == Exit.NOT_TLS.code == 7
    assert "does not speak TLS" in done.stderr
    assert "Nothing was sent" in done.stderr


def test_a_server_of_old(impostor: MakeImpostor, authority: trustme.CA, ca: Path) -> None:
    """TLS 1.3 only, 1.2 where it is asked for."""
    context = server_context(authority.issue_cert("localhost"))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    old = impostor(context, saying("ERROR :Go away"))
    done = attempt(ca, old.port)
    assert done.returncode == Exit.TLS_TOO_OLD.code == 8
    assert "--tls-min 1.2" in done.stderr
    assert attempt(ca, old.port, "--tls-min", "1.2").returncode == Exit.NOT_LET_IN.code


def test_nobody_there(ca: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = attempt(ca, port)
    assert done.returncode == Exit.NOBODY_THERE.code == 5
    assert "connection refused" in done.stderr


def test_a_name_that_cannot_be_found(ca: Path) -> None:
    done = attempt(ca, 8080, host="nowhere.invalid")
    assert done.returncode == Exit.UNRESOLVABLE.code == 4
    assert "nowhere.invalid: no server of that name can be found" in done.stderr


def test_a_name_that_is_none(ca: Path) -> None:
    assert attempt(ca, 8080, host="a" * 70 + ".lan").returncode == Exit.UNRESOLVABLE.code


def test_a_server_that_says_nothing(
    impostor: MakeImpostor, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HANDSHAKE_SECONDS_MAX", 0.2)
    mute = impostor(None)
    session = Session(Identity("ana"))
    link = Link(session, Peer("localhost", mute.port), lambda: make_context(ca), ca)
    start = time.monotonic()
    with Path("/dev/null").open("w") as nowhere, pytest.raises(Fault) as caught:
        link.run(Send(session, link, Output(nowhere), target="#a", text="x"))
    assert caught.value.end is Exit.TIMED_OUT
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\xfe"])
def test_a_ca_file_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ClientError) as caught:
        make_context(path)
    assert caught.value.exit_code == Exit.CA_UNREADABLE.code == 3
    assert caught.value.what.startswith(f"{path}: ")
    assert "--ca FILE" in str(caught.value)


def test_a_key_is_not_a_ca(tmp_path: Path, authority: trustme.CA) -> None:
    path = tmp_path / "server-key.pem"
    authority.private_key_pem.write_to_path(str(path))
    done = attempt(path, 1)
    assert done.returncode == Exit.CA_UNREADABLE.code
    assert (
        f"{path}: it holds a private key, not the CA's certificate\n  Pass the ca.pem"
        in done.stderr
    )


def test_a_password_that_cannot_be_read(ca: Path, tmp_path: Path) -> None:
    missing, bytes_only = tmp_path / "none", tmp_path / "bytes"
    bytes_only.write_bytes(b"\xff\n")
    for path, why in ((missing, "No such file or directory"), (bytes_only, "not text in UTF-8")):
        done = attempt(ca, 1, "--password-file", str(path))
        assert done.returncode == Exit.USAGE.code
        assert why in done.stderr
        assert "\n  --password-file FILE: its first line" in done.stderr
        assert "Errno" not in done.stderr


def test_a_server_that_refuses_us(impostor: MakeImpostor, authority: trustme.CA, ca: Path) -> None:
    context = server_context(authority.issue_cert("localhost"))
    other = impostor(context, saying("ERROR :Closing link: no \x1b[31mstrangers here"))
    done = attempt(ca, other.port)
    assert done.returncode == Exit.NOT_LET_IN.code == 22
    assert "no ␛[31mstrangers here" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_server_that_wants_a_password(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path, tmp_path: Path
) -> None:
    """A password comes from a file, never from the command line."""
    context = server_context(authority.issue_cert("localhost"))
    other = impostor(context, saying(":s 464 * :Password incorrect"))
    done = attempt(ca, other.port)
    assert done.returncode == Exit.NOT_LET_IN.code
    assert "--password-file FILE" in done.stderr
    (tmp_path / "word").write_text("tea\n")
    done = attempt(ca, other.port, "--password-file", str(tmp_path / "word"))
    assert "The first line of --password-file is not its password" in done.stderr
    assert "Write the server's password" not in done.stderr
    assert b"PASS tea\r\n" in other.heard


@pytest.mark.parametrize(
    ("line", "end"),
    [
        (":s 433 * ana :Nickname is already in use", Exit.NICK_TAKEN),
        (":s 432 * ana :Erroneous nickname", Exit.NICK_ILL_FORMED),
    ],
)
def test_a_nick_that_is_refused(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path, line: str, end: Exit
) -> None:
    context = server_context(authority.issue_cert("localhost"))
    done = attempt(ca, impostor(context, saying(line)).port)
    assert done.returncode == end.code
    assert "ana" in done.stderr
    assert done.stderr.count("in use") == (end is Exit.NICK_TAKEN)


@pytest.mark.parametrize("nick", ["bad nick", "#ana", "7up", "\udcff"])
def test_a_nick_that_none_can_have_is_refused_before_connecting(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path, nick: str
) -> None:
    other = impostor(server_context(authority.issue_cert("localhost")))
    done = attempt(ca, other.port, nick=f"{nick}@")
    assert done.returncode == Exit.NICK_ILL_FORMED.code
    assert "cannot be a nickname: " in done.stderr
    assert other.visits == 0


def test_a_nick_that_is_refused_is_named(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path
) -> None:
    """Some servers say `*` for a nick that they would not repeat."""
    context = server_context(authority.issue_cert("localhost"))
    done = attempt(ca, impostor(context, saying(":s 432 * * :Erroneous nickname")).port)
    assert "does not take the nickname ana: Erroneous nickname" in done.stderr


def test_a_certificate_that_turns_bad_is_not_tried_again(
    impostor: MakeImpostor, authority: trustme.CA, ca: Path
) -> None:
    """Transient faults are tried again after a first success, permanent ones never."""
    context = server_context(authority.issue_cert("localhost"))

    def swap_and_hang_up(connection: socket.socket) -> None:
        connection.sendall(b":s 001 ana :Hi\r\n:s 422 ana :-\r\n")
        connection.recv(4096)
        other._context = odd_leaf(authority, starts=-9, ends=-1)

    other = impostor(context, swap_and_hang_up)
    done = attempt(ca, other.port)
    assert done.returncode == Exit.EXPIRED.code
    assert other.visits == 3  # let in, refused by us, and looked at once to tell why


@pytest.mark.parametrize(
    "address", ["", "@host", "ana@", "host:port", "host:0", "host:65536", "[::1", "a b", "host:"]
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(address)
    assert "[NICK@]HOST[:PORT]" in str(caught.value) or "port" in str(caught.value)


def test_each_way_to_end_has_a_code_of_its_own_and_stands_in_help() -> None:
    codes = [end.code for end in Exit]
    assert len(codes) == len(set(codes))
    shown = run("xchat-client", "--help").stdout
    for end in Exit:
        assert f"  {end.code} " in shown
        assert end.meaning.split()[0] in shown
    assert isinstance(Fault(Exit.NOT_TLS, "x"), ClientError)
