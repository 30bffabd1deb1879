"""Enrolment over the server's own port: the server, its CA and its store are real (bar 13)."""

from __future__ import annotations

import contextlib
import json
import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.admin.conftest import CHEAP, Hand
from tests.e2e.applicant import Applicant, code_of, codes_of, read_answer
from tests.e2e.conftest import trustme_pki
from tests.e2e.programs import Pki, Server, until
from tests.e2e.raw import RawClient
from xchat.chat.tokens import make_token
from xchat.limits import ENROLMENT_LINE_BYTES_MAX
from xchat.pki.disk.files import locked
from xchat.pki.disk.folder import Folder
from xchat.pki.facts import read_chain
from xchat.pki.mint.keys import make_key
from xchat.pki.mint.owner import account_in
from xchat.pki.mint.request import key_sha256


class Place:
    """A server with a CA of its own, and the hand that looks after it."""

    def __init__(self, folder: Path, pki: Pki, *settings: str) -> None:
        self.folder = folder
        self.server = Server(folder, pki, (*CHEAP, *settings))
        self.hand = Hand(folder / "data")
        self.certs = Folder(pki.ca.parent)

    def invite(self, name: str = "alice", *words: str) -> str:
        return str(self.hand.json("invite", "add", name, "--host", "localhost", *words)["token"])

    def left(self, account: str = "alice") -> list[int]:
        rows = self.hand.json("invite", "list")
        return [row["left"] for row in rows if row["account"] == account]

    def applicant(self) -> Applicant:
        folder = self.folder / f"applicant-{len(list(self.folder.glob('applicant-*')))}"
        folder.mkdir()
        return Applicant(self.server.port, self.server.ca, folder)

    def devices(self, account: str = "alice") -> list[dict[str, Any]]:
        """Return the rows of an account in the table of devices."""
        if not self.certs.devices.exists():
            return []
        rows: list[dict[str, Any]] = json.loads(self.certs.devices.read_bytes())["devices"]
        return [row for row in rows if row["account"] == account]

    def journal(self, event: str, account: str = "alice") -> list[dict[str, Any]]:
        lines = [line for line in self.server.journal if line.get("event") == event]
        return [line for line in lines if line.get("account", account) == account]


@pytest.fixture
def place(tmp_path: Path, own_pki: Pki) -> Iterator[Place]:
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    place = Place(tmp_path, pki_in(tmp_path / "certs"))
    place.server.start()
    yield place
    place.server.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, own_pki: Pki) -> Iterator[Place]:
    """A server that tests only fail to get something from, and a token it takes once."""
    folder = tmp_path_factory.mktemp("shared")
    shutil.copytree(own_pki.ca.parent, folder / "certs", symlinks=True)
    place = Place(folder, pki_in(folder / "certs"))
    place.server.start()
    yield place
    place.server.close()


@pytest.fixture(scope="module")
def good_token(shared: Place) -> str:
    return shared.invite()


def pki_in(certs: Path) -> Pki:
    return Pki(certs / "ca.pem", certs / "live" / "server.pem", certs / "live" / "server-key.pem")


# -- by a token -------------------------------------------------------------------------------


def test_a_token_brings_an_account_a_certificate_and_a_login(shared: Place) -> None:
    """Redeem → {"account","device","certificate": PEM leaf+issuer,"roots"}; then EXTERNAL."""
    device = shared.applicant()
    answer = device.redeem(shared.invite("ana"))
    assert set(answer) == {"account", "device", "certificate", "roots"}
    assert (answer["account"], answer["device"]) == ("ana", "laptop")
    assert answer["roots"].encode() == shared.certs.ca.read_bytes()
    leaf, issuer = read_chain(answer["certificate"].encode(), "it")
    assert leaf.public_key() == device.key.public_key()
    assert account_in(leaf.public_bytes(Encoding.DER)) == "ana"
    leaf.verify_directly_issued_by(issuer)
    assert log_in(device) == "ana"
    assert "ana" in [row["name"] for row in shared.hand.json("user", "list")]
    (row,) = shared.devices("ana")
    assert (row["account"], row["device"]) == ("ana", "laptop")


