"""`xchat.pki.device.revoke` and `revocations`: what holds no longer, and who believes it."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pki.conftest import NOW, make, tree
from tests.pki.devices import add, leaf, listed, request_of
from xchat.pki.device.enrol import renew_device
from xchat.pki.device.overview import list_devices
from xchat.pki.device.revocations import OLDER, Revocations, read_revoked, revoked_in
from xchat.pki.device.revoke import resign_crl, revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import read_table
from xchat.pki.disk.signers import read_authorities, read_issuer
from xchat.pki.errors import Differs
from xchat.pki.mint.authority import Holder
from xchat.pki.mint.crl import Entry, crl_pem, ends_at, entries_of, mint_crl, number_of
from xchat.pki.mint.keys import make_key

DAY = timedelta(days=1)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def serials(folder: Folder) -> set[int]:
    return {entry.serial for each in listed(folder) for entry in entries_of(each)}


def test_init_makes_a_list_on_which_nothing_is(made: Folder) -> None:
    (crl,) = listed(made)
    assert entries_of(crl) == []
    assert ends_at(crl) > NOW + 29 * DAY
    known = revoked_in(made)
    assert (known.by_serial, known.by_sha256, known.problems) == ({}, {}, ())
    assert known.stale_at == ends_at(crl)


def test_one_device_is_revoked_with_all_its_certificates(made: Folder) -> None:
    first = add(made)
    second = renew_device(made, leaf(first), request_of(), NOW)
    phone = add(made, device="phone")
    done = revoke(made, "ALICE", "Laptop", "key-compromise", NOW)
    assert [each.serial for each in done.revoked] == [first.device.serial, second.device.serial]
    assert serials(made) == {leaf(first).serial_number, leaf(second).serial_number}
    known = revoked_in(made)
    revoked = known.of(der(leaf(first)))
    assert revoked is not None
    assert (revoked.reason, known.of(der(leaf(phone)))) == ("key-compromise", None)
    acts = [json.loads(each) for each in (made.path / "journal.jsonl").read_text().splitlines()]
    told = [each for each in acts if each["act"] == "device revoked"]
    assert [(each["serial"], each["reason"]) for each in told] == [
        (first.device.serial, "key-compromise"),
        (second.device.serial, "key-compromise"),
    ]


def test_all_of_an_account_and_nobody_elses(made: Folder) -> None:
    mine = [add(made, device=name) for name in ("laptop", "phone")]
    other = add(made, "bob")
    revoke(made, "alice", None, "unspecified", NOW)
    assert serials(made) == {leaf(each).serial_number for each in mine}
    assert revoked_in(made).of(der(leaf(other))) is None


def test_done_again_it_changes_nothing(made: Folder) -> None:
    add(made)
    revoke(made, "alice", "laptop", "superseded", NOW)
    before = tree(made.path)
    again = revoke(made, "alice", "laptop", "key-compromise", NOW)
    assert again.revoked == ()
    assert [each.reason for each in again.before] == ["superseded"]
    assert tree(made.path) == before


def test_an_unknown_device_is_named_and_those_there_are(made: Folder) -> None:
    add(made)
    with pytest.raises(Differs, match="alice has no device phone in force, but laptop"):
        revoke(made, "alice", "phone", "unspecified", NOW)
    with pytest.raises(Differs, match="bob has no devices in force"):
        revoke(made, "bob", None, "unspecified", NOW)


def test_a_hundred_revocations_in_one_second_all_hold(made: Folder) -> None:
    """ "100 revocations in one second all hold", and each list follows on the one before."""
    add(made)
    rows = [add(made, f"u{number}").device for number in range(100)]
    second = datetime.now(UTC)
    starts = []
    for row in rows:
        revoke(made, row.account, row.device, "key-compromise", second)
        starts.append(listed(made)[0].last_update_utc)
    assert starts == sorted(set(starts))
    assert serials(made) == {int(row.serial, 16) for row in rows}
    assert len(revoked_in(made).by_sha256) == 100


@pytest.mark.parametrize("gone", ["issuer-key.pem", "issuer.pem"])
def test_it_bites_without_the_issuers_key_too(made: Folder, gone: str) -> None:
    """The table is enough for our server; the list waits, and says why."""
    first = add(made)
    before, key = made.crl.read_bytes(), (made.path / gone).read_bytes()
    (made.path / gone).unlink()
    done = revoke(made, "alice", "laptop", "key-compromise", NOW)
    assert gone in str(done.unlisted)
    assert made.crl.read_bytes() == before
    assert revoked_in(made).of(der(leaf(first)))
    (made.path / gone).write_bytes(key)
    resign_crl(made, NOW, if_due=False)
    assert serials(made) == {leaf(first).serial_number}


def test_what_has_expired_drops_out_of_the_list(made: Folder) -> None:
    add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    resign_crl(made, NOW + 80 * DAY)
    assert serials(made)
    resign_crl(made, NOW + 92 * DAY, if_due=False)
    assert not serials(made)


def test_a_lost_table_takes_no_revocation_back(made: Folder) -> None:
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    made.devices.unlink()
    add(made, "bob")
    assert serials(made) == {leaf(first).serial_number}
    assert revoked_in(made).of(der(leaf(first)))


@pytest.mark.parametrize("left", [b"", b"torn", None])
def test_a_lost_list_takes_no_revocation_back(made: Folder, left: bytes | None) -> None:
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    made.crl.unlink() if left is None else made.crl.write_bytes(left)
    known = revoked_in(made)
    assert known.of(der(leaf(first)))
    assert len(known.problems) == 1
    assert known.problems[0].startswith(str(made.crl))
    resign_crl(made, NOW)
    assert serials(made) == {leaf(first).serial_number}
    assert revoked_in(made).problems == ()


def test_a_torn_table_is_a_problem_and_the_list_counts(made: Folder) -> None:
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    made.devices.write_bytes(b'{"devices":[')
    known = revoked_in(made)
    assert known.of(der(leaf(first)))
    assert "is no table of devices" in known.problems[0]


def test_a_stale_list_counts(made: Folder) -> None:
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    made.devices.unlink()
    issuer = read_issuer(made, NOW)
    stale = mint_crl(issuer, [Entry(leaf(first).serial_number, NOW)], NOW - 60 * DAY, last=None)
    made.crl.write_bytes(crl_pem([stale]))
    known = revoked_in(made)
    assert known.stale_at == ends_at(stale)
    assert known.stale_at < NOW
    assert known.of(der(leaf(first)))


def test_a_list_put_in_place_by_hand_is_not_taken_back(made: Folder) -> None:
    """The next command signs a list that follows on it: what is on it stays on it."""
    first = add(made)
    issuer, serial = read_issuer(made, NOW), leaf(first).serial_number
    by_hand = mint_crl(issuer, [Entry(serial, NOW)], NOW, last=listed(made)[0])
    made.crl.write_bytes(crl_pem([by_hand]))
    assert revoked_in(made).of(der(leaf(first)))
    assert [each.state for each in list_devices(made, None, NOW).devices] == ["revoked"]
    add(made, "bob")
    resign_crl(made, NOW, if_due=False)
    assert serials(made) == {serial}
    assert revoked_in(made).of(der(leaf(first)))


def test_a_list_nobody_known_signed_does_not_count(made: Folder) -> None:
    first = add(made)
    issuer = read_issuer(made, NOW)
    forged = mint_crl(
        Holder(issuer.certificate, make_key()),
        [Entry(leaf(first).serial_number, NOW)],
        NOW,
        last=None,
    )
    made.crl.write_bytes(crl_pem([*listed(made), forged]))
    known = revoked_in(made)
    assert known.of(der(leaf(first))) is None
    assert "not signed by a CA that is known here" in known.problems[0]


def test_the_same_serial_of_another_issuer_is_another(made: Folder) -> None:
    first, other = add(made), make(made.path.parent / "other")
    issuer = read_issuer(other, NOW)
    entry = Entry(leaf(first).serial_number, NOW)
    theirs = other.path / "theirs.pem"
    theirs.write_bytes(crl_pem([mint_crl(issuer, [entry], NOW, last=None)]))
    known = read_revoked([*read_authorities(made), *read_authorities(other)], [theirs], [])
    assert known.by_serial
    assert known.of(der(leaf(first))) is None


def test_what_was_good_stays_while_a_file_is_torn(made: Folder) -> None:
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    good = revoked_in(made)
    made.crl.write_bytes(b"torn")
    made.devices.write_bytes(b"torn")
    bad = revoked_in(made)
    assert len(bad.problems) == 2
    assert bad.of(der(leaf(first))) is None
    kept = bad.but_keeping(good)
    assert kept.of(der(leaf(first)))
    assert kept.problems == bad.problems
    assert (
        good.but_keeping(Revocations(by_sha256={"x": kept.by_sha256[first.device.sha256]})) == good
    )


def test_a_list_gives_way_to_one_of_a_higher_number_only(made: Folder) -> None:
    """RFC 5280, 5.2.3: the number tells "when a particular CRL supersedes another"."""
    first, issuer = add(made), read_issuer(made, NOW)

    def known_by(*entries: Entry, at: datetime) -> Revocations:
        made.crl.write_bytes(crl_pem([mint_crl(issuer, entries, at, last=None)]))
        return revoked_in(made)

    shown, other = der(leaf(first)), Entry(7, NOW)
    revoked = known_by(Entry(leaf(first).serial_number, NOW), at=NOW)
    older = known_by(other, at=NOW - DAY).but_keeping(revoked)
    assert older.of(shown)
    assert (issuer.certificate.subject.public_bytes(), 7) in older.by_serial
    assert older.problems == (OLDER,)
    freed = known_by(at=NOW + DAY).but_keeping(older)
    assert freed.of(shown) is None
    assert freed.problems == ()


def test_what_an_issuer_of_old_has_revoked_stays_so_when_its_list_is_gone(made: Folder) -> None:
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    made.devices.unlink()
    good = read_revoked(read_authorities(made), [made.crl], [])
    assert Revocations().but_keeping(good).of(der(leaf(first)))


@pytest.fixture(scope="module")
def revoked_once(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = make(tmp_path_factory.mktemp("revoked") / "certs")
    for device in ("laptop", "phone"):
        add(folder, "alice", device)
        revoke(folder, "alice", device, "key-compromise", NOW)
    return folder


@settings(max_examples=150, deadline=None)
@given(place=st.integers(0), byte=st.integers(0, 255), cut=st.booleans())
def test_a_list_with_a_byte_changed_frees_nobody_and_bars_nobody_else(
    revoked_once: Folder, place: int, byte: int, *, cut: bool
) -> None:
    """Issue 4: "a stale, torn or missing CRL never locks everybody out"."""
    authorities, crl = read_authorities(revoked_once), revoked_once.crl
    whole = crl.read_bytes()
    good = read_revoked(authorities, [crl], [])
    place %= len(whole)
    spoilt = revoked_once.path / "spoilt.pem"
    spoilt.write_bytes(whole[:place] + bytes([byte]) + (b"" if cut else whole[place + 1 :]))
    known = read_revoked(authorities, [spoilt], []).but_keeping(good)
    assert known.by_serial.keys() == good.by_serial.keys()
    assert len(known.by_serial) == 2


def test_the_other_form_of_a_signature_does_not_free_a_device(made: Folder) -> None:
    """ECDSA: with (r, s) holds (r, n - s) too, so whoever has a certificate can make its twin."""
    first = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    made.crl.unlink()
    twin = twin_of(leaf(first))
    issuer = read_issuer(made, NOW).certificate
    twin.verify_directly_issued_by(issuer)
    assert der(twin) != der(leaf(first))
    assert revoked_in(made).of(der(twin))


def twin_of(certificate: x509.Certificate) -> x509.Certificate:
    """Return a certificate with the other form of its signature."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
    r, s = decode_dss_signature(certificate.signature)
    body, was = certificate.tbs_certificate_bytes, certificate.signature
    whole = der(certificate)
    algorithm = whole[whole.index(body) + len(body) : whole.index(was) - 3]
    signature = b"\0" + encode_dss_signature(r, order - s)
    content = body + algorithm + b"\x03" + bytes([len(signature)]) + signature
    return x509.load_der_x509_certificate(b"\x30\x82" + len(content).to_bytes(2, "big") + content)


