"""Logging in by our own certificate: what is shown to whom, and what can be wrong with it."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
import trustme

from tests.client.impostors import server_context
from tests.client.scripted import Script, of
from tests.e2e.conftest import MakeServer
from tests.e2e.programs import Server, run
from tests.e2e.raw import RawClient
from tests.server.client_certificates import DAY, Device, mint, read_authority
from xchat.client.certificate import Own
from xchat.client.exits import ClientError, Exit
from xchat.client.peer import Peer
from xchat.client.profile import Profile, choose_own
from xchat.client.session import Identity, Session
from xchat.client.session.events import EntryRefused, Registered
from xchat.client.tls import Tls, make_context
from xchat.errors import UsageError
from xchat.server.judges import CERTIFICATE

CLIENT_HELLO = 1
HERE, THERE = Peer("chat.lan"), Peer("chat.example")


# -- the session ------------------------------------------------------------------------------


@pytest.mark.parametrize(("account", "message"), [("", "+"), ("Ana", "QW5h")])
def test_external_says_as_whom_and_no_more(account: str, message: str) -> None:
    """The authorization identity may be empty: the certificate says who it is (RFC 4422, A)."""
    script = Script(caps="batch sasl=PLAIN,SCRAM-SHA-256,EXTERNAL")
    script.session = Session(Identity("ana", account=account, certified=True))
    script.connect()
    script.server(f":s CAP * LS :{script.caps}", ":s CAP * ACK :batch sasl")
    assert script.sent()[-1] == "AUTHENTICATE EXTERNAL"
    script.server("AUTHENTICATE +")
    assert script.sent() == [f"AUTHENTICATE {message}"]
    script.server(":s 903 * :Success")
    assert script.sent() == ["CAP END"]
    assert of(Registered, script.welcome())


def test_with_a_password_the_certificate_is_only_shown() -> None:
    """So that it can be pinned: `/msg NickServ CERT ADD`."""
    script = Script(caps="batch sasl=PLAIN,SCRAM-SHA-256,EXTERNAL")
    identity = Identity("ana", account="Ana", account_password="x", certified=True)
    script.session = Session(identity)
    script.connect()
    script.server(f":s CAP * LS :{script.caps}", ":s CAP * ACK :batch sasl")
    assert script.sent()[-1] == "AUTHENTICATE SCRAM-SHA-256"


def test_nobody_goes_on_without_the_login_asked_for() -> None:
    script = Script(caps="batch")
    script.session = Session(Identity("ana", certified=True))
    script.connect()
    events = script.server(":s CAP * LS :batch", ":s CAP * ACK :batch")
    (refused,) = of(EntryRefused, events)
    assert (refused.code, refused.permanent) == ("LOGIN", True)


# -- to whom it is shown ----------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_impostor_is_not_shown_it(
    authority: trustme.CA, ca: Path, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """ "the client verifies chain, name and dates before it sends anything" """
    own = mint("ana").write(tmp_path)
    heard: list[str] = []
    shown: list[int] = []

    def look(_one: object, direction: str, _v: object, _c: object, kind: int, _d: object) -> None:
        if direction == "read":
            shown.append(int(kind))

    for issuer, name in ((trustme.CA(), "localhost"), (authority, "other.example")):
        asks = server_context(issuer.issue_cert(name))
        asks.minimum_version = asks.maximum_version = version
        asks.verify_mode = ssl.CERT_OPTIONAL
        asks._msg_callback = look  # type: ignore[attr-defined]
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = asks.wrap_bio(incoming, outgoing, server_side=True)
        client = Tls(make_context(ca, oldest=version, own=Own(own, own)), "localhost")
        client.start()
        incoming.write(client.take())
        with pytest.raises(ssl.SSLWantReadError):
            server.do_handshake()
        with pytest.raises(ssl.SSLCertVerificationError):
            client.feed(outgoing.read())
        incoming.write(client.take())
        with pytest.raises(ssl.SSLError) as ended:
            server.do_handshake()
        heard.append(str(ended.value.reason))
        assert CLIENT_HELLO in shown
        assert CERTIFICATE not in shown
    assert heard == ["TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_BAD_CERTIFICATE"]


def test_what_one_server_knows_us_by_no_other_is_shown() -> None:
    known = Profile(host=HERE.host, port=HERE.port, cert="/a.pem", key="/k.pem")
    assert choose_own(None, None, known, HERE) == Own(Path("/a.pem"), Path("/k.pem"))
    assert choose_own(None, None, known, THERE) is None
    assert choose_own(Path("b"), None, known, THERE) == Own(Path("b"), Path("b"))
    assert choose_own(Path("b"), Path("c"), known, HERE) == Own(Path("b"), Path("c"))


def test_a_key_alone_says_nothing() -> None:
    with pytest.raises(UsageError, match="--key wants --cert"):
        choose_own(None, Path("k.pem"), Profile(), HERE)


# -- what can be wrong with the files ---------------------------------------------------------


def refusal(ca: Path, cert: Path, key: Path | None = None) -> ClientError:
    with pytest.raises(ClientError) as caught:
        make_context(ca, own=Own(cert, key or cert))
    assert caught.value.end is Exit.OWN_UNUSABLE
    return caught.value


def test_files_that_are_not_there_are_named(ca: Path, tmp_path: Path) -> None:
    none, good = tmp_path / "none.pem", mint().write(tmp_path)
    assert refusal(ca, none).what == f"{none}: No such file or directory"
    assert refusal(ca, good, none).what == f"{none}: No such file or directory"
    assert refusal(ca, tmp_path).what == f"{tmp_path}: Is a directory"


def test_files_that_hold_something_else_are_named(ca: Path, tmp_path: Path) -> None:
    odd, good = tmp_path / "odd.pem", mint().write(tmp_path)
    odd.write_bytes(b"\xff\0 no PEM")
    assert refusal(ca, odd).what == f"{odd}: it holds no PEM certificate"
    assert refusal(ca, good, odd).what == f"{odd}: it holds no private key"
    odd.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    assert refusal(ca, odd, good).what == f"{odd}: TLS cannot use it, or its key"


def test_the_key_of_another(ca: Path, tmp_path: Path) -> None:
    cert, other = mint().write(tmp_path), mint().write(tmp_path)
    error = refusal(ca, cert, other)
    assert error.what == f"{other}: it is not the key to {cert}"
    assert error.mend == "--key FILE names the one to it."


@pytest.mark.needs("openssl")
def test_a_locked_key_is_refused_and_nobody_is_asked(ca: Path, tmp_path: Path) -> None:
    cert, locked = mint().write(tmp_path), tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkey", "-in", cert, "-aes256", "-passout", "pass:x", "-out", locked],
        check=True,
    )
    error = refusal(ca, cert, locked)
    assert error.what == f"{locked}: the key is locked with a passphrase"
    assert str(error.mend).startswith(f"openssl pkey -in {locked} -out ")


def test_a_key_that_everyone_can_read_is_refused(ca: Path, tmp_path: Path) -> None:
    cert = mint().write(tmp_path)
    cert.chmod(0o644)
    error = refusal(ca, cert)
    assert "everyone on this machine can get at the key (mode 0644)" in error.what
    assert error.mend == f"chmod 600 {cert}"


# -- the programs -----------------------------------------------------------------------------


def authority_of(server: Server) -> Device:
    issuer = server.ca.parent / "issuer.pem"
    return read_authority(issuer.read_bytes(), issuer.with_name("issuer-key.pem").read_bytes())


@pytest.fixture
def accounts(make_server: MakeServer) -> Server:
    """A server where Ana has an account."""
    server = make_server("accounts.argon2_memory_kib=8", "accounts.argon2_passes=1")
    with RawClient.join(server.port, server.ca, "Ana") as ana:
        ana.send("REGISTER * * :sesame-open")
        ana.wait(" REGISTER SUCCESS Ana ")
    return server


def send(server: Server, *options: str | Path) -> tuple[int, str]:
    done = run("xchat-client", "send", "--ca", server.ca, *options,
               f"Ana@localhost:{server.port}", "#lobby", "hi", seconds=20)  # fmt: skip
    return done.returncode, done.stderr


def test_a_device_of_the_ca_is_in_without_a_word(accounts: Server, tmp_path: Path) -> None:
    device = mint("Ana", issuer=authority_of(accounts)).write(tmp_path)
    with RawClient.join(accounts.port, accounts.ca, "gio", "#lobby", caps="account-tag") as gio:
        assert send(accounts, "--cert", device) == (0, "")
        gio.wait(r"@account=Ana :Ana!\S+ PRIVMSG #lobby :hi")
    joined = [event for event in accounts.journal if event["event"] == "joined"]
    assert joined[-1]["login"] == "certificate"


def test_a_certificate_that_nobody_pinned_logs_nobody_in(accounts: Server, tmp_path: Path) -> None:
    code, said = send(accounts, "--cert", mint().write(tmp_path))
    assert code == Exit.LOGIN_REFUSED.code
    assert "Your certificate does not log in to one account here" in said
    assert "--cert" in said


def test_what_the_server_refuses_in_the_handshake_has_words_and_a_code(
    accounts: Server, tmp_path: Path
) -> None:
    other = trustme.CA()
    stranger = read_authority(other.cert_pem.bytes(), other.private_key_pem.bytes())
    for device, why in (
        (mint(issuer=authority_of(accounts), ends=-DAY), "it has expired"),
        (mint(issuer=stranger), "it was revoked, or is not from a CA that the server believes"),
    ):
        code, said = send(accounts, "--cert", device.write(tmp_path))
        assert code == Exit.OWN_REFUSED.code
        assert f"refused our own certificate: {why}" in said


def test_a_server_that_wants_a_certificate_says_so_to_who_has_none(
    make_server: MakeServer, tmp_path: Path
) -> None:
    """Issue 4: "`required` refuses everybody else before a byte of IRC"."""
    server = make_server('tls.client_certificates="required"')
    code, said = send(server)
    assert code == Exit.OWN_REFUSED.code
    assert "lets only devices in that show a certificate, and we have shown none" in said
    assert "xchat-client join 'LINK'" in said
    code, said = send(server, "--cert", mint().write(tmp_path))
    assert code == Exit.OWN_REFUSED.code
    assert {event["event"] for event in server.journal} >= {"abuse"}
    assert not [event for event in server.journal if "joined" in event["event"]]
    device = mint("Ana", issuer=authority_of(server)).write(tmp_path)
    code, said = send(server, "--cert", device)
    assert code == Exit.LOGIN_REFUSED.code  # TLS let it in; there is no account yet


def test_what_is_off_with_the_files_is_said_before_anybody_is_called(
    accounts: Server, tmp_path: Path
) -> None:
    code, said = send(accounts, "--cert", tmp_path / "none.pem")
    assert code == Exit.OWN_UNUSABLE.code
    assert "none.pem: No such file or directory" in said
    assert send(accounts, "--key", tmp_path / "k.pem")[0] == Exit.USAGE.code
