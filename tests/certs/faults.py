"""What else can stand in a verb's way: files that are not what they should be, clocks, requests.

Rows as in tests/certs/cases.py; `made(days)` puts a folder there that was made so long ago.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.certs.cases import First, Refused, holding, laptop, replaced, secret, without
from xchat.pki.init import init
from xchat.pki.mint.authority import mint_issuer, mint_root, mint_server
from xchat.pki.mint.keys import key_pem, make_key
from xchat.pki.mint.names import LOCAL, parse_name
from xchat.pki.wish import Wish

PAIR = without("certs/live/server.pem", "certs/live/server-key.pem")


def made(days: int) -> First:
    """Return what puts certificates there that were made `days` ago (or are to be, below 0)."""

    def make(cwd: Path) -> None:
        then = datetime.now(UTC) - timedelta(days=days)
        root = mint_root(then, bounds=LOCAL)
        issuer = mint_issuer(root, then, bounds=LOCAL)
        server = mint_server(issuer, ["chat.lan"], then)
        for name, signed, rest in (
            ("ca.pem", root, ()),
            ("issuer.pem", issuer, ()),
            ("live/server.pem", server, (issuer,)),
        ):
            chain = (each.certificate.public_bytes(Encoding.PEM) for each in (signed, *rest))
            (cwd / "certs" / name).write_bytes(b"".join(chain))
            key = "root-key.pem" if name == "ca.pem" else f"{name.removesuffix('.pem')}-key.pem"
            (cwd / "certs" / key).write_bytes(key_pem(signed.key))

    return make


def cut_short(name: str) -> First:
    """Return what leaves the first lines of a file."""
    return lambda cwd: (cwd / name).write_bytes((cwd / name).read_bytes()[:300])


def foreign_root(cwd: Path) -> None:
    """Put the root of another chat in the place of ours."""
    wish = Wish(names=(parse_name("chat.lan"),), detects=False)
    init(cwd / "other", wish, datetime.now(UTC))
    (cwd / "certs/ca.pem").write_bytes((cwd / "other/ca.pem").read_bytes())


def rsa_key(name: str) -> First:
    """Return what puts an RSA key into a file."""

    def put(cwd: Path) -> None:
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (cwd / name).write_bytes(pem)

    return put


def locked_key(name: str) -> First:
    """Return what puts a key under a passphrase into a file."""
    return lambda cwd: (cwd / name).write_bytes(key_pem(make_key(), b"sesame"))


def request(name: str, curve: ec.EllipticCurve) -> First:
    """Return what puts a request for a certificate into a file."""

    def put(cwd: Path) -> None:
        draft = x509.CertificateSigningRequestBuilder(x509.Name([]))
        signed = draft.sign(ec.generate_private_key(curve), hashes.SHA256())
        (cwd / name).write_bytes(signed.public_bytes(Encoding.PEM))

    return put


CSR, P521 = request("csr.pem", ec.SECP256R1()), request("csr.pem", ec.SECP521R1())
BY_REQUEST = ("--request", "csr.pem")

FAULTS = (
    Refused("init", ("--no-detect", "--name", "other.lan"), 3, "certs is not as asked",
            "does not name other.lan", "xchat-certs add-name other.lan"),
    Refused("init", ("--no-detect",), 2, "a certificate", "needs a name", "--name chat.lan",
            (without("certs"),)),
    Refused("init", ("--dir", "file"), 1, "file", "is not a folder", "--dir FOLDER",
            (holding("file", ""),)),
    Refused("init", ("--no-detect",), 4, "certs/live/server.pem", "expired on",
            "xchat-certs renew", (made(100),)),
    Refused("init", ("--no-detect",), 3, "certs/issuer.pem", "so nothing can be signed",
            "xchat-certs", (made(740), PAIR)),
    Refused("init", ("--passphrase", "--passphrase-file", "secret"), 2, "--passphrase",
            "exclude each other", "xchat-certs init --help", (secret("secret", "x"),)),
    Refused("init", ("--passphrase-file", "secret"), 2, "secret", "is empty",
            "xchat-certs init --help", (secret("secret", ""),)),
    Refused("init", ("--passphrase-file", "open"), 2, "open", "everyone can read",
            "chmod 600 open", (holding("open", "sesame"), lambda cwd: (cwd / "open").chmod(0o644))),
    Refused("status", ("--dir", "file"), 3, "file", "there are no certificates",
            "xchat-certs init", (holding("file", ""),)),
    Refused("renew", ("--exec", " "), 2, "--exec", "names no command", "--exec '"),
    Refused("renew", (), 4, "certs/issuer.pem", "expired on", "rotate issuer --root-key",
            (made(740), without("certs/root-key.pem"))),
    Refused("renew", (), 1, "certs/live/server.pem", "is not valid before", "date -u",
            (made(-5),)),
    Refused("renew", (), 5, "certs/issuer-key.pem", "is not the key to certs/issuer.pem",
            "xchat-certs", (made(61), replaced("certs/issuer-key.pem", "certs/root-key.pem"))),
    Refused("device add", ("nino", "phone", "--passphrase-file", "x"), 2, "--passphrase-file",
            "is for --p12 FILE", "xchat-certs device add --help"),
    Refused("device add", ("nino", "phone", "--p12", "none/x.p12"), 1, "none",
            "there is no such folder", "mkdir -p none"),
    Refused("device add", ("nino", "phone"), 4, "certs/issuer.pem", "expired on",
            "xchat-certs status", (made(740),)),
    Refused("device add", ("nino", "phone"), 5, "certs/issuer-key.pem", "is not a key of ours",
            "xchat-certs", (rsa_key("certs/issuer-key.pem"),)),
    Refused("device add", ("nino", "phone"), 6, "certs/issuer-key.pem",
            "is locked with a passphrase", "xchat-certs", (locked_key("certs/issuer-key.pem"),)),
    Refused("device add", ("nino", "phone", *BY_REQUEST), 5, "the request", "P-256, P-384",
            "openssl req", (P521,)),
    Refused("device add", ("nino", "phone", *BY_REQUEST), 5, "csr.pem", "longer than",
            "openssl req", (holding("csr.pem", "x" * 100_000),)),
    Refused("device add", ("nino", "phone", *BY_REQUEST), 5, "this key of nino", "was revoked",
            "Make a new key",
            (CSR, ("device", "add", "nino", "phone", *BY_REQUEST),
             ("device", "revoke", "nino", "phone"))),
    Refused("export pem", ("anna", "laptop"), 3, "certs/devices.json", "was revoked",
            "xchat-certs device list anna", (laptop, ("device", "revoke", "anna", "laptop"))),
    Refused("export bundle", (), 5, "certs/ca.pem", "no certificate that can be read",
            "xchat-certs status", (holding("certs/ca.pem", "nothing"),)),
    Refused("invite", ("nino", "--host", "chat.lan:8080"), 3, "'chat.lan:8080'",
            "neither a host name nor an address", "--host NAME"),
    Refused("verify", ("certs/live/server.pem",), 5, "certs/live/server.pem",
            "holds no certificate that can be read", "xchat-certs",
            (cut_short("certs/live/server.pem"),)),
    Refused("verify", ("certs",), 1, "certs", "cannot be read: Is a directory", "ls -ld certs"),
    Refused("verify", ("/dev/zero",), 1, "/dev/zero", "is larger than",
            "xchat-certs verify --help"),
    Refused("show", ("nothing",), 2, "nothing", "it is not HOST:PORT either", "xchat-certs show"),
    Refused("lock", ("--passphrase-file", "secret"), 5, "certs/root-key.pem",
            "no private key that can be read", "xchat-certs",
            (secret("secret", "x"), holding("certs/root-key.pem", "nothing"))),
    Refused("lock", ("--passphrase-file", "secret"), 5, "certs/root-key.pem",
            "is not a key of ours", "xchat-certs",
            (secret("secret", "x"), rsa_key("certs/root-key.pem"))),
    Refused("trust install", ("--store", "browsers", "certs/issuer.pem"), 5, "certs/issuer.pem",
            "only a root can be trusted", "xchat-certs trust install FILE"),
    Refused("trust install", ("--store", "browsers"), 3, "certs/ca.pem",
            "there is no such file", "xchat-certs init", (without("certs/ca.pem"),)),
)  # fmt: skip
