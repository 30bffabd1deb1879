"""The drill abroad: what a thief makes with each issuer's key, before every judge there is.

"Stolen-CA drill: public DNS, DNS beside own, wildcard, IPv4, IPv6, sub-CA all refused by OpenSSL,
GnuTLS, cryptography, Go, Node; Java too (issuer)": for servers and for devices, with one root, in a
rotation, after it, and by the keys that are kept of issuers of old.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import verification
from cryptography.x509.verification import VerificationError

from tests.pki.conftest import make, run
from tests.pki.rotations import certificates, finish_now, new_issuer, new_root
from tests.pki.test_thief import LOOT
from xchat.pki.disk.folder import Folder
from xchat.pki.mint.authority import Holder, mint_device, mint_issuer, mint_server
from xchat.pki.mint.keys import key_pem, make_key
from xchat.pki.signing import load_holder

JUDGES = Path(__file__).parent / "judges"
NOW = datetime.now(UTC)
Forged: TypeAlias = tuple[str, list[x509.Certificate], bytes]
"""What it is, the chain, the key to its first certificate."""
OURS = ("server ours", "device ours")
"""What the same key may sign: the drill can fail, for here everybody says yes."""


@dataclass(frozen=True)
class Case:
    """A chain with the key to its first certificate, and the roots it is judged by."""

    chain: list[x509.Certificate]
    key: bytes
    trusted: bytes
    use: str


def of_server(issuer: Holder, above: list[x509.Certificate], what: str) -> Forged:
    leaf = mint_server(issuer, LOOT.get(what, ("chat.lan",)), NOW)
    return f"server {what}", [leaf.certificate, *above], key_pem(leaf.key)


def of_device(issuer: Holder, above: list[x509.Certificate], what: str) -> Forged:
    """Forge a device: `LOOT` beside the account, as if it were a host too."""
    key = make_key()
    leaf = mint_device(issuer, key.public_key(), "nino", "x" * 16, NOW)
    if what in LOOT:
        leaf = also_named(leaf, issuer, what)
    return f"device {what}", [leaf, *above], key_pem(key)


def also_named(leaf: x509.Certificate, issuer: Holder, what: str) -> x509.Certificate:
    """Return a device's certificate once more, with a server's names beside its own."""
    names = mint_server(issuer, LOOT[what], NOW).certificate.extensions
    more = names.get_extension_for_class(x509.SubjectAlternativeName).value
    draft = x509.CertificateBuilder(
        leaf.issuer,
        leaf.subject,
        leaf.public_key(),
        x509.random_serial_number(),
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
    )
    for each in leaf.extensions:
        value = each.value
        if isinstance(value, x509.SubjectAlternativeName):
            value = x509.SubjectAlternativeName([*value, *more])
        draft = draft.add_extension(value, critical=each.critical)
    return draft.sign(issuer.key, hashes.SHA256())


def forgeries(stolen: Holder, trusted: bytes) -> Iterator[tuple[str, Case]]:
    """Yield what one stolen issuer's key makes, under a name each."""
    below = mint_issuer(stolen, NOW, bounds=None)
    for forge, use in ((of_server, "server"), (of_device, "device")):
        made = [forge(stolen, [stolen.certificate], what) for what in ("ours", *LOOT)]
        made.append(forge(below, [below.certificate, stolen.certificate], "sub-CA"))
        for name, chain, key in made:
            yield name, Case(chain, key, trusted, use)
    # What is for devices is no server, and the other way round.
    _, chain, key = of_device(stolen, [stolen.certificate], "ours")
    yield "device as server", Case(chain, key, trusted, "server")
    _, chain, key = of_server(stolen, [stolen.certificate], "ours")
    yield "server as device", Case(chain, key, trusted, "device")


def issuer_of(folder: Folder) -> Holder:
    return load_holder(folder, folder.issuer, folder.issuer_key)


def worlds(tmp: Path) -> Iterator[tuple[str, bool, Holder, bytes]]:
    """Yield each key there is to steal: when, whether it may sign at all, and what is trusted."""
    folder = make(tmp / "certs")
    first = issuer_of(folder)
    yield "one root", True, first, folder.ca.read_bytes()
    new_issuer(folder)
    yield "issuer of old", True, first, folder.ca.read_bytes()
    yield "issuer of now", True, issuer_of(folder), folder.ca.read_bytes()
    second = issuer_of(folder)
    new_root(folder)
    assert len(certificates(folder.ca)) == 2
    yield "two roots", True, second, folder.ca.read_bytes()
    waiting = load_holder(folder.next, folder.next.issuer, folder.next.issuer_key)
    yield "two roots, the next issuer", True, waiting, folder.ca.read_bytes()
    finish_now(folder)
    yield "after it", True, issuer_of(folder), folder.ca.read_bytes()
    yield "after it, the issuer of before", False, second, folder.ca.read_bytes()


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str], dict[str, Case]]:
    """A folder a case, for programs to judge; the names of those that are no theft; all cases."""
    tmp = tmp_path_factory.mktemp("drill")
    cases, welcome = {}, set()
    for world, may_sign, stolen, trusted in worlds(tmp):
        for name, case in forgeries(stolen, trusted):
            cases[f"{world}: {name}"] = case
            welcome |= {f"{world}: {name}"} if may_sign and name in OURS else set()
    for name, case in cases.items():
        write(tmp / "cases" / name, case)
    write(tmp / "own", next(iter(cases.values())))
    return tmp / "cases", welcome, cases