def log_in(device: Applicant) -> str:
    """Log in by the device's certificate; return the account."""
    with RawClient(device.connect("irc")) as client:
        client.send("CAP REQ :sasl", "NICK x", "USER x 0 * :x", "AUTHENTICATE EXTERNAL")
        client.wait("AUTHENTICATE [+]")
        client.send("AUTHENTICATE +")
        told = client.wait(r" 900 \S+ \S+ (\S+) :")
        client.send("CAP END")
        client.wait(" 001 ")
        return str(told[1])


def test_who_redeemed_what_is_in_the_journal_and_the_audit_log(shared: Place) -> None:
    """Journal: who redeemed what (account, device, address, never the token)."""
    token = shared.invite("bea")
    shared.applicant().redeem(token, "ლეპტოპი")
    (line,) = shared.journal("a device was enrolled", "bea")
    assert (line["account"], line["device"], line["address"]) == ("bea", "ლეპტოპი", "127.0.0.1")
    assert line["serial"] == shared.devices("bea")[0]["serial"]
    rows = [row for row in shared.hand.json("audit") if row["act"] == "invite redeem"]
    assert [row["via"] for row in rows if row["who"] == "bea"] == ["enrolment"]


def test_the_token_is_nowhere(place: Place) -> None:
    """Store file and journal grep: the token is nowhere; shown once, stored as SHA-256."""
    token = place.invite("alice", "--uses", "2")
    place.applicant().redeem(token)
    place.applicant().ask(ask="redeem", token=token, request="no", device="b")
    place.applicant().say(f'{{"ask":"redeem","token":"{token}"}}\n'.encode())
    place.server.stop()
    files = [path for path in place.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        assert token.encode() not in path.read_bytes(), path
    assert token not in json.dumps([*place.server.journal])


def test_a_token_that_was_used_is_used(shared: Place) -> None:
    """Token replay: exactly one certificate."""
    token = shared.invite("cat")
    first, second = shared.applicant(), shared.applicant()
    assert code_of(first.redeem(token)) == ""
    assert code_of(second.redeem(token)) == "invite-spent"
    assert len(shared.devices("cat")) == 1


def test_the_same_key_again_gets_the_same_certificate(shared: Place) -> None:
    """Redeemed again with the same key gives the same certificate again: never a second one."""
    token, device = shared.invite("dea"), shared.applicant()
    first = device.redeem(token)
    device.certificate = None
    again = device.redeem(token, "other")
    assert again == first
    assert len(shared.devices("dea")) == 1
    assert len(shared.journal("a device asked again", "dea")) == 1


def test_fifty_at_once_and_one_certificate(shared: Place) -> None:
    """Parallel redemption x50: exactly one certificate (50 connections, 50 keys)."""
    token = shared.invite("eka")
    devices = [Applicant(shared.server.port, shared.server.ca) for _ in range(50)]
    barrier = threading.Barrier(50)

    def race(device: Applicant) -> dict[str, Any]:
        question = {"ask": "redeem", "token": token, "request": device.request, "device": "laptop"}
        with device.connect() as connection:
            barrier.wait(30)
            connection.sendall(json.dumps(question).encode() + b"\n")
            return read_answer(connection)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(race, devices))
    assert codes_of(answers) == ["", *["invite-spent"] * 49]
    (row,) = shared.devices("eka")
    (winner,) = [answer for answer in answers if "certificate" in answer]
    leaf = read_chain(winner["certificate"].encode(), "it")[0]
    assert leaf.fingerprint(hashes.SHA256()).hex() == row["sha256"]
    assert shared.left("eka") == [0]


