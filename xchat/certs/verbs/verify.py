"""`xchat-certs verify`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("verify", "Let two judges try a server's certificate.")
@click.argument("certificate", metavar="CERT", type=click.Path(path_type=Path))
@click.option("--host", metavar="NAME", help="The name it has to hold for; otherwise each it has.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What is trusted.  [default: ca.pem in the folder]",
)
def command(folder: Path, certificate: Path, host: str | None, ca: Path | None) -> Answer:
    """Accept a server's certificate only if OpenSSL (strict) and cryptography both do.

    CERT holds the certificate and, after it, those between it and the root.
    """
    from xchat.certs import say
    from xchat.pki.errors import NotTrusted
    from xchat.pki.folder import Folder
    from xchat.pki.show import try_chain

    report = try_chain(certificate, ca or Folder(folder).ca, host, datetime.now(UTC))
    lines = say.verification(report)
    return Answer(lines=lines, value=report, exit_code=0 if report.holds else NotTrusted.exit_code)