def write(folder: Path, case: Case) -> None:
    folder.mkdir(parents=True)
    pems = [each.public_bytes(Encoding.PEM) for each in case.chain]
    (folder / "chain.pem").write_bytes(b"".join(pems))
    (folder / "leaf.pem").write_bytes(pems[0])
    (folder / "between.pem").write_bytes(b"".join(pems[1:]))
    (folder / "ca.pem").write_bytes(case.trusted)
    (folder / "key.pem").write_bytes(case.key)
    (folder / "use").write_text(case.use)


def openssl(folder: Path, case: Case) -> bool:
    purpose = {"server": "sslserver", "device": "sslclient"}[case.use]
    files = ("-CAfile", "ca.pem", "-untrusted", "between.pem", "leaf.pem")
    words = ("openssl", "verify", "-x509_strict", "-purpose", purpose)
    return run(*words, *files, cwd=folder).code == 0


def gnutls(folder: Path, case: Case) -> bool:
    purpose = {"server": "1.3.6.1.5.5.7.3.1", "device": "1.3.6.1.5.5.7.3.2"}[case.use]
    files = ("--load-ca-certificate", "ca.pem", "--infile", "chain.pem")
    words = ("certtool", "--verify", "--verify-profile", "medium", "--verify-purpose", purpose)
    return run(*words, *files, cwd=folder).code == 0


def by_cryptography(folder: Path, case: Case) -> bool:
    roots = verification.Store(certificates(folder / "ca.pem"))
    builder = verification.PolicyBuilder().store(roots).time(NOW)
    leaf, *rest = case.chain
    try:
        if case.use == "device":
            builder.build_client_verifier().verify(leaf, rest)
        else:
            builder.build_server_verifier(host_of(leaf)).verify(leaf, rest)
    except VerificationError:
        return False
    return True


def host_of(leaf: x509.Certificate) -> x509.DNSName | x509.IPAddress:
    """Return a name to ask for that the certificate has."""
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    name = next(iter(names))
    if isinstance(name, x509.IPAddress):
        return name
    host = name.value if isinstance(name, x509.DNSName) else "chat.lan"
    return x509.DNSName(host.replace("*", "www"))


@pytest.mark.parametrize(
    "accepts",
    [
        pytest.param(openssl, marks=pytest.mark.needs("openssl"), id="OpenSSL"),
        pytest.param(gnutls, marks=pytest.mark.needs("certtool"), id="GnuTLS"),
        pytest.param(by_cryptography, id="cryptography"),
    ],
)
def test_nobody_believes_the_thief(
    drill: tuple[Path, set[str], dict[str, Case]], accepts: Callable[[Path, Case], bool]
) -> None:
    folder, welcome, cases = drill
    assert {name for name, case in cases.items() if accepts(folder / name, case)} == welcome


PROGRAMS = {
    "Go": ("go", "run", "judge.go"),
    "Node": ("node", "judge.mjs"),
    "Java": ("java", "Judge.java"),
}
"""What judges all cases in one go; Java's compiler is asked for, since it runs a source."""
JAVA_REFUSES = "device ours"
"""A certificate without a DNS name, under constraints that have some: Java takes the common name,
an account's, for a host (as of 17), so our devices log in to no server in Java."""


@pytest.mark.parametrize(
    "judge",
    [
        pytest.param("Go", marks=pytest.mark.needs("go")),
        pytest.param("Node", marks=pytest.mark.needs("node")),
        pytest.param("Java", marks=pytest.mark.needs("java", "javac")),
    ],
)
def test_no_program_in_another_language_believes_the_thief(
    drill: tuple[Path, set[str], dict[str, Case]],
    judge: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, welcome, _ = drill
    if judge == "Java":
        welcome = {name for name in welcome if JAVA_REFUSES not in name}
    *program, source = PROGRAMS[judge]
    monkeypatch.setenv("GOTOOLCHAIN", "local")
    monkeypatch.setenv("GOCACHE", str(tmp_path / "cache"))
    shutil.copy(JUDGES / source, tmp_path)
    ended = run(*program, source, str(folder), cwd=tmp_path)
    assert ended.code == 0, ended.err
    assert set(ended.out.splitlines()) == welcome
