"""From a token to its link: how the server is reached, and which root vouches for it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from xchat.chat.refused import Failed
from xchat.chat.tokens import Token
from xchat.errors import XChatError
from xchat.pki.disk.folder import Folder
from xchat.pki.errors import Differs
from xchat.pki.invite.invitation import Link, format_link
from xchat.pki.invite.reached import name_to_type
from xchat.pki.mint.names import parse_name

if TYPE_CHECKING:
    from cryptography import x509


class Reached(msgspec.Struct, frozen=True):
    """A server: its certificate's file, where it listens, and `tls.client_ca` where that is set."""

    cert: Path
    addresses: tuple[str, ...]
    port: int
    client_ca: Path | None = None


def make_link(server: Reached, token: Token, host: str | None) -> str | Failed:
    """Return the link of an invite, or why there can be none; `host` if it is to name another.

    To be done beside a loop: it reads files.
    """
    from xchat.pki.disk.signers import read_issuer

    try:
        folder = need_issuer(server.cert)
        read_issuer(folder, datetime.now(UTC))
        chain, root = _chain(server.cert, folder)
        _check_believed(server, root)
        names = _names(chain[0], server.cert)
    except XChatError as error:
        return Failed("NO_ISSUER", text=error.what)
    if not server.port:
        return Failed("NO_PORT", text="The server takes a free port when it starts (listen.port)")
    try:
        reached = str(parse_name(host)) if host else name_to_type(server.addresses, names)
    except XChatError as error:
        return Failed("NOT_ITS_NAME", str(host), text=error.what)
    if reached not in names:
        text = f"{server.cert} is not for {reached}, but for {', '.join(names)}"
        return Failed("NOT_ITS_NAME", reached, text=text)
    return format_link(Link(host=reached, port=server.port, ca=root, token=token))


def need_issuer(cert: Path) -> Folder:
    """Return the folder whose issuer signed `cert` and signs devices; raise Differs without one."""
    folder = Folder(cert.parent.parent)
    for file in (folder.ca, folder.issuer, folder.issuer_key):
        if not file.is_file():
            raise Differs(
                f"{file} is not there: without an issuer no device can be given a certificate",
                mend="xchat-certs init",
            )
    return folder


def _chain(cert: Path, folder: Folder) -> tuple[list[x509.Certificate], bytes]:
    """Return a server's chain, and the SHA-256 of the root that it leads to."""
    from cryptography.hazmat.primitives import hashes

    from xchat.pki.disk.files import read_file
    from xchat.pki.facts import read_chain

    chain = read_chain(read_file(cert), cert)
    for root in read_chain(read_file(folder.ca), folder.ca):
        if root.subject == chain[-1].issuer:
            return chain, root.fingerprint(hashes.SHA256())
    raise Differs(f"{cert} is not signed by the CA in {folder.path}", mend=folder.command("status"))


def _check_believed(server: Reached, root: bytes) -> None:
    """Refuse to sign devices that the server would not believe."""
    from cryptography.hazmat.primitives import hashes

    from xchat.pki.disk.files import read_file
    from xchat.pki.facts import read_chain

    file = server.client_ca
    if file is None:
        return
    if root not in [
        each.fingerprint(hashes.SHA256()) for each in read_chain(read_file(file), file)
    ]:
        raise Differs(
            f"{file} (tls.client_ca) is another CA than that of {server.cert}: devices of this one "
            "would not be let in"
        )


def _names(leaf: x509.Certificate, cert: Path) -> tuple[str, ...]:
    from xchat.pki.facts import facts_of

    names = facts_of(leaf, cert).names
    if not names:
        raise Differs(f"{cert} is for no host at all", mend="xchat-certs status")
    return names