def test_a_class_comes_at_once(shared: Place) -> None:
    """Each by a link of their own, from one address: everybody gets a certificate."""
    tokens = [shared.invite(f"guest{number}") for number in range(6)]
    devices = [Applicant(shared.server.port, shared.server.ca) for _ in tokens]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(Applicant.redeem, devices, tokens))
    assert codes_of(answers) == [""] * 6
    assert len({answer["account"] for answer in answers}) == 6
    assert all(len(shared.devices(f"guest{number}")) == 1 for number in range(6))


def test_killed_between_the_redemption_and_the_signature(place: Place) -> None:
    """Redeem killed -9 between redeem and sign: the same key gets its certificate after the
    restart, no other does."""
    token, device = place.invite(), place.applicant()
    connection = device.connect()
    with locked(place.certs.path):  # nobody signs
        question = {"ask": "redeem", "token": token, "request": device.request, "device": "laptop"}
        connection.sendall(json.dumps(question).encode() + b"\n")
        until(lambda: place.left() == [0] or None, "the use is counted")
        place.server.kill()
    connection.close()
    assert place.devices() == []
    place.server.start()
    assert code_of(place.applicant().redeem(token)) == "invite-spent"
    assert code_of(device.redeem(token)) == ""
    assert len(place.devices()) == 1
    assert log_in(device) == "alice"


def test_a_second_device_has_a_name_of_its_own(shared: Place) -> None:
    token = shared.invite("gia", "--uses", "2")
    assert shared.applicant().redeem(token)["device"] == "laptop"
    assert shared.applicant().redeem(token)["device"] == "laptop-2"


# -- refused ----------------------------------------------------------------------------------


def test_tokens_that_let_nobody_in(shared: Place) -> None:
    """Expired, withdrawn, unknown: each refused with its own code, nothing signed."""
    gone, late, idle = (shared.invite("bob"), shared.invite("lia", "--expires", "1s"), "A" * 22)
    suspended = shared.invite("eve", "--uses", "2")
    shared.applicant().redeem(suspended)
    shared.hand.json("user", "suspend", "eve", "--reason", "spam")
    shared.hand.json("invite", "withdraw", "bob")
    device = shared.applicant()
    assert code_of(device.redeem(gone)) == "invite-unknown"
    assert code_of(device.redeem(idle)) == "invite-unknown"
    assert code_of(device.redeem(suspended)) == "account-suspended"
    answer = until(
        lambda: (told := device.redeem(late)).get("refused") and told, "the invite is over"
    )
    assert code_of(answer) in ("invite-expired", "invite-unknown")
    assert [len(shared.devices(name)) for name in ("bob", "eve")] == [0, 1]


def huge_key() -> str:
    return request_of(rsa.generate_private_key(65_537, 4352))


def request_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    draft = x509.CertificateSigningRequestBuilder(x509.Name([]))
    return draft.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def edwards() -> str:
    draft = x509.CertificateSigningRequestBuilder(x509.Name([]))
    return (
        draft.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM).decode()
    )


def forged() -> str:
    """Return a request whose signature is not by its key."""
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    pem = x509.load_pem_x509_csr(request_of(key).encode())
    signature = x509.load_pem_x509_csr(request_of(other).encode()).signature
    der = pem.public_bytes(Encoding.DER)
    broken = der.replace(pem.signature[-20:], signature[-20:])
    assert broken != der
    return x509.load_der_x509_csr(broken).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("request_pem", "device", "code"),
    [
        (forged, "laptop", "not-signed"),
        (huge_key, "laptop", "not-signed"),
        (lambda: request_of(rsa.generate_private_key(65_537, 1024)), "laptop", "not-signed"),
        (edwards, "laptop", "not-signed"),
        (lambda: "garbage", "laptop", "not-signed"),
        (lambda: "", "laptop", "not-signed"),
        (lambda: "x" * 9_000, "laptop", "not-signed"),
        (lambda: request_of(ec.generate_private_key(ec.SECP256R1())), "../x", "not-signed"),
        (lambda: request_of(ec.generate_private_key(ec.SECP256R1())), "", "not-understood"),
        (lambda: request_of(ec.generate_private_key(ec.SECP256R1())), "\x1b[2J", "not-signed"),
    ],
    ids=[
        "forged",
        "huge",
        "rsa-1024",
        "ed25519",
        "garbage",
        "empty",
        "long",
        "path",
        "none",
        "esc",
    ],
)
def test_a_request_that_cannot_be_granted_uses_nothing(
    shared: Place, good_token: str, request_pem: Callable[[], str], device: str, code: str
) -> None:
    """CSR with a bad signature / RSA / huge: refused, and the invite is as good as it was."""
    applicant = Applicant(shared.server.port, shared.server.ca)
    answer = applicant.ask(ask="redeem", token=good_token, request=request_pem(), device=device)
    assert code_of(answer) == code
    assert good_token not in str(answer)
    assert shared.left() == [1]


