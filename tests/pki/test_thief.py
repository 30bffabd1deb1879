"""The drill: a thief has the issuer's key, and nobody believes what he makes of it.

"Stolen-CA drill: public DNS, DNS beside own, wildcard, IPv4, IPv6, sub-CA all refused by
OpenSSL, GnuTLS, cryptography [...]": here by the judges of `xchat-certs verify`; by all others in
tests/pki/test_drill.py.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from xchat.pki.disk.folder import Folder
from xchat.pki.facts import names_of, read_chain
from xchat.pki.judge.verify import judge
from xchat.pki.mint.authority import Holder, mint_issuer, mint_root, mint_server
from xchat.pki.mint.keys import read_key
from xchat.pki.mint.names import LOCAL, Name, parse_name

NOW = datetime.now(UTC)
LOOT: dict[str, tuple[Name, ...]] = {
    "public DNS": ("bank.example.com",),
    "DNS beside own": ("chat.lan", "bank.example.com"),
    "a name that only ends like ours": ("evil-chatlan",),
    "wildcard": ("*.example.com",),
    "IPv4": (parse_name("8.8.8.8"),),
    "IPv6": (parse_name("2001:4860:4860::8888"),),
    "address beside own": (parse_name("10.1.2.3"), parse_name("8.8.8.8")),
}


@pytest.fixture(scope="module")
def stolen(made_once: Folder) -> Holder:
    key = read_key(made_once.issuer_key.read_bytes(), made_once.issuer_key)
    assert isinstance(key, EllipticCurvePrivateKey)
    return Holder(read_chain(made_once.issuer.read_bytes(), made_once.issuer)[0], key)


@pytest.fixture(scope="module", params=["one root", "two roots"])
def trusted(made_once: Folder, request: pytest.FixtureRequest) -> bytes:
    """The drill is the same while a rotation is in progress."""
    beside = mint_root(NOW, bounds=LOCAL).certificate.public_bytes(Encoding.PEM)
    return (beside if request.param == "two roots" else b"") + made_once.ca.read_bytes()


Forge = Callable[[str], list[x509.Certificate]]


@pytest.fixture(scope="module")
def forge(stolen: Holder) -> Forge:
    """Return a chain the thief makes: for a kind of loot, a sub-CA, or (to compare) ours."""

    def make(what: str) -> list[x509.Certificate]:
        if what == "sub-CA":
            below = mint_issuer(stolen, NOW, bounds=None)
            leaf = mint_server(below, ["chat.lan"], NOW).certificate
            return [leaf, below.certificate, stolen.certificate]
        names = LOOT.get(what, ("chat.lan",))
        return [mint_server(stolen, names, NOW).certificate, stolen.certificate]

    return make


@pytest.mark.parametrize("what", [*LOOT, "sub-CA"])
def test_python_and_cryptography_refuse(forge: Forge, trusted: bytes, what: str) -> None:
    chain = forge(what)
    names = [n for n in names_of(chain[0]) if not str(n).startswith("*")] or ["www.example.com"]
    verdicts = judge(chain, read_chain(trusted, "ca.pem"), names, NOW)
    assert {each.judge for each in verdicts} == {"OpenSSL", "cryptography"}
    assert all(each.broken for each in verdicts)
