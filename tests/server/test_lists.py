"""A revocation bites within a second, and nothing else ever does: a whole server, real files."""

from __future__ import annotations

import ssl
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.pki.conftest import make
from tests.pki.devices import leaf, request_of
from tests.server.client_certificates import Device, mint
from tests.server.house import Guest, House, config_of
from xchat.chat.events import AccountRegistered
from xchat.config import load
from xchat.pki.device.enrol import enrol, renew_device
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.signers import read_issuer
from xchat.pki.errors import NotTrusted
from xchat.pki.mint.authority import Holder
from xchat.pki.mint.crl import Entry, crl_pem, mint_crl, number_of, read_crls
from xchat.pki.mint.keys import make_key
from xchat.server import judges
from xchat.server.certificates import make_served
from xchat.server.lists import Lists

SECOND = 1.0
NOT_IN_ORDER = "the list of the revoked is not in order: what was revoked stays so"


@pytest.fixture(params=[True, False], ids=["hook", "no hook"])
def hook(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether this Python lets us look at a certificate before OpenSSL does."""
    if not request.param:
        monkeypatch.setattr(judges, "HOOK", "_no_such_hook")
    return bool(request.param)


class Guarded:
    """A server that follows the lists of a folder, and people with devices of its CA."""

    def __init__(self, house: House, folder: Folder, tmp_path: Path, *sets: str) -> None:
        self.house, self.folder, self.tmp_path = house, folder, tmp_path
        pair = (f'tls.cert="{folder.server}"', f'tls.key="{folder.server_key}"')
        config = load(None, ['limits.exempt=["127.0.0.0/8"]', *pair, *sets])
        house.hub.configure(config)
        house.guests.served = make_served(config.tls, now=datetime.now(UTC))
        self.lists = Lists(house.hub, house.guests, house.workers, house.guests._journal)
        self.lists.begin()
        house.keep = [self.lists.after_turn]

    def device(self, name: str = "laptop", account: str = "nino") -> Path:
        """Make a device; return the file with its certificate and key."""
        key = make_key()
        enrolled = enrol(self.folder, account, name, request_of(key), datetime.now(UTC))
        return Device(leaf(enrolled), key).write(self.tmp_path)

    def trust(self, shows: Path | None, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        trust = ssl.create_default_context(cafile=str(self.folder.ca))
        trust.maximum_version = version or ssl.TLSVersion.MAXIMUM_SUPPORTED
        if shows is not None:
            trust.load_cert_chain(shows)
        return trust

    def knock(self, shows: Path, version: ssl.TLSVersion | None = None) -> Guest:
        """Come with a certificate; return once the server has answered a word, or hung up."""
        self.house.trust = self.trust(shows, version)
        guest = self.house.connect()
        guest.tls.handshake()
        self.house.until(lambda: guest.end or guest.has_shaken_hands, "the handshake")
        if not guest.end:
            guest.say("PING x")
        self.house.until(lambda: guest.end or guest.said("PONG"), "an answer")
        return guest

    def join(self, shows: Path, nick: str) -> Guest:
        self.house.trust = self.trust(shows)
        return self.house.join(nick)

    def is_let_in(self, shows: Path, version: ssl.TLSVersion | None = None) -> bool:
        guest = self.knock(shows, version)
        guest.close()
        self.house.clients.remove(guest)
        return not guest.end

    def revoke(self, name: str | None = "laptop", account: str = "nino") -> float:
        revoke(self.folder, account, name, "key-compromise", datetime.now(UTC))
        return time.monotonic()

    def complaints(self) -> list[str]:
        return [entry["why"] for entry in self.house.recorded(NOT_IN_ORDER)]

    def looked(self) -> None:
        """Let the server look at its files once more, and take what it has read."""
        self.lists._schedule._look_at = 0.0
        self.house.run_turn()
        self.house.until(lambda: not self.lists._schedule._free_at, "what changed is read")


Guard = Callable[..., Guarded]


@pytest.fixture
def guard(make_house: Callable[..., House], folder: Folder, tmp_path: Path) -> Guard:
    def make_guarded(*sets: str) -> Guarded:
        house = make_house(config=config_of(exempt=("127.0.0.0/8",)))
        return Guarded(house, folder, tmp_path, *sets)

    return make_guarded


# -- within a second ------------------------------------------------------------------------------


@pytest.mark.usefixtures("hook")
@pytest.mark.parametrize("kind", ["optional", "required"])
def test_a_full_handshake_is_refused_within_a_second(guard: Guard, kind: str) -> None:
    """Bar 12: "full handshake refused < 1 s after the command"."""
    guarded = guard(f'tls.client_certificates="{kind}"')
    lost, kept = guarded.device("laptop"), guarded.device("phone")
    assert guarded.is_let_in(lost)
    began = guarded.revoke("laptop")
    guarded.house.until(lambda: not guarded.is_let_in(lost), "it is refused", seconds=SECOND)
    assert time.monotonic() - began < SECOND
    assert guarded.is_let_in(kept)


def test_who_is_refused_is_told_in_the_handshake_and_the_journal_says_whose_it_was(
    guard: Guard,
) -> None:
    guarded = guard()
    lost = guarded.device("laptop")
    guarded.revoke()
    guarded.looked()
    guest = guarded.knock(lost)
    assert guest.end in {"TLSV1_ALERT_UNKNOWN_CA", "reset"}
    assert not guest.lines
    (abuse,) = guarded.house.recorded("abuse", kind="bad TLS")
    assert "revoked on" in abuse["why"]
    assert abuse["why"].endswith("UTC (key-compromise), as nino's device laptop")


def test_without_a_hook_who_is_refused_is_told_in_words(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "HOOK", "_no_such_hook")
    guarded = guard()
    lost = guarded.device("laptop")
    guarded.revoke()
    guarded.looked()
    guest = guarded.knock(lost)
    guarded.house.until(lambda: guest.end, "the end")
    (line,) = guest.lines
    assert line.startswith("ERROR :Closing link (127.0.0.1): Your certificate was revoked on 20")
    assert line.endswith("UTC (key-compromise), as nino's device laptop")
    assert guarded.house.recorded("abuse", kind="revoked")
    assert not guarded.house.hub.sessions


@pytest.mark.usefixtures("hook")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_resumed_handshake_is_refused(guard: Guard, version: ssl.TLSVersion) -> None:
    """Bar 12: "**resumed handshake refused**": no ticket is given; no id of TLS 1.2 is known."""
    guarded = guard('tls.min_version="1.2"')
    lost = guarded.device("laptop")
    guest = guarded.knock(lost, version)
    session = guest.tls.tls.session
    assert session is not None
    assert not session.has_ticket
    guarded.revoke()
    guarded.looked()
    guarded.house.trust = guest.tls.tls.context
    again = guarded.house.connect()
    again.tls.tls = guest.tls.tls.context.wrap_bio(
        again.tls.incoming, again.tls.outgoing, server_hostname="localhost", session=session
    )
    again.tls.handshake()
    guarded.house.until(lambda: again.end, "the end")
    assert not again.count("PONG")
    assert not guarded.house.hub.sessions


@pytest.mark.usefixtures("hook")
def test_an_open_session_is_closed_within_a_second_with_words(guard: Guard) -> None:
    """Bar 12: "open session closed < 1 s"; the account's other devices stay."""
    guarded = guard()
    lost, kept = guarded.device("laptop"), guarded.device("phone")
    gone, stays = guarded.join(lost, "nino"), guarded.join(kept, "nino2")
    other = guarded.join(guarded.device("laptop", "ana"), "ana")
    began = guarded.revoke("laptop")
    guarded.house.until(lambda: gone.end, "it is closed", seconds=SECOND)
    assert time.monotonic() - began < SECOND
    (line,) = [line for line in gone.lines if line.startswith("ERROR")]
    assert "Your certificate was revoked on 20" in line
    assert "as nino's device laptop" in line
    guarded.house.ping(stays)
    guarded.house.ping(other)
    (left,) = guarded.house.recorded("left", nick="nino")
    assert "revoked" in left["reason"]


def test_a_session_that_has_yet_to_register_is_closed_too(guard: Guard) -> None:
    guarded = guard()
    guest = guarded.knock(guarded.device("laptop"))
    guarded.revoke()
    guarded.house.until(lambda: guest.end, "it is closed", seconds=SECOND)
    assert guest.said("Your certificate was revoked on")


def test_a_user_who_is_always_present_stays(guard: Guard) -> None:
    guarded = guard("accounts.always_present=true", "accounts.argon2_memory_kib=8")
    house = guarded.house
    house.hub.ledger.append_own("", AccountRegistered(name="nino"))
    house.trust = guarded.trust(guarded.device("laptop"))
    guest = house.encrypt()
    guest.say("CAP REQ :sasl", "AUTHENTICATE EXTERNAL", "AUTHENTICATE +")
    house.until(lambda: guest.said(" 903 "), "the login")
    guest.log_in("nino")
    guest.say("CAP END")
    house.until(lambda: guest.said(" 422 "), "the welcome")
    guarded.revoke()
    house.until(lambda: guest.end, "it is closed")
    user = house.hub.state.user_by_nick("nino")
    assert user is not None
    assert not user.sessions


def test_a_hundred_revocations_in_one_second_all_hold(guard: Guard) -> None:
    """Bar 12: "100 revocations in one second all hold"."""
    guarded = guard()
    now, issuer = datetime.now(UTC), read_issuer(guarded.folder, datetime.now(UTC))
    devices = [mint(f"a{n}", issuer=Device(issuer.certificate, issuer.key)) for n in range(100)]
    files = [device.write(guarded.tmp_path) for device in devices[::25]]
    guests = [guarded.join(file, f"n{n}") for n, file in enumerate(files)]
    last = None
    for count in range(1, 101):
        entries = [Entry(each.certificate.serial_number, now) for each in devices[:count]]
        last = mint_crl(issuer, entries, now, last=last)
        beside = guarded.folder.crl.with_suffix(".new")
        beside.write_bytes(crl_pem([last]))
        beside.replace(guarded.folder.crl)
        guarded.house.run_turn() if count % 10 == 0 else None
    guarded.house.until(lambda: all(guest.end for guest in guests), "all go", seconds=SECOND)
    barred = guarded.house.guests.served.barred
    guarded.house.until(lambda: len(barred.known.by_serial) == 100, "all", seconds=SECOND)
    assert not any(map(guarded.is_let_in, files))
    assert guarded.complaints() == []


# -- lists put in place by hand -------------------------------------------------------------------


def openssl_crl(guarded: Guarded, *files: Path, number: int = 1) -> bytes:
    """Make a list as people do who have only `openssl` and the issuer's key."""
    work = guarded.tmp_path / "by-hand"
    work.mkdir(exist_ok=True)
    (work / "index.txt").write_text("")
    (work / "crlnumber").write_text(f"{number:04x}")
    (work / "ca.cnf").write_text(
        f"[ca]\ndefault_ca=it\n[it]\ndatabase={work}/index.txt\ncrlnumber={work}/crlnumber\n"
        "default_md=sha256\ndefault_crl_days=30\nunique_subject=no\n"
    )
    signs = ("-cert", guarded.folder.issuer, "-keyfile", guarded.folder.issuer_key)
    ca = ("openssl", "ca", "-config", work / "ca.cnf", *signs)
    for file in files:
        subprocess.run([*ca, "-revoke", file], check=True, capture_output=True)
    subprocess.run([*ca, "-gencrl", "-out", work / "crl.pem"], check=True, capture_output=True)
    return (work / "crl.pem").read_bytes()


def test_a_list_put_in_place_by_hand_bites_within_five_seconds(guard: Guard) -> None:
    """Issue 4: "A CRL put in place by hand bites within 5 s"."""
    guarded = guard()
    lost, kept = guarded.device("laptop"), guarded.device("phone")
    guest, other = guarded.join(lost, "nino"), guarded.join(kept, "nino2")
    guarded.folder.crl.write_bytes(openssl_crl(guarded, lost))
    guarded.house.until(lambda: guest.end, "it is closed", seconds=5 * SECOND)
    assert not guarded.is_let_in(lost)
    guarded.house.ping(other)


def test_a_list_of_a_ca_that_is_not_ours_is_named_with_its_list(
    guard: Guard, tmp_path: Path
) -> None:
    """`tls.client_ca` and `tls.client_crl`: a CA elsewhere, whose list is PEM or DER."""
    theirs = make(tmp_path / "theirs", "localhost")
    ca, crl = tmp_path / "clients.pem", tmp_path / "clients.crl"
    ca.write_bytes(theirs.issuer.read_bytes() + theirs.ca.read_bytes())
    crl.write_bytes(crl_pem([mint_crl(holder(theirs), (), datetime.now(UTC), last=None)]))
    guarded = guard(f'tls.client_ca="{ca}"', f'tls.client_crl="{crl}"')
    key = make_key()
    enrolled = enrol(theirs, "nino", "laptop", request_of(key), datetime.now(UTC))
    shows = Device(leaf(enrolled), key).write(tmp_path)
    assert guarded.is_let_in(shows)
    entry = Entry(leaf(enrolled).serial_number, datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(seconds=5)
    signed = mint_crl(holder(theirs), [entry], later, last=None)
    crl.write_bytes(signed.public_bytes(Encoding.DER))
    guarded.looked()
    assert not guarded.is_let_in(shows)
    assert guarded.complaints() == []


def test_a_ca_that_was_copied_elsewhere_is_followed_where_it_signs(
    guard: Guard, folder: Folder, tmp_path: Path
) -> None:
    """`tls.client_ca` is a copy: what is revoked, the folder of the server's CA says."""
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    ca = elsewhere / "ca.pem"
    ca.write_bytes(folder.issuer.read_bytes() + folder.ca.read_bytes())
    guarded = guard(f'tls.client_ca="{ca}"')
    shows = guarded.device("laptop")
    assert guarded.is_let_in(shows)
    guarded.revoke("laptop")
    guarded.looked()
    assert not guarded.is_let_in(shows)
    assert guarded.complaints() == []


def test_who_is_on_a_newer_list_no_more_is_let_in_again(guard: Guard) -> None:
    guarded = guard()
    found = guarded.device("laptop")
    issuer, now = holder(guarded.folder), datetime.now(UTC)
    serial = x509.load_pem_x509_certificates(found.read_bytes())[0].serial_number
    (last,) = read_crls(guarded.folder.crl.read_bytes())
    held = mint_crl(issuer, [Entry(serial, now)], now, last=last)
    guarded.folder.crl.write_bytes(crl_pem([held]))
    guarded.looked()
    assert not guarded.is_let_in(found)
    guarded.folder.crl.write_bytes(crl_pem([last]))  # an older one frees nobody
    guarded.looked()
    assert not guarded.is_let_in(found)
    assert "lower number" in guarded.complaints()[-1]
    freed = mint_crl(issuer, (), now, last=held)
    assert number_of(freed) > number_of(held)
    guarded.folder.crl.write_bytes(crl_pem([freed]))
    guarded.looked()
    assert guarded.is_let_in(found)


def test_a_list_that_somebody_else_signed_is_ignored_and_said(guard: Guard) -> None:
    guarded = guard()
    kept, lost = guarded.device("laptop"), guarded.device("phone")
    guarded.revoke("phone")
    guarded.looked()
    serial = x509.load_pem_x509_certificates(kept.read_bytes())[0].serial_number
    forger = Holder(holder(guarded.folder).certificate, make_key())
    later = datetime.now(UTC) + timedelta(days=1)
    forged = mint_crl(forger, [Entry(serial, later)], later, last=None)
    guarded.folder.crl.write_bytes(crl_pem([forged]))
    guarded.looked()
    assert guarded.is_let_in(kept)
    assert not guarded.is_let_in(lost)
    assert any("not signed by a CA that is known here" in why for why in guarded.complaints())


def holder(folder: Folder) -> Holder:
    return read_issuer(folder, datetime.now(UTC))


# -- nobody is locked out -------------------------------------------------------------------------


@pytest.mark.usefixtures("hook")
def test_stale_torn_and_missing_lists_lock_nobody_out_and_free_nobody(guard: Guard) -> None:
    """Issue 4: "a stale, torn or missing CRL never locks everybody out"."""
    guarded = guard()
    lost, kept = guarded.device("laptop"), guarded.device("phone")
    guarded.revoke("laptop")
    guarded.looked()
    whole = guarded.folder.crl.read_bytes(), guarded.folder.devices.read_bytes()
    stay = guarded.join(kept, "nino")
    spoils: list[Callable[[], object]] = [
        lambda: guarded.folder.crl.write_bytes(b""),
        lambda: guarded.folder.devices.write_bytes(b"{"),
        guarded.folder.crl.unlink,
        guarded.folder.devices.unlink,
        guarded.folder.crl.mkdir,
        guarded.folder.crl.rmdir,
        lambda: guarded.folder.crl.write_bytes(whole[0]),
        lambda: guarded.folder.devices.write_bytes(whole[1]),
    ]
    for spoil in spoils:
        spoil()
        guarded.looked()
        assert not guarded.is_let_in(lost)
        assert guarded.is_let_in(kept)
        guarded.house.ping(stay)
    assert guarded.complaints()
    assert guarded.lists._complaints == ()


def test_a_list_cut_anywhere_changes_nothing(guard: Guard) -> None:
    """Truncated at every 50th byte, of the list and of the table: the last good set stays."""
    guarded = guard()
    lost, kept = guarded.device("laptop"), guarded.device("phone")
    guarded.revoke("laptop")
    guarded.looked()
    barred = guarded.house.guests.served.barred
    sets = (barred.known.by_serial, barred.known.by_sha256, barred.devices)
    for file in (guarded.folder.crl, guarded.folder.devices):
        whole = file.read_bytes()
        for size in range(0, len(whole), 50):
            file.write_bytes(whole[:size])
            guarded.looked()
            assert (barred.known.by_serial, barred.known.by_sha256, barred.devices) == sets
        file.write_bytes(whole)
        guarded.looked()
    assert not guarded.is_let_in(lost)
    assert guarded.is_let_in(kept)


def test_a_stale_list_says_what_it_says_and_that_it_is_late(guard: Guard) -> None:
    guarded = guard()
    lost = guarded.device("laptop")
    serial = x509.load_pem_x509_certificates(lost.read_bytes())[0].serial_number
    long_ago = datetime.now(UTC) - timedelta(days=60)
    stale = mint_crl(holder(guarded.folder), [Entry(serial, long_ago)], long_ago, last=None)
    guarded.folder.crl.write_bytes(crl_pem([stale]))
    guarded.looked()
    assert not guarded.is_let_in(lost)
    assert any("it should have been signed anew by" in why for why in guarded.complaints())


def test_a_start_with_nothing_to_read_is_a_warning_and_no_more(
    guard: Guard, folder: Folder
) -> None:
    folder.crl.unlink()
    folder.devices.unlink(missing_ok=True)
    guarded = guard()
    (said,) = guarded.house.recorded(
        "nothing says which devices are revoked: there is no list, and no table of them"
    )
    assert said["level"] == "warning"
    assert str(folder.crl) == said["file"]
    assert "xchat-certs" in said["mend"]
    assert guarded.is_let_in(guarded.device("laptop"))


def test_a_list_that_was_named_and_is_not_there_is_a_warning(guard: Guard, tmp_path: Path) -> None:
    guarded = guard(f'tls.client_crl="{tmp_path / "none.crl"}"')
    assert any("none.crl" in why for why in guarded.complaints())
    assert guarded.is_let_in(guarded.device("laptop"))


# -- devices --------------------------------------------------------------------------------------


def test_a_device_that_is_revoked_goes_with_all_its_certificates_and_renews_none(
    guard: Guard,
) -> None:
    guarded = guard()
    old = guarded.device("laptop")
    shown, key = x509.load_pem_x509_certificates(old.read_bytes())[0], make_key()
    renewed = renew_device(guarded.folder, shown, request_of(key), datetime.now(UTC))
    new = Device(leaf(renewed), key).write(guarded.tmp_path)
    assert guarded.is_let_in(old)
    assert guarded.is_let_in(new)
    guarded.revoke()
    guarded.looked()
    assert not guarded.is_let_in(old)
    assert not guarded.is_let_in(new)
    with pytest.raises(NotTrusted, match="revoked"):
        renew_device(guarded.folder, shown, request_of(), datetime.now(UTC))


def test_a_session_says_which_device_it_is(guard: Guard) -> None:
    """Issue 4: "Several devices per account, each named, listed, revocable alone"."""
    guarded = guard()
    first = guarded.join(guarded.device("laptop"), "a")
    guarded.join(guarded.device("phone"), "b")
    guarded.looked()
    hub = guarded.house.hub
    named = [hub.devices[session.certificate] for session in hub.sessions.values()]
    assert [(each.account, each.name) for each in named] == [("nino", "laptop"), ("nino", "phone")]
    first.say("WHOIS a")
    guarded.house.until(lambda: first.said(" 320 a a :is here by the device laptop"), "a row")
