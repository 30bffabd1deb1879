"""`xchat-certs verify`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("verify", "Let two judges try a server's certificate, or a device's.")
@click.argument("certificate", metavar="CERT", type=click.Path(path_type=Path))
@click.option("--host", metavar="NAME", help="The name it has to hold for; otherwise each it has.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is trusted.  [default: ca.pem in the folder]",
)
@click.option("--crl", "looks", is_flag=True, help="Look for it among the revoked too.")
def command(
    *, folder: Path, certificate: Path, host: str | None, ca: Path | None, looks: bool
) -> Answer:
    """Accept a certificate only if OpenSSL (strict) and cryptography both do.

    CERT holds a server's certificate, or a device's, and after it those between it and the
    root. With --crl it must not be revoked either: by crl.pem and devices.json in the folder,
    which have to be there, signed and fresh.
    """
    from xchat.certs import say
    from xchat.pki.disk.folder import Folder
    from xchat.pki.errors import NotTrusted
    from xchat.pki.show import try_chain

    there = Folder(folder)
    asked = there if looks else None
    report = try_chain(certificate, ca or there.ca, host, datetime.now(UTC), revoked_by=asked)
    lines = say.verification(report)
    return Answer(lines=lines, value=report, exit_code=0 if report.holds else NotTrusted.exit_code)