def test_rsa_of_a_usual_size_is_signed(shared: Place) -> None:
    """Devices of other makers: RSA 2048."""
    request = request_of(rsa.generate_private_key(65_537, 2048))
    answer = shared.applicant().ask(
        ask="redeem", token=shared.invite("hana"), request=request, device="laptop"
    )
    assert code_of(answer) == ""


@pytest.mark.parametrize(
    "line",
    [
        b"\n" * 3 + b"NICK alice\n",
        b"{}\n",
        b'{"ask":"rooots"}\n',
        b'{"ask":"redeem"}\n',
        b'{"ask":"redeem","token":"short","request":"","device":"x"}\n',
        b'{"ask":"roots","have":["zz"]}\n',
        b"[" * 10_000 + b"\n",
        b'{"ask":"roots","have":["' + b'","'.join([b"a" * 64] * 9) + b'"]}\n',
        b"\xff\xfe\n",
        b"\x00" * 500 + b"\n",
        b"x" * (ENROLMENT_LINE_BYTES_MAX + 1) + b"\n",
        b"x" * 200_000,
    ],
    ids=range(12),
)  # fmt: skip
def test_what_is_no_question_is_refused_in_words(shared: Place, line: bytes) -> None:
    """Garbage and oversize lines: one answer, and the end; the server goes on."""
    applicant = Applicant(shared.server.port, shared.server.ca)
    try:
        assert code_of(applicant.say(line)) == "not-understood"
    except (ConnectionResetError, BrokenPipeError):  # it said more than anybody hears
        assert len(line) > ENROLMENT_LINE_BYTES_MAX
    assert "roots" in applicant.ask(ask="roots")


def test_one_question_is_heard(shared: Place) -> None:
    """One line asks, one answers, the server closes: no second question, and no IRC."""
    applicant = Applicant(shared.server.port, shared.server.ca)
    question = b'{"ask":"roots"}\n'
    assert "roots" in applicant.say(question + b"NICK x\r\nUSER x 0 * :x\r\n" + question)


def test_foreign_certificates_sign_nobody(tmp_path: Path) -> None:
    """Where there is no issuer key (foreign certificates): clear refusal."""
    pki = trustme_pki(tmp_path, "localhost", "127.0.0.1")
    place = Place(tmp_path, pki)
    place.server.start()
    try:
        assert place.hand.fails("invite", "alice")["code"] == "NO_ISSUER"
        applicant = place.applicant()
        assert code_of(applicant.redeem(make_token())) == "invite-unknown"
        assert code_of(applicant.renew()) == "no-certificate"
    finally:
        place.server.close()


def test_an_issuer_that_is_gone_is_told_to_the_operator(place: Place) -> None:
    token, applicant = place.invite(), place.applicant()
    place.certs.issuer_key.rename(place.folder / "away.pem")
    answer = applicant.redeem(token)
    assert code_of(answer) == "not-signed"
    assert str(place.folder) not in answer["refused"]["what"]
    (place.folder / "away.pem").rename(place.certs.issuer_key)
    assert code_of(applicant.redeem(token)) == ""


