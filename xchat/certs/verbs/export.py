"""`xchat-certs export p12 | pem | bundle`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xchat.certs.command import Answer
from xchat.certs.verb import verb
from xchat.errors import UsageError

if TYPE_CHECKING:
    from xchat.pki.disk.folder import Folder
    from xchat.pki.export import Exported, Holding, Place

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]


@click.group("export", short_help="Hand certificates out, as other programs take them.")
def command() -> None:
    """Hand certificates out in the forms that other programs take.

    The server's own, or those of ACCOUNT's DEVICE. What is there is never
    overwritten without --force.
    """


def _to(name: str) -> _Option:
    """Return what gives a verb `--out` and `--force`."""
    out = click.option(
        "--out",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Where to.  [default: {name} here]",
    )
    force = click.option("--force", is_flag=True, help="Replace the file that is there.")
    return lambda function: out(force(function))


def _whose(function: Callable[..., Any]) -> Callable[..., Any]:
    device = click.argument("device", required=False)
    return click.argument("account", required=False)(device(function))


@verb("p12", "PKCS#12 under a passphrase: for browsers, phones, mail programs.")
@_whose
@_to("xchat-server.p12, or ACCOUNT-DEVICE.p12,")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Lock it with the first line of FILE; otherwise a passphrase is made, and told once.",
)
def p12(
    *,
    folder: Path,
    account: str | None,
    device: str | None,
    out: Path | None,
    force: bool,
    passphrase_file: Path | None,
) -> Answer:
    """Write PKCS#12: certificate, issuer, root and key, under a passphrase.

    AES-256-CBC (PBES2), 600,000 rounds of PBKDF2 and as many for the MAC.
    """
    import msgspec

    from xchat.admin.values import generated
    from xchat.pki.disk.folder import Folder
    from xchat.pki.export import export_p12
    from xchat.pki.passphrase import obtain

    given = obtain(passphrase_file, asks=False)
    passphrase = generated() if given is None else given.decode("latin-1")
    whose, name, words = _holding(Folder(folder), account, device)
    words += ("--passphrase-file", str(passphrase_file)) if passphrase_file else ()
    to = _place(out, f"{name}.p12", ("p12", *words), force=force)
    done = export_p12(Folder(folder), whose, to, passphrase, datetime.now(UTC))
    if given is None:
        done = msgspec.structs.replace(done, passphrase=passphrase)
    return Answer(lines=_lines(done), value=done)


@verb("pem", "Certificate and key in one file: for irssi, WeeChat, catgirl.")
@_whose
@_to("xchat-server.pem, or ACCOUNT-DEVICE.pem,")
def pem(
    *, folder: Path, account: str | None, device: str | None, out: Path | None, force: bool
) -> Answer:
    """Write certificate, issuer and key, unlocked, into one file that only you can read."""
    from xchat.pki.disk.folder import Folder
    from xchat.pki.export import export_pem

    whose, name, words = _holding(Folder(folder), account, device)
    to = _place(out, f"{name}.pem", ("pem", *words), force=force)
    done = export_pem(Folder(folder), whose, to, datetime.now(UTC))
    return Answer(lines=_lines(done), value=done)


@verb("bundle", "Roots and issuers in one file, no key: for whoever verifies.")
@_to("xchat-ca-bundle.pem")
def bundle(*, folder: Path, out: Path | None, force: bool) -> Answer:
    """Write what verifies our certificates into one file: every root, every issuer.

    For servers that let our devices in (their clients often send no issuer), for
    proxies, for `curl --cacert`. No key is in it: anybody may have it.
    """
    from xchat.pki.disk.folder import Folder
    from xchat.pki.export import export_bundle

    to = _place(out, "xchat-ca-bundle.pem", ("bundle",), force=force)
    done = export_bundle(Folder(folder), to, datetime.now(UTC))
    return Answer(lines=_lines(done), value=done)


for each in (p12, pem, bundle):
    command.add_command(each)


def _holding(
    folder: Folder, account: str | None, device: str | None
) -> tuple[Holding, str, tuple[str, ...]]:
    """Return whose certificate it is, how a file of it is called, and the words that name it."""
    from xchat.pki.export import devices, servers

    if account is None:
        return servers(folder), "xchat-server", ()
    if device is None:
        listed = folder.command("device", "list", account)
        raise UsageError(f"which device of {account}?", mend=listed)
    whose = devices(folder, account, device, datetime.now(UTC))
    return whose, f"{account}-{device}", (account, device)


def _place(out: Path | None, name: str, words: tuple[str, ...], *, force: bool) -> Place:
    from xchat.pki.export import Place

    return Place(out or Path(name), force, words)


def _lines(done: Exported) -> Iterator[str]:
    yield f"Wrote {done.file}: {_WHAT[done.form]}"
    for each in done.certificates:
        yield f"  {each.role:12}{each.subject}, until {each.not_after:%Y-%m-%d}"
    if done.rounds:
        yield f"  locked      AES-256-CBC, {done.rounds:,} rounds of PBKDF2, as many for the MAC"
    if done.passphrase:
        yield f"  passphrase  {done.passphrase} (told once, kept nowhere)"
    yield ""
    yield f"Next:  {done.next}"


_WHAT = {
    "p12": "key and certificates under a passphrase",
    "pem": "key and certificates, unlocked, for your eyes only (0600)",
    "bundle": "what verifies our certificates; no key, no secret",
}
