"""Tell which names the next server's certificate is to have: those that the last one had."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from cryptography import x509

from xchat.errors import XChatError
from xchat.pki.detect import find_names
from xchat.pki.disk.files import read_file
from xchat.pki.disk.folder import SERVER, Folder
from xchat.pki.facts import UNREADABLE, bounds_of, names_of, read_chain
from xchat.pki.mint.names import Name


def wanted_names(folder: Folder, issuer: x509.Certificate, names: Sequence[Name]) -> list[Name]:
    """Return the names there are and those to add, as far as the issuer may give them."""
    bounds = bounds_of(issuer)
    wanted = dict.fromkeys((*_names_there(folder), *names))
    return [name for name in wanted if bounds is None or bounds.allow(name)]


def _names_there(folder: Folder) -> list[Name]:
    """Return the names of the newest pair that can be read, or those this machine has."""
    newest_first = (each / SERVER for each in reversed(folder.generations()))
    for path in (folder.server, *newest_first):
        with contextlib.suppress(XChatError, *UNREADABLE):
            if names := names_of(read_chain(read_file(path), path)[0]):
                return names
    return [each.name for each in find_names()]