def test_bytes_that_are_no_certificate_are_not_revoked(made: Folder) -> None:
    add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    assert revoked_in(made).of(b"no certificate") is None


def test_the_list_is_signed_anew_when_a_third_of_its_life_is_over(made: Folder) -> None:
    """ "re-signed by every command and by renewal at 1/3"."""
    before = tree(made.path)
    resign_crl(made, NOW + 9 * DAY)
    assert tree(made.path) == before
    number = number_of(listed(made)[0])
    assert resign_crl(made, NOW + 11 * DAY) > NOW + 40 * DAY
    assert number_of(listed(made)[0]) > number


def test_each_issuer_signs_its_own_list(made: Folder) -> None:
    """After a rotation the old issuer's devices stay valid, and stay revocable."""
    old = add(made)
    retire_issuer(made)
    new = add(made, "bob")
    assert leaf(old).issuer != leaf(new).issuer
    assert len(listed(made)) == 2
    assert revoked_in(made).problems == ()
    for account in ("alice", "bob"):
        revoke(made, account, "laptop", "key-compromise", NOW)
    by_issuer = {each.issuer: [e.serial for e in entries_of(each)] for each in listed(made)}
    assert by_issuer == {
        leaf(old).issuer: [leaf(old).serial_number],
        leaf(new).issuer: [leaf(new).serial_number],
    }