def test_a_folder_that_cannot_be_written_is_told_to_the_operator(place: Place) -> None:
    """What is wrong here is our operator's to know; the same key may ask again."""
    token, applicant = place.invite(), place.applicant()
    place.certs.devices.write_text("torn")
    answer = applicant.redeem(token)
    assert code_of(answer) == "later"
    assert str(place.folder) not in answer["refused"]["what"]
    (line,) = place.journal("nobody can enrol")
    assert "devices.json" in line["why"]
    place.certs.devices.unlink()
    assert code_of(applicant.redeem(token)) == ""
    assert code_of(place.applicant().redeem(token)) == "invite-spent"


# -- limits -----------------------------------------------------------------------------------


def test_who_guesses_is_slowed(tmp_path: Path, own_pki: Pki) -> None:
    """Rate limit per address and in all; a wrong token counts, a right one does not."""
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    few = ("limits.redeem_failures_per_address_burst=3", "limits.exempt=[]")
    place = Place(tmp_path, pki_in(tmp_path / "certs"), *few)
    place.server.start()
    try:
        token, applicant = place.invite("alice", "--uses", "9"), place.applicant()
        codes = [code_of(applicant.redeem(token)) for _ in range(5)]
        codes += [code_of(applicant.redeem(make_token())) for _ in range(4)]
        codes += [code_of(applicant.redeem(token))]
    finally:
        place.server.close()
    assert codes == [""] * 5 + ["invite-unknown"] * 3 + ["later"] * 2


def test_who_says_nothing_is_parted_with(shared: Place) -> None:
    """Slow lorises: a hundred mute and dripping ones hold nobody up."""
    mute = [Applicant(shared.server.port, shared.server.ca).connect() for number in range(40)]
    for connection in mute[::2]:
        connection.sendall(b'{"ask"')
    assert "roots" in Applicant(shared.server.port, shared.server.ca).ask(ask="roots")
    for connection in mute:
        connection.close()
    assert "Traceback" not in shared.server.running.errors


def test_who_looks_and_goes_is_no_news(shared: Place) -> None:
    """First contact: a connection without a question, to see which root is shown."""
    with Applicant(shared.server.port, shared.server.ca).connect():
        pass
    assert "roots" in Applicant(shared.server.port, shared.server.ca).ask(ask="roots")
    assert [line["event"] for line in shared.server.journal if line["level"] != "info"] == []


# -- with a certificate -----------------------------------------------------------------------


def test_a_device_renews_by_what_it_shows(shared: Place) -> None:
    """Renew for a device that shows its certificate; with another key, another certificate."""
    device = shared.applicant()
    first = device.redeem(shared.invite("ia"))
    assert code_of(device.renew()) == ""
    device.key = make_key()
    second = device.renew()
    assert (second["account"], second["device"]) == ("ia", "laptop")
    assert second["certificate"] != first["certificate"]
    assert len(shared.devices("ia")) == 2
    assert log_in(device) == "ia"


