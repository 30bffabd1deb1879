"""`xchat.pki.mint.crl`: lists of the revoked, signed and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from xchat.pki.mint.authority import Holder, mint_issuer, mint_root
from xchat.pki.mint.crl import (
    Crl,
    Entry,
    crl_pem,
    ends_at,
    entries_of,
    mint_crl,
    newest_by,
    number_of,
    read_crls,
    signer_of,
)
from xchat.pki.mint.names import LOCAL

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def root() -> Holder:
    return mint_root(NOW, bounds=LOCAL)


@pytest.fixture(scope="module")
def issuer(root: Holder) -> Holder:
    return mint_issuer(root, NOW, bounds=LOCAL)


def test_it_lasts_thirty_days_and_has_a_number(issuer: Holder) -> None:
    """ "nextUpdate 30 d, CRL number"."""
    crl = mint_crl(issuer, [], NOW, last=None)
    assert ends_at(crl) - crl.last_update_utc == timedelta(days=30)
    assert number_of(crl) == int(NOW.timestamp())
    assert entries_of(crl) == []
    assert crl.is_signature_valid(issuer.key.public_key())
    signed_by = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    its_own = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert signed_by.key_identifier == its_own.value.digest


def test_this_update_rises_within_one_second_too(issuer: Holder) -> None:
    """ "two CRLs with the same thisUpdate second: the first stays"; a hundred are of the past."""
    lists: list[Crl] = []
    for _ in range(100):
        lists.append(mint_crl(issuer, [], NOW, last=lists[-1] if lists else None))
    starts = [each.last_update_utc for each in lists]
    numbers = [number_of(each) for each in lists]
    assert starts == sorted(set(starts))
    assert numbers == sorted(set(numbers))
    assert starts[-1] < NOW
    assert newest_by(lists, issuer.certificate) is lists[-1]


def test_a_clock_put_back_takes_nothing_back(issuer: Holder) -> None:
    last = mint_crl(issuer, [], NOW + timedelta(days=3), last=None)
    crl = mint_crl(issuer, [], NOW, last=last)
    assert crl.last_update_utc == last.last_update_utc + SECOND
    assert number_of(crl) == number_of(last) + 1


def test_entries_have_a_date_and_a_reason(issuer: Holder) -> None:
    entries = [Entry(7, NOW.replace(microsecond=0), "key-compromise"), Entry(9, NOW, "unspecified")]
    crl = mint_crl(issuer, entries, NOW, last=None)
    assert entries_of(crl)[0] == entries[0]
    assert [each.reason for each in entries_of(crl)] == ["key-compromise", "unspecified"]
    told = crl.get_revoked_certificate_by_serial_number(9)
    assert told is not None
    assert len(told.extensions) == 0  # RFC 5280, 5.3.1: unspecified is told by saying nothing


def test_several_lists_stand_in_one_file(root: Holder, issuer: Holder) -> None:
    lists = [mint_crl(each, [], NOW, last=None) for each in (root, issuer)]
    read = read_crls(b"# ours\n" + crl_pem(lists))
    assert read == lists
    assert signer_of(read[1], [root.certificate, issuer.certificate]) == issuer.certificate
    assert signer_of(read[1], [root.certificate]) is None


@pytest.mark.parametrize("cut", [2, 30, 200])
def test_a_torn_file_is_no_list_at_all(issuer: Holder, cut: int) -> None:
    """Half of what is revoked must not pass for all of it."""
    pem = crl_pem([mint_crl(issuer, [], NOW, last=None)] * 2)
    with pytest.raises(ValueError, match="cut short"):
        read_crls(pem[:-cut])


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no list of revoked certificates"):
        read_crls(data)


def test_a_forged_list_has_no_signer(root: Holder, issuer: Holder) -> None:
    forged = mint_crl(Holder(issuer.certificate, root.key), [Entry(7, NOW)], NOW, last=None)
    assert signer_of(forged, [root.certificate, issuer.certificate]) is None
    assert newest_by([forged], issuer.certificate) is None
