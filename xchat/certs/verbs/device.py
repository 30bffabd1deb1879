"""`xchat-certs device add | list | revoke`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from xchat.certs.chat import Chat, of_chat
from xchat.certs.command import Answer
from xchat.certs.verb import verb
from xchat.errors import UsageError

if TYPE_CHECKING:
    from xchat.pki.mint.crl import Reason

REASONS = (
    "unspecified",
    "key-compromise",
    "affiliation-changed",
    "superseded",
    "cessation-of-operation",
    "privilege-withdrawn",
)


@click.group("device", short_help="Certificates that people's devices log in with.")
def command() -> None:
    """Give devices their certificates, list them, revoke them.

    For people with XChat's client an invite does all of it: xchat-certs invite NAME.
    """


@verb("add", "Give a device its certificate: for irssi, WeeChat, catgirl.")
@click.argument("account")
@click.argument("device")
@click.option(
    "--pem",
    "as_pem",
    is_flag=True,
    help="Make key and certificate here, into one file that only you can read.  [default]",
)
@click.option(
    "--p12", type=click.Path(path_type=Path), metavar="FILE", help="Write them as PKCS#12 too."
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Lock that with the first line of FILE; otherwise a passphrase is made, and told once.",
)
@click.option(
    "--request",
    type=click.Path(path_type=Path),
    metavar="CSR.pem",
    help="Sign what was made elsewhere; the key stays where it is.",
)
@of_chat
def add(
    *,
    folder: Path,
    account: str,
    device: str,
    as_pem: bool,
    p12: Path | None,
    passphrase_file: Path | None,
    request: Path | None,
    data: str | None,
    config: Path | None,
) -> Answer:
    """Give DEVICE of ACCOUNT a certificate that logs in to it, for 90 days.

    The account is made if the chat has none of that name. Devices that run XChat's client
    renew theirs by themselves; for others, add another before it expires.
    """
    import msgspec

    from xchat.admin.values import generated
    from xchat.certs import say_devices
    from xchat.certs.chat import ensure_account
    from xchat.pki.device.give import Wanted, check_wanted, give
    from xchat.pki.disk.folder import Folder
    from xchat.pki.passphrase import obtain

    if request and (as_pem or p12):
        raise UsageError("--request signs what was made elsewhere: its key is not here to write")
    if passphrase_file and not p12:
        raise UsageError("--passphrase-file is for --p12 FILE")
    there, now = Folder(folder), datetime.now(UTC)
    told = obtain(passphrase_file, asks=False)
    passphrase = generated() if told is None else told.decode("latin-1")
    wanted = Wanted(account, device, request, p12, passphrase)
    check_wanted(there, wanted, now)
    notes = ensure_account(account, Chat(data, config))
    done = give(there, wanted, now, notes)
    if p12 and told is None:
        done = msgspec.structs.replace(done, passphrase=passphrase)
    return Answer(lines=say_devices.given(done, now), value=done)


@verb("list", "List the devices: days left, what was revoked, when and why.")
@click.argument("account", required=False)
def list_(folder: Path, account: str | None) -> Answer:
    """List all devices, or those of ACCOUNT.

    Those that were revoked, or have expired, stay on the list for a while.
    """
    from xchat.certs import say_devices
    from xchat.pki.device.overview import list_devices
    from xchat.pki.disk.folder import Folder

    now = datetime.now(UTC)
    found = list_devices(Folder(folder), account, now)
    return Answer(lines=say_devices.listed(found), value=found)


@verb("revoke", "Let a device, or all of an account, in no more.")
@click.argument("account")
@click.argument("device", required=False)
@click.option("--all", "is_all", is_flag=True, help="All devices of ACCOUNT.")
@click.option(
    "--reason",
    type=click.Choice(REASONS),
    default="unspecified",
    show_default=True,
    help="What goes on the list of the revoked.",
)
def revoke(
    *, folder: Path, account: str, device: str | None, is_all: bool, reason: Reason
) -> Answer:
    """Revoke DEVICE of ACCOUNT, with all its certificates.

    A server that uses this folder refuses it from now on and ends its sessions; crl.pem is
    for other servers.
    """
    from xchat.certs import say_devices
    from xchat.pki.device.overview import revoke_devices
    from xchat.pki.disk.folder import Folder
    from xchat.pki.errors import Differs

    there, now = Folder(folder), datetime.now(UTC)
    if bool(device) == is_all:
        what = "one device, or --all" if device else f"which device of {account}? Or --all"
        raise UsageError(what, mend=there.command("device", "list", account))
    done = revoke_devices(there, account, device, reason, now)
    code = Differs.exit_code if done.unlisted else 0
    return Answer(lines=say_devices.revoked(done), value=done, exit_code=code)


for each in (add, list_, revoke):
    command.add_command(each)