def test_the_list_of_an_issuer_whose_key_is_gone_stays(made: Folder) -> None:
    old = add(made)
    revoke(made, "alice", "laptop", "key-compromise", NOW)
    retire_issuer(made)
    (made.former / "old-key.pem").unlink()
    add(made, "bob")
    assert len(listed(made)) == 2
    assert serials(made) == {leaf(old).serial_number}
    assert revoked_in(made).problems == ()


def retire_issuer(made: Folder) -> None:
    """Let another issuer of the same root sign from now on."""
    from xchat.pki.mint.authority import mint_issuer
    from xchat.pki.mint.keys import key_pem, read_key

    made.former.mkdir()
    shutil.copy(made.issuer, made.former / "old.pem")
    shutil.copy(made.issuer_key, made.former / "old-key.pem")
    root = x509.load_pem_x509_certificate(made.ca.read_bytes())
    key = read_key(made.root_key.read_bytes(), made.root_key)
    issuer = mint_issuer(Holder(root, key), NOW, bounds=None)  # type: ignore[arg-type]
    made.issuer.write_bytes(issuer.certificate.public_bytes(Encoding.PEM))
    made.issuer_key.write_bytes(key_pem(issuer.key))


def test_a_killed_revocation_is_finished_by_the_next_command(made: Folder) -> None:
    """A change that was decided (`.commit`) is done, whichever command comes next."""
    first = add(made)
    copy = Folder(made.path.parent / "copy")
    shutil.copytree(made.path, copy.path, symlinks=True)
    revoke(copy, "alice", "laptop", "key-compromise", NOW)
    (made.path / ".commit").mkdir()
    for name in ("devices.json", "crl.pem"):
        shutil.copy(copy.path / name, made.path / ".commit" / name)
    resign_crl(made, NOW)
    assert read_table(made).devices[0].revoked
    assert serials(made) == {leaf(first).serial_number}
