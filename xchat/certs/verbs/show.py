"""`xchat-certs show`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb


@verb("show", "Say what a certificate is, in people's words.")
@click.argument("certificate", metavar="[CERT | HOST:PORT]", required=False)
def command(folder: Path, certificate: str | None) -> Answer:
    """Say what a certificate is, in people's words.

    Without an argument: those of this chat. Of HOST:PORT: what the server there
    shows, which is not verified. Of crl.pem: which devices were revoked.
    """
    from xchat.certs import say, say_devices
    from xchat.pki.show import look

    now = datetime.now(UTC)
    seen = look(folder, certificate)
    lines = [line for line in (seen.warning, seen.mend) if line]
    for each in seen.certificates:
        lines += ["", *say.certificate(each, now)]
    for crl in seen.lists:
        lines += ["", *say_devices.crl(crl, now)]
    lines += ["", f"Next:  {seen.next}"]
    return Answer(lines=lines if seen.warning else lines[1:], value=seen)