def test_a_self_made_certificate_renews_nothing(shared: Place) -> None:
    """Whoever names alice in a certificate of their own making is not alice."""
    device, thief = shared.applicant(), shared.applicant()
    device.redeem(shared.invite("jo"))
    leaf = read_chain((device.folder or Path()).joinpath("device.pem").read_bytes(), "it")[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    uses = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    start, end = leaf.not_valid_before_utc, leaf.not_valid_after_utc
    subject, key = leaf.subject, thief.key.public_key()
    own = (
        x509.CertificateBuilder(subject, subject, key, 7, start, end)
        .add_extension(names.value, critical=False)
        .add_extension(uses.value, critical=False)
        .sign(thief.key, hashes.SHA256())
    )
    thief.keep({"certificate": own.public_bytes(Encoding.PEM).decode()})
    assert code_of(thief.renew()) == "no-certificate"
    assert len(shared.devices("jo")) == 1


def test_a_suspended_account_renews_nothing(shared: Place) -> None:
    """An account suspended/removed meanwhile: refused."""
    device = shared.applicant()
    device.redeem(shared.invite("kay"))
    shared.hand.json("user", "suspend", "kay")
    assert code_of(device.renew()) == "account-suspended"
    shared.hand.json("user", "remove", "kay")
    assert code_of(device.renew()) == "account-unknown"


def test_everybody_is_told_the_roots(shared: Place) -> None:
    """Roots for everybody."""
    answer = Applicant(shared.server.port, shared.server.ca).ask(ask="roots", have=["ab" * 32])
    assert answer == {"roots": shared.certs.ca.read_text()}


def test_a_device_is_remembered_to_have_a_root(shared: Place) -> None:
    """Which devices have the new root, `status` has to know during a rotation."""
    device = shared.applicant()
    device.redeem(shared.invite("mia"))
    root = read_chain(shared.certs.ca.read_bytes(), "it")[0].fingerprint(hashes.SHA256()).hex()
    device.ask(ask="roots", have=["ab" * 32])
    assert shared.devices("mia")[0].get("roots", []) == []
    Applicant(shared.server.port, shared.server.ca).ask(ask="roots", have=[root])
    assert shared.devices("mia")[0].get("roots", []) == []
    assert "roots" in device.ask(ask="roots", have=[root, "ab" * 32])
    assert shared.devices("mia")[0]["roots"] == [root]


def test_where_certificates_are_required_a_token_is_enough(tmp_path: Path, own_pki: Pki) -> None:
    """Client certificate optional even where `[tls] client_certificates = "required"`."""
    shutil.copytree(own_pki.ca.parent, tmp_path / "certs", symlinks=True)
    settings = 'tls.client_certificates="required"'
    place = Place(tmp_path, pki_in(tmp_path / "certs"), settings)
    place.server.start()
    try:
        device = place.applicant()
        assert code_of(device.redeem(place.invite())) == ""
        assert log_in(device) == "alice"
        with pytest.raises((ssl.SSLError, OSError)):
            speak_without_one(place)
    finally:
        place.server.close()


def speak_without_one(place: Place) -> None:
    with place.applicant().connect("irc") as stranger:
        stranger.sendall(b"NICK x\r\n")
        if not stranger.recv(100):
            raise ConnectionResetError


def test_without_the_protocol_there_is_no_enrolment(shared: Place) -> None:
    """No enrolment in IRC: a question there is no command."""
    with RawClient(Applicant(shared.server.port, shared.server.ca).connect("irc")) as client:
        client.send('{"ask":"roots"}', "PING x")
        client.wait("PONG|451")
        assert "CERTIFICATE" not in str(client.seen)


# -- killed at any moment ---------------------------------------------------------------------


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kills", [2, pytest.param(60, marks=pytest.mark.long)])
def test_killed_at_any_moment_one_key_has_a_certificate(place: Place, kills: int) -> None:
    """Killed anywhere between the question and the answer: one key gets a certificate, whoever
    asks again first; the other never does."""
    rng = Random(kills)
    for number in range(kills):
        name = f"guest{number}"
        token, first, second = place.invite(name), place.applicant(), place.applicant()
        question = {"ask": "redeem", "token": token, "request": first.request, "device": "laptop"}
        with first.connect() as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            connection.settimeout(rng.uniform(0.0001, 0.04))
            with contextlib.suppress(OSError):
                connection.recv(1)
            place.server.kill()
        place.server.start()
        asked = [(each, code_of(each.redeem(token))) for each in (second, first, second, first)]
        codes = [code for _, code in asked]
        assert codes in (["invite-spent", "", "invite-spent", ""], ["", "invite-spent"] * 2)
        (row,) = place.devices(name)
        winner = first if codes[0] else second
        assert row["key"] == key_sha256(winner.key.public_key())
