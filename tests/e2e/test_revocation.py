"""Revocation with the real programs: a server, `xchat-certs`, our client, openssl and GnuTLS."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from tests.e2e.conftest import UNLIMITED, MakeServer
from tests.e2e.programs import Pki, Server, run, until
from tests.e2e.raw import RawClient, trusting
from tests.pki.devices import leaf, request_of
from tests.server.client_certificates import DAY, Device, mint, read_authority
from xchat.client.exits import Exit
from xchat.pki.device.enrol import enrol
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.mint.keys import make_key

SECOND = 1.0
CHEAP = ("accounts.argon2_memory_kib=8", "accounts.argon2_passes=1")


@pytest.fixture
def folder(own_pki: Pki, tmp_path: Path) -> Folder:
    """A CA of a test's own, as `xchat-certs init` makes it."""
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    return Folder(tmp_path / "certs")


@pytest.fixture(params=["optional", "required"])
def server(make_server: MakeServer, folder: Folder, request: pytest.FixtureRequest) -> Server:
    asked = f'tls.client_certificates="{request.param}"'
    pki = Pki(folder.ca, folder.server, folder.server_key)
    return make_server(UNLIMITED, *CHEAP, asked, pki=pki)


def certs(folder: Folder, *words: str) -> str:
    done = run("xchat-certs", *words, "--dir", folder.path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def add(server: Server, folder: Folder, account: str = "nino", name: str = "laptop") -> Path:
    """Make a device, and its account; return the file with its certificate and key."""
    certs(folder, "device", "add", account, name, "--data", str(server.folder / "data"))
    return folder.device_files / f"{account}-{name}.pem"


class Member(RawClient):
    """A client that shows a certificate."""

    @classmethod
    def come(cls, server: Server, shows: Path, *, version: str = "TLSv1_3") -> Member:
        trust = trusting(server.ca)
        trust.maximum_version = ssl.TLSVersion[version]
        trust.load_cert_chain(shows)
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        try:
            return cls(trust.wrap_socket(sock, server_hostname="localhost"))
        except BaseException:
            sock.close()
            raise


def is_let_in(server: Server, shows: Path) -> bool:
    """Say whether who shows a certificate gets a word of IRC for an answer."""
    try:
        with closing(Member.come(server, shows)) as client:
            client.send("PING x")
            client.wait("PONG")
            return True
    except (AssertionError, OSError):
        return False


def until_refused(server: Server, shows: Path) -> float:
    """Knock until a certificate is refused; return when (monotonic seconds)."""
    until(lambda: not is_let_in(server, shows) or None, "it is refused", seconds=5)
    return time.monotonic()


def test_within_a_second_of_the_command_it_bites(server: Server, folder: Folder) -> None:
    """Bar 12: "full handshake refused < 1 s after the command, [...] open session closed < 1 s".

    The account's other device stays, and the admin is told which is which.
    """
    lost, kept = add(server, folder), add(server, folder, name="phone")
    with ExitStack() as stack:
        gone = stack.enter_context(closing(Member.come(server, lost)))
        stays = stack.enter_context(closing(Member.come(server, kept)))
        gone.register("gone")
        stays.register("stays")
        wanted = re.compile(r"gone .* laptop$.*stays .* phone$", re.MULTILINE | re.DOTALL)
        until(lambda: wanted.search(admin(server, "session", "list")), "both are named", seconds=5)
        assert "laptop" in certs(folder, "device", "list", "nino")
        certs(folder, "device", "revoke", "nino", "laptop", "--reason", "key-compromise")
        began = time.monotonic()
        said = gone.wait("^ERROR :(.*)", seconds=SECOND)[1]
        assert "Your certificate was revoked on 20" in said
        assert said.endswith("UTC (key-compromise), as nino's device laptop")
        assert until_refused(server, lost) - began < SECOND
        stays.send("PING still")
        stays.wait("PONG")
    assert is_let_in(server, kept)
    assert "revoked" in certs(folder, "device", "list", "nino")


def admin(server: Server, *words: str) -> str:
    done = run("xchat-admin", "--data", server.folder / "data", *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_hundred_revocations_of_one_second_all_hold(
    make_server: MakeServer, folder: Folder
) -> None:
    """Bar 12: "100 revocations in one second all hold": a list each, all of the same second."""
    server = make_server(UNLIMITED, *CHEAP, pki=Pki(folder.ca, folder.server, folder.server_key))
    now, made = datetime.now(UTC), []
    for number in range(100):
        key = make_key()
        one = enrol(folder, f"a{number // 20}", f"d{number}", request_of(key), now)
        made.append(Device(leaf(one), key).write(folder.path.parent))
    assert is_let_in(server, made[99])
    for number in range(100):
        revoke(folder, f"a{number // 20}", f"d{number}", "unspecified", now)
    until_refused(server, made[99])
    assert not any(is_let_in(server, shows) for shows in made)


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_no_session_is_resumed_with_openssl(
    make_server: MakeServer, folder: Folder, tmp_path: Path, version: str
) -> None:
    """Bar 12: "**resumed handshake refused**": no ticket is given; no id of TLS 1.2 is known."""
    pki = Pki(folder.ca, folder.server, folder.server_key)
    server = make_server(UNLIMITED, *CHEAP, 'tls.min_version="1.2"', pki=pki)
    shows, kept = add(server, folder), tmp_path / "session"
    client = (
        "openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", server.ca,
        "-cert", shows, "-key", shows, "-ign_eof", "-servername", "localhost",
        f"-{version.lower().replace('v', '')}",
    )  # fmt: skip
    ask = {"stdin": "PING x\r\nQUIT\r\n", "seconds": 20}
    first = run(*client, "-sess_out", kept, **ask)  # type: ignore[arg-type]
    assert "PONG" in first.stdout
    assert kept.exists() is (version == "TLSv1_2")
    if kept.exists():
        again = run(*client, "-sess_in", kept, **ask)  # type: ignore[arg-type]
        assert "New, TLSv1.2" in again.stdout
        assert "PONG" in again.stdout
    certs(folder, "device", "revoke", "nino", "laptop")
    until_refused(server, shows)
    if kept.exists():
        again = run(*client, "-sess_in", kept, **ask)  # type: ignore[arg-type]
        assert "PONG" not in again.stdout


def test_our_client_logs_in_by_its_device_and_says_what_became_of_it(
    server: Server, folder: Folder, tmp_path: Path
) -> None:
    """Issue 4: "SASL EXTERNAL, automatic for our client"; revoked it ends with words and a code."""
    shows = add(server, folder)

    def send() -> subprocess.CompletedProcess[str]:
        where = f"nino@localhost:{server.port}"
        options = ("--ca", server.ca, "--cert", shows)
        return run("xchat-client", "send", *options, where, "#lobby", "hi", seconds=20)

    done = send()
    assert (done.returncode, done.stderr) == (0, "")
    joined = [event for event in server.journal if event["event"] == "joined"]
    assert joined[-1]["login"] == "certificate"
    certs(folder, "device", "revoke", "nino", "laptop")
    until_refused(server, shows)
    done = send()
    assert done.returncode == Exit.OWN_REFUSED.code
    assert "refused our own certificate: it was revoked" in done.stderr


def test_an_account_that_is_removed_and_one_that_is_suspended(
    server: Server, folder: Folder
) -> None:
    nino, ana = add(server, folder), add(server, folder, "ana", "phone")
    admin(server, "user", "suspend", "ana", "--reason", "holiday")
    removed = admin(server, "user", "remove", "nino")
    assert re.search("Devices in force +laptop", removed)
    assert "Next: xchat-certs device list" in removed
    for shows, why in (
        (nino, "904 .*of a device of nino: there is no such account here"),
        (ana, "902 .*The account is suspended: holiday"),
    ):
        with closing(Member.come(server, shows)) as client:
            client.send("CAP REQ :sasl", "AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
            client.wait(why)


# -- impostors ------------------------------------------------------------------------------------


def same_names(folder: Folder) -> Device:
    """Return another CA that calls itself as the folder's issuer does."""
    ours = read_authority(folder.issuer.read_bytes(), folder.issuer_key.read_bytes())
    (name,) = ours.certificate.subject
    return mint(str(name.value), is_ca=True)


def impostors(folder: Folder, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    issuer = read_authority(folder.issuer.read_bytes(), folder.issuer_key.read_bytes())
    yield "expired", mint("nino", issuer=issuer, ends=-DAY).write(tmp_path)
    yield "of another CA of the same name", mint("nino", issuer=same_names(folder)).write(tmp_path)
    other = trustme.CA()
    stranger = read_authority(other.cert_pem.bytes(), other.private_key_pem.bytes())
    yield "of a stranger", mint("nino", issuer=stranger).write(tmp_path)
    both = tmp_path / "server-as-client.pem"
    both.touch(mode=0o600)
    both.write_bytes(folder.server.read_bytes() + folder.server_key.read_bytes())
    yield "the server's own", both


def test_no_impostor_is_let_in(server: Server, folder: Folder, tmp_path: Path) -> None:
    """pki.md, fact 19's kinds, turned round: who shows what is not a device's of ours."""
    assert is_let_in(server, add(server, folder))
    for kind, shows in impostors(folder, tmp_path):
        assert not is_let_in(server, shows), kind
    assert not [event for event in server.journal if event["event"] == "joined"]


def test_a_device_signs_no_other(server: Server, folder: Folder, tmp_path: Path) -> None:
    """A device's key is no CA's: what it signs is refused, with its chain shown or not."""
    whole = add(server, folder).read_bytes()
    device = read_authority(whole, whole[whole.index(b"-----BEGIN PRIVATE") :])
    forged = mint("ana", issuer=device)
    assert not is_let_in(server, forged.write(tmp_path, device.certificate))


def test_the_devices_of_an_issuer_of_old_are_let_in_and_revoked_as_all_others(
    server: Server, folder: Folder
) -> None:
    """After `rotate issuer`: and what was revoked stays so, through a start without a table."""
    lost, kept = add(server, folder), add(server, folder, name="phone")
    certs(folder, "rotate", "issuer")
    new = add(server, folder, name="tablet")
    until(lambda: is_let_in(server, new) or None, "the new issuer is known", seconds=5)
    assert is_let_in(server, lost)
    for name, shows in (("laptop", lost), ("tablet", new)):
        certs(folder, "device", "revoke", "nino", name)
        until_refused(server, shows)
    folder.devices.rename(folder.devices.with_suffix(".away"))
    server.stop()
    server.start()
    assert [is_let_in(server, shows) for shows in (lost, new, kept)] == [False, False, True]


def test_forty_devices_at_once(make_server: MakeServer, folder: Folder, tmp_path: Path) -> None:
    server = make_server(UNLIMITED, *CHEAP, pki=Pki(folder.ca, folder.server, folder.server_key))
    made = []
    for number in range(40):
        key = make_key()
        one = enrol(folder, f"a{number % 4}", f"d{number}", request_of(key), datetime.now(UTC))
        made.append(Device(leaf(one), key).write(tmp_path))
    with ExitStack() as stack:
        members = [stack.enter_context(closing(Member.come(server, shows))) for shows in made]
        for number, member in enumerate(members):
            member.register(f"n{number}")
        certs(folder, "device", "revoke", "a1", "--all")
        for number, member in enumerate(members):
            if number % 4 == 1:
                member.wait("^ERROR :.*as a1's device d", seconds=2 * SECOND)
            else:
                member.send("PING x")
                member.wait("PONG")
