"""Devices for tests: their keys, their requests, and who judges what they got."""

from __future__ import annotations

from cryptography import x509

from tests.pki.conftest import NOW
from xchat.pki.device.enrol import Enrolled, enrol
from xchat.pki.disk.folder import Folder
from xchat.pki.mint.crl import Crl, read_crls
from xchat.pki.mint.keys import PrivateKey, key_pem, make_key
from xchat.pki.mint.request import make_request, read_request


def request_of(key: PrivateKey | None = None) -> x509.CertificateSigningRequest:
    """Return a request for `key`, or for a new one."""
    return read_request(make_request(key or make_key()))


def add(
    folder: Folder, account: str = "alice", device: str = "laptop", key: PrivateKey | None = None
) -> Enrolled:
    """Enrol a device now."""
    return enrol(folder, account, device, request_of(key), NOW)


def leaf(enrolled: Enrolled) -> x509.Certificate:
    """Return the device's own certificate."""
    return x509.load_pem_x509_certificates(enrolled.chain.encode())[0]


def listed(folder: Folder) -> list[Crl]:
    """Return the signed lists of a folder."""
    return read_crls(folder.crl.read_bytes())


__all__ = ["add", "key_pem", "leaf", "listed", "make_key", "make_request", "request_of"]
