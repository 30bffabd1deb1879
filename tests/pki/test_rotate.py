"""`xchat-certs rotate issuer`: what signs is new, and nobody is cut off."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.pki.conftest import NAMES, NOW, run, run_certs, run_certs_at, tree
from tests.pki.devices import add, leaf, listed
from tests.pki.rotations import certificates, new_issuer, root_of
from tests.pki.test_lock import PASSPHRASE, Terminal
from xchat.pki.device.enrol import renew_device
from xchat.pki.device.revocations import revoked_in
from xchat.pki.device.revoke import revoke
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Expired
from xchat.pki.facts import bounds_of, names_of, signer
from xchat.pki.init import init
from xchat.pki.mint.crl import signer_of
from xchat.pki.mint.keys import make_key
from xchat.pki.mint.request import make_request, read_request
from xchat.pki.rotation.rotate import rotate_issuer
from xchat.pki.show import stand, try_chain
from xchat.pki.wish import Wish

ROTATE = ("rotate", "issuer")


def now() -> datetime:
    return NOW


def test_a_new_issuer_under_the_same_root_with_the_same_bounds(made: Folder) -> None:
    """ "New issuer under the same root with the same name constraints, new server leaf at once"."""
    (old,), ca, key = certificates(made.issuer), made.ca.read_bytes(), made.root_key.read_bytes()
    before = certificates(made.server)
    done = new_issuer(made)
    (new,) = certificates(made.issuer)
    assert new.subject != old.subject
    assert bounds_of(new) == bounds_of(old)
    assert (made.ca.read_bytes(), made.root_key.read_bytes()) == (ca, key)
    served = certificates(made.server)
    assert served[0] != before[0]
    assert served[1] == new
    assert names_of(served[0]) == names_of(before[0])
    assert try_chain(made.server, made.ca, None, now()).holds
    assert stand(made.path, now()).problems == ()
    assert done.kept == ()
    assert not made.former.exists()


def test_what_was_there_is_kept_and_the_journal_tells(made: Folder) -> None:
    issuer, key = made.issuer.read_bytes(), made.issuer_key.read_bytes()
    done = new_issuer(made)
    assert done.backup is not None
    backup = Path(done.backup)
    assert (backup / "issuer.pem").read_bytes() == issuer
    assert (backup / "issuer-key.pem").read_bytes() == key
    lines = (made.path / "journal.jsonl").read_text().splitlines()[-2:]
    assert [json.loads(line)["act"] for line in lines] == ["issuer minted", "server minted"]


def test_devices_of_the_old_issuer_stay_and_can_be_revoked(made: Folder) -> None:
    """ "Devices of the old issuer stay valid until they expire, revocable all the while"."""
    (old,) = certificates(made.issuer)
    laptop, phone = add(made, "alice", "laptop"), add(made, "alice", "phone")
    done = new_issuer(made)
    (kept,) = made.issuers()[1:]
    assert done.kept == (str(kept),)
    assert certificates(kept) == [old]
    assert kept.with_name(f"{kept.stem}-key.pem").stat().st_mode & 0o777 == 0o600
    young = add(made, "bob", "desk")
    revoke(made, "alice", "laptop", "key-compromise", now())
    revoke(made, "bob", "desk", "key-compromise", now())
    by_old, by_new = (
        next(each for each in listed(made) if signer_of(each, [ca]))
        for ca in (old, certificates(made.issuer)[0])
    )
    assert [each.serial_number for each in by_old] == [leaf(laptop).serial_number]
    assert [each.serial_number for each in by_new] == [leaf(young).serial_number]
    judged = revoked_in(made)
    assert judged.problems == ()
    for device, is_out in ((laptop, True), (phone, False), (young, True)):
        assert bool(judged.of(der(leaf(device)))) is is_out


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def test_what_was_revoked_before_stays_revoked(made: Folder) -> None:
    laptop = add(made, "alice", "laptop")
    revoke(made, "alice", "laptop", "key-compromise", now())
    new_issuer(made)
    assert revoked_in(made).of(der(leaf(laptop)))
    assert len(listed(made)) == 2


def test_a_device_of_the_old_issuer_is_renewed_by_the_new_one(made: Folder) -> None:
    phone = add(made, "alice", "phone")
    new_issuer(made)
    renewed = renew_device(made, leaf(phone), read_request(make_request(make_key())), now())
    assert signer(leaf(renewed), certificates(made.issuer)) is not None
    assert (renewed.device.account, renewed.device.device) == ("alice", "phone")


@pytest.mark.needs("faketime")
def test_an_issuer_that_nobody_needs_is_let_go(made: Folder) -> None:
    """ "With the key needed to re-sign their CRL until the last of their devices has expired"."""
    add(made)
    new_issuer(made)
    (kept,) = made.issuers()[1:]
    for days, is_kept in ((89, True), (91, False)):
        ended = run_certs_at(days, *ROTATE, cwd=made.path.parent)
        assert ended.code == 0, ended.err
        assert kept.exists() is is_kept
        assert len(listed(made)) == 1 + is_kept, "nor is its list kept, which nobody signs on"
    assert list(made.former.iterdir()) == []


def test_several_issuers_are_kept_and_each_signs_its_own_list(made: Folder) -> None:
    for device in ("one", "two", "three"):
        add(made, "alice", device)
        new_issuer(made)
    assert len(made.issuers()) == 4
    revoke(made, "alice", None, "unspecified", now())
    assert sorted(len(list(each)) for each in listed(made)) == [0, 1, 1, 1]


def test_names_that_were_added_stay(made: Folder) -> None:
    assert run_certs("add-name", "10.9.8.7", cwd=made.path.parent).code == 0
    new_issuer(made)
    assert {str(name) for name in names_of(certificates(made.server)[0])} == {*NAMES, "10.9.8.7"}


def test_a_lost_issuer_is_replaced(made: Folder) -> None:
    made.issuer.unlink()
    made.issuer_key.unlink()
    assert new_issuer(made).kept == ()
    assert stand(made.path, now()).problems == ()


def test_a_root_that_expired_signs_nothing(made: Folder) -> None:
    before = tree(made.path)
    with pytest.raises(Expired, match="can sign nothing") as refused:
        rotate_issuer(made, root_of(made), now() + timedelta(days=3660))
    assert "init --force" in str(refused.value.mend)
    assert tree(made.path) == before


def test_a_locked_root_key_is_asked_for_once_and_stays_locked(made: Folder) -> None:
    """ "Needs the root's key, asks its passphrase if locked"."""
    lock(made)
    key = made.root_key.read_bytes()
    typed = Terminal(*ROTATE, cwd=made.path.parent)
    typed.answer("Passphrase for certs/root-key.pem:", PASSPHRASE)
    assert typed.end() == 0, typed.said
    assert "Repeat" not in typed.said
    assert made.root_key.read_bytes() == key
    assert run_certs(*ROTATE, "--passphrase-file", "secret", cwd=made.path.parent).code == 0


def lock(made: Folder) -> None:
    secret = made.path.parent / "secret"
    secret.touch(mode=0o600)
    secret.write_text(PASSPHRASE)
    assert run_certs("lock", "--passphrase-file", "secret", cwd=made.path.parent).code == 0


def test_the_roots_key_may_be_elsewhere(made: Folder) -> None:
    stick = made.path.parent / "stick.pem"
    made.root_key.rename(stick)
    assert run_certs(*ROTATE, "--root-key", "stick.pem", cwd=made.path.parent).code == 0
    assert not made.root_key.exists()
    assert try_chain(made.server, made.ca, None, datetime.now(UTC)).holds


def test_a_new_ca_forgets_the_issuers_before_it(made: Folder) -> None:
    add(made)
    new_issuer(made)
    init(made.path, Wish(detects=False, names=("chat.lan",)), now(), replace="all")
    assert made.issuers() == [made.issuer]
    assert not made.former.exists()
    assert list(made.path.glob("backup-*/issuers/*-key.pem"))


@pytest.mark.needs("openssl")
def test_openssl_goes_on_with_the_ca_pem_it_has(made: Folder) -> None:
    ca = made.ca.read_bytes()
    new_issuer(made)
    (made.path / "theirs.pem").write_bytes(ca)
    files = ("-CAfile", "theirs.pem", "-untrusted", "issuer.pem", "live/server.pem")
    assert run("openssl", "verify", "-x509_strict", *files, cwd=made.path).code == 0


@pytest.mark.needs("faketime")
def test_renewal_lets_an_issuer_go_when_the_last_of_its_devices_has_expired(made: Folder) -> None:
    """The server's own renewal comes by the same way; what goes is in a backup."""
    add(made)
    new_issuer(made)
    (former,) = made.issuers()[1:]
    for days, is_kept in ((89, True), (91, False), (92, False)):
        ended = run_certs_at(days, "renew", cwd=made.path.parent)
        assert ended.code == 0, ended.err
        assert ("Nothing is due" in ended.out) is (days == 92)
        assert former.exists() is is_kept
        assert len(listed(made)) == 1 + is_kept
    assert list(made.former.iterdir()) == []
    gone = made.path.glob(f"backup-*/issuers/{former.stem}*")
    assert len(list(gone)) == 2, "the certificate and the key"


@pytest.mark.needs("faketime")
def test_no_issuer_is_let_go_while_the_table_of_devices_is_lost(made: Folder) -> None:
    """Nobody can tell then whose devices are in force; what it revoked stays on its list."""
    add(made)
    new_issuer(made)
    revoke(made, "alice", "laptop", "key-compromise", now())
    (former,) = made.issuers()[1:]
    made.devices.unlink()
    ended = run_certs_at(61, "renew", cwd=made.path.parent)
    assert ended.code == 0, ended.err
    assert former.exists()
    assert sorted(len(list(each)) for each in listed(made)) == [0, 1]
