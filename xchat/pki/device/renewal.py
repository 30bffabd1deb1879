"""Renew the devices whose keys were made here: other clients cannot ask for it themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from xchat.pki.device.enrol import enrol, is_due
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import Folder
from xchat.pki.disk.registry import file_name, read_table
from xchat.pki.facts import Facts, facts_of, read_chain
from xchat.pki.mint.keys import key_pem, read_key
from xchat.pki.mint.request import make_request, read_request

_KEY_MARK = b"PRIVATE KEY-----"


def renew_devices(folder: Folder, now: datetime) -> Iterator[Facts]:
    """Renew each that is due, and yield its new certificate; the key stays. Raises as `enrol`."""
    newest = {file_name(each.account, each.device): each for each in read_table(folder).devices}
    for name, row in newest.items():
        path = folder.path / name
        if row.revoked or not is_due(row, now) or not path.exists():
            continue
        pem = read_file(path)
        key = read_key(pem, path) if _KEY_MARK in pem else None
        if isinstance(key, EllipticCurvePrivateKey):
            request = read_request(make_request(key))
            done = enrol(folder, row.account, row.device, request, now, key_pem=key_pem(key))
            yield facts_of(read_chain(done.chain.encode(), done.file)[0], done.file)
