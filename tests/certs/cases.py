"""What every verb of `xchat-certs` is tried with: to try one more thing is one more row.

`ANSWERS` are what it can answer, `ERRORS` how it can end instead; each verb has a row in both. A
row begins in a folder whose `certs/` holds fresh certificates (chat.lan, localhost, ...), spoiled
by `first`: words to run before, or a function of the folder above `certs/`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

First = Sequence[str] | Callable[[Path], object]


@dataclass(frozen=True)
class Answered:
    """A verb, the words after it, how it ends, and what is done before."""

    verb: str
    words: tuple[str, ...] = ()
    code: int = 0
    first: tuple[First, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A verb that cannot: the file or peer it names, the rule, and a part of the next command."""

    verb: str
    words: tuple[str, ...]
    code: int
    names: str
    rule: str
    mend: str
    first: tuple[First, ...] = ()


def without(*names: str) -> First:
    """Return what takes files out of the folder, or the folder itself (`certs`)."""

    def take(cwd: Path) -> None:
        for name in names:
            path = cwd / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    return take


def holding(name: str, text: str) -> First:
    """Return what puts a text into a file."""
    return lambda cwd: (cwd / name).write_text(text)


def secret(name: str, text: str) -> First:
    """Return what puts a text into a file that only its owner may read."""

    def put(cwd: Path) -> None:
        (cwd / name).touch(mode=0o600)
        (cwd / name).write_text(text)

    return put


def replaced(name: str, other: str) -> First:
    """Return what puts another file's content into a file."""
    return lambda cwd: (cwd / name).write_bytes((cwd / other).read_bytes())


def chromium(cwd: Path) -> None:
    """Make an empty database of roots where Chromium has it, in a home folder that is `cwd`."""
    folder = cwd / ".pki/nssdb"
    folder.mkdir(parents=True)
    words = ("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
    subprocess.run(words, check=True, timeout=60)


def laptop(cwd: Path) -> None:
    """Give anna a laptop whose key was made here, and a phone whose key was not."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    from xchat.pki.device.enrol import enrol
    from xchat.pki.disk.folder import Folder
    from xchat.pki.mint.keys import key_pem, make_key

    for device, is_here in (("laptop", True), ("phone", False)):
        key = make_key()
        draft = x509.CertificateSigningRequestBuilder(x509.Name([]))
        pem = key_pem(key) if is_here else b""
        request, now = draft.sign(key, hashes.SHA256()), datetime.now(UTC)
        enrol(Folder(cwd / "certs"), "anna", device, request, now, key_pem=pem)


NOTHING_THERE = without("certs")
BROWSERS = ("--store", "browsers")
"""Rows never touch the system's store: that is for tests/certs/test_trust.py."""
INIT = ("init", "--no-detect", "--name", "chat.lan")

PASSPHRASE = ("--passphrase-file", "secret")
SECRET = secret("secret", "a b c d e")
LOCK = ("lock", *PASSPHRASE)
ROTATE_ROOT, FINISH = ("rotate", "root"), ("rotate", "finish", "--force")
ROTATIONS = ((ROTATE_ROOT,), (ROTATE_ROOT, FINISH), (("rotate", "issuer"),))
LOOKS = ("status", "show", "doctor", "device list", "renew", "export bundle")
"""What is tried in a rotation of the root, after it, and after one of the issuer."""

DATA = ("--data", "data")
ADD = ("device", "add", "nino", "laptop", *DATA)
ALL = ("device", "revoke", "nino", "--all")


def _make_request(cwd: Path) -> None:
    from tests.pki.devices import make_key, make_request

    (cwd / "csr.pem").write_bytes(make_request(make_key()))


CSR: First = _make_request

ANSWERS = (
    Answered("init", INIT[1:], first=(NOTHING_THERE,)),
    Answered("init", INIT[1:]),
    Answered("init", (*INIT[1:], "--force", "--name", "8.8.4.4", "--name", "chat.example.org")),
    Answered("init", INIT[1:], first=(without("certs/live", "certs/gen"),)),
    Answered("status"),
    Answered("status", code=3, first=(without("certs/issuer-key.pem"),)),
    Answered("status", code=5, first=(holding("certs/ca.pem", "no PEM"),)),
    Answered("renew"),
    Answered("renew", ("--force", "--exec", "true")),
    Answered("renew", ("--all",)),
    Answered("renew", ("--force",), first=(without("certs/live/server.pem"),)),
    Answered("add-name", ("10.9.8.7", "მთა.local")),
    Answered("add-name", ("chat.lan",)),
    Answered("doctor"),
    Answered("doctor", ("--check",), code=3, first=(without("certs/issuer-key.pem"),)),
    Answered("invite", ("alice", *DATA)),
    Answered("invite", ("ნინო", "--uses", "3", "--expires", "7d", "--host", "::1", "--qr", *DATA)),
    Answered("device add", ADD[2:]),
    Answered("device add", (*ADD[2:], "--p12", "laptop.p12")),
    Answered("device add", ("ნინო", "ლეპტოპი", "--request", "csr.pem", *DATA), first=(CSR,)),
    Answered("device list"),
    Answered("device list", ("nino",), first=(ADD, ("device", "revoke", "nino", "laptop"))),
    Answered("device list", first=(ADD, holding("certs/crl.pem", "torn"))),
    Answered("device revoke", ("nino", "laptop", "--reason", "key-compromise"), first=(ADD,)),
    Answered("device revoke", ALL[2:], first=(ADD, ALL)),
    Answered("device revoke", ALL[2:], code=3, first=(ADD, without("certs/issuer-key.pem"))),
    Answered("verify", ("certs/live/server.pem",)),
    Answered("verify", ("certs/live/server.pem", "--host", "bank.example"), code=5),
    Answered("verify", ("certs/ca.pem",), code=5),
    Answered("verify", ("certs/devices/nino-laptop.pem", "--crl"), first=(ADD,)),
    Answered("verify", ("certs/devices/nino-laptop.pem", "--crl"), code=5, first=(ADD, ALL)),
    Answered("show"),
    Answered("show", ("certs/crl.pem",), first=(ADD, ALL)),
    Answered("show", ("certs/devices/nino-laptop.pem",), first=(ADD,)),
    Answered("show", ("certs/issuer.pem",)),
    Answered("export p12"),
    Answered("export p12", ("--passphrase-file", "secret"), first=(secret("secret", "sesame\n"),)),
    Answered("export pem"),
    Answered("export pem", ("--force",), first=(("export", "pem"),)),
    Answered("export pem", ("nino", "laptop"), first=(ADD,)),
    Answered("export p12", ("nino", "laptop"), first=(ADD,)),
    Answered("export pem", ("anna", "laptop"), first=(laptop,)),
    Answered("export p12", ("Anna", "laptop"), first=(laptop,)),
    Answered("export bundle", ("--out", "elsewhere.pem")),
    Answered("trust install", BROWSERS, first=(chromium,), needs=("certutil",)),
    Answered("trust uninstall", BROWSERS, first=(chromium,), needs=("certutil",)),
    Answered(
        "trust uninstall",
        BROWSERS,
        first=(chromium, ("trust", "install", *BROWSERS)),
        needs=("certutil",),
    ),
    Answered("rotate issuer"),
    Answered("rotate issuer", PASSPHRASE, first=(SECRET, LOCK)),
    Answered("rotate root", ("--overlap", "1w")),
    Answered("status", first=(ROTATE_ROOT,)),
    Answered("status", code=4, first=((*ROTATE_ROOT, "--overlap", "0"),)),
    Answered("rotate finish", ("--force",), first=(ROTATE_ROOT,)),
    *(Answered(verb, first=first) for verb in LOOKS for first in ROTATIONS),
    Answered("show", ("certs/new-with-old.pem",), first=(ROTATE_ROOT,)),
    Answered("verify", ("certs/live/server.pem",), first=(ROTATE_ROOT, FINISH)),
    Answered(
        "verify", ("certs/devices/nino-laptop.pem",), code=5, first=(ADD, ROTATE_ROOT, FINISH)
    ),
    Answered("device revoke", ALL[2:], first=(ADD, ROTATE_ROOT, FINISH)),
    Answered("export pem", ("nino", "laptop"), first=(ADD, ROTATE_ROOT, FINISH)),
    Answered("lock", PASSPHRASE, first=(SECRET, ROTATE_ROOT)),
    Answered("lock", PASSPHRASE, first=(SECRET,)),
    Answered("lock", first=(SECRET, LOCK)),
    Answered("unlock", PASSPHRASE, first=(SECRET, LOCK)),
    Answered("unlock"),
)

ERRORS = (
    Refused(
        "invite",
        ("alice", *DATA),
        3,
        names="certs/issuer-key.pem",
        rule="without an issuer no device can be given a certificate",
        mend="xchat-certs init",
        first=(without("certs/issuer-key.pem"),),
    ),
    Refused(
        "invite",
        ("alice", "--host", "bank.example", *DATA),
        3,
        names="certs/live/server.pem",
        rule="is not for bank.example",
        mend="xchat-certs add-name",
    ),
    Refused(
        "invite",
        ("a b", *DATA),
        2,
        names="A name",
        rule="cannot hold a space",
        mend="xchat-certs invite --help",
    ),
    Refused(
        "invite",
        ("alice", "--data", "file"),
        1,
        names="file",
        rule="is a file, not a folder",
        mend="",
        first=(holding("file", ""),),
    ),
    Refused(
        "init",
        ("--no-detect", "--name", "chat.example.org"),
        3,
        names="certs is not as asked",
        rule="its CA may not name chat.example.org",
        mend="xchat-certs init --force",
    ),
    Refused(
        "init",
        ("--name", "chat_lan"),
        2,
        names="'chat_lan'",
        rule="neither a host name nor an address",
        mend="as in chat.lan",
    ),
    Refused(
        "init",
        ("--no-detect", "--passphrase-file", "none"),
        3,
        names="none",
        rule="there is no such file",
        mend="xchat-certs init --help",
    ),
    Refused(
        "init",
        INIT[1:],
        3,
        names="certs/ca.pem",
        rule="is missing",
        mend="xchat-certs init --force",
        first=(without("certs/ca.pem"),),
    ),
    Refused(
        "status",
        (),
        3,
        names="certs",
        rule="there are no certificates",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "renew",
        (),
        3,
        names="certs/live/server.pem",
        rule="there is no such file",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "renew",
        (),
        5,
        names="certs/live/server.pem",
        rule="holds no certificate that can be read",
        mend="xchat-certs status",
        first=(holding("certs/live/server.pem", "no PEM"),),
    ),
    Refused(
        "renew",
        ("--force",),
        3,
        names="certs/issuer-key.pem",
        rule="there is no such file",
        mend="xchat-certs status",
        first=(without("certs/issuer-key.pem"),),
    ),
    Refused(
        "renew",
        ("--force", "--exec", "false"),
        1,
        names="false ended with 1",
        rule="what was to be made is made",
        mend="Run it yourself: false",
    ),
    Refused(
        "renew",
        ("--exec", "'"),
        2,
        names="--exec",
        rule="No closing quotation",
        mend="Close what you quote",
    ),
    Refused(
        "add-name",
        ("chat.lan", "chat.example.org"),
        3,
        names="certs/issuer.pem",
        rule="may not name chat.example.org",
        mend="xchat-certs init --force --name chat.lan --name chat.example.org",
    ),
    Refused(
        "add-name",
        ("chat_lan",),
        2,
        names="'chat_lan'",
        rule="neither a host name nor an address",
        mend="as in chat.lan",
    ),
    Refused(
        "doctor",
        (),
        3,
        names="certs",
        rule="there are no certificates",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "device add",
        ADD[2:],
        3,
        names="nino",
        rule="has a device laptop, until",
        mend="xchat-certs device add nino laptop-2",
        first=(ADD,),
    ),
    Refused(
        "device add",
        ("nino", "../../etc/passwd"),
        2,
        names="'../../etc/passwd'",
        rule="it cannot hold '/'",
        mend="laptop, phone-2",
    ),
    Refused(
        "device add",
        ("a b", "laptop"),
        2,
        names="'a b'",
        rule="cannot hold a space",
        mend="An account is called as its nick: alice",
    ),
    Refused(
        "device add",
        ("NickServ", "laptop", *DATA),
        3,
        names="NickServ",
        rule="The name is kept for",
        mend="xchat-admin --data data user list",
    ),
    Refused(
        "device add",
        ("nino", "laptop", "--request", "csr.pem"),
        5,
        names="csr.pem",
        rule="holds no certificate signing request",
        mend="openssl req -new",
        first=(holding("csr.pem", "no PEM"),),
    ),
    Refused(
        "device add",
        ("nino", "laptop", "--request", "csr.pem", "--p12", "x.p12"),
        2,
        names="--request",
        rule="its key is not here",
        mend="xchat-certs device add --help",
    ),
    Refused(
        "device add",
        ("nino", "laptop", "--p12", "x.p12"),
        3,
        names="x.p12",
        rule="is there already",
        mend="--p12 FILE",
        first=(holding("x.p12", ""),),
    ),
    Refused(
        "device add",
        ADD[2:],
        3,
        names="certs",
        rule="there are no certificates",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "device list",
        (),
        3,
        names="certs",
        rule="there are no certificates",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "device list",
        (),
        3,
        names="certs/devices.json",
        rule="is no table of devices",
        mend="xchat-certs doctor",
        first=(holding("certs/devices.json", "torn"),),
    ),
    Refused(
        "device revoke",
        ("nino", "phone"),
        3,
        names="nino has no device phone",
        rule="in force, but laptop",
        mend="xchat-certs device list",
        first=(ADD,),
    ),
    Refused(
        "device revoke",
        ("nino",),
        2,
        names="nino",
        rule="which device of nino? Or --all",
        mend="xchat-certs device list nino",
    ),
    Refused(
        "verify",
        ("none.pem",),
        3,
        names="none.pem",
        rule="there is no such file",
        mend="xchat-certs verify --help",
    ),
    Refused(
        "verify",
        ("certs/live/server-key.pem",),
        5,
        names="certs/live/server-key.pem",
        rule="holds no certificate that can be read",
        mend="xchat-certs verify --help",
    ),
    Refused(
        "verify",
        ("certs/live/server.pem", "--ca", "none.pem"),
        3,
        names="none.pem",
        rule="there is no such file",
        mend="--ca FILE",
    ),
    Refused(
        "show",
        ("127.0.0.1:1",),
        1,
        names="127.0.0.1:1",
        rule="cannot be reached",
        mend="compare host and port",
    ),
    Refused(
        "show",
        ("certs/crl.pem",),
        5,
        names="certs/crl.pem",
        rule="it is cut short",
        mend="xchat-certs doctor",
        first=(holding("certs/crl.pem", "-----BEGIN X509 CRL-----"),),
    ),
    Refused(
        "show",
        (),
        3,
        names="certs",
        rule="there are no certificates",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "export p12",
        (),
        3,
        names="xchat-server.p12",
        rule="is there already",
        mend="xchat-certs export p12 --out xchat-server.p12 --force",
        first=(("export", "p12"),),
    ),
    Refused(
        "export p12",
        ("--passphrase-file", "secret"),
        2,
        names="a passphrase of PKCS#12",
        rule="signs of ASCII",
        mend="leave --passphrase-file out",
        first=(secret("secret", "სეზამი"),),
    ),
    Refused(
        "export pem",
        (),
        5,
        names="certs/live/server-key.pem",
        rule="is not the key to certs/live/server.pem",
        mend="xchat-certs status",
        first=(replaced("certs/live/server-key.pem", "certs/issuer-key.pem"),),
    ),
    Refused(
        "export pem",
        ("anna", "phone"),
        3,
        names="certs/devices/anna-phone.pem",
        rule="holds no key",
        mend="xchat-certs device add anna phone-2",
        first=(laptop,),
    ),
    Refused(
        "export p12",
        ("nino", "laptop"),
        3,
        names="certs/devices.json",
        rule="nino has no device laptop",
        mend="xchat-certs device list nino",
    ),
    Refused(
        "export pem",
        ("anna",),
        2,
        names="anna",
        rule="which device",
        mend="xchat-certs device list",
    ),
    Refused(
        "export pem",
        ("--out", "none/there.pem"),
        1,
        names="none",
        rule="No such file or directory",
        mend="ls -ld",
    ),
    Refused(
        "export bundle",
        (),
        3,
        names="certs/ca.pem",
        rule="there is no such file",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "trust install",
        ("certs/live/server.pem",),
        5,
        names="certs/live/server.pem",
        rule="only a root can be trusted",
        mend="xchat-certs trust install FILE",
    ),
    Refused(
        "trust install",
        ("none.pem",),
        3,
        names="none.pem",
        rule="there is no such file",
        mend="xchat-certs trust install FILE",
    ),
    Refused(
        "trust install",
        BROWSERS,
        3,
        names="this machine",
        rule="has no trust store that we know (browsers)",
        mend="Give certs/ca.pem to each program",
    ),
    Refused(
        "trust uninstall",
        (*BROWSERS, "--fingerprint", "12:AB"),
        2,
        names="12:AB",
        rule="64 hexadecimal digits",
        mend="xchat-certs show ca.pem",
    ),
    Refused(
        "trust uninstall",
        (*BROWSERS, "none.pem"),
        3,
        names="none.pem",
        rule="there is no such file",
        mend="xchat-certs trust uninstall --fingerprint",
    ),
    Refused(
        "rotate issuer",
        (),
        3,
        names="certs/root-key.pem is not here",
        rule="only the root's key can sign that",
        mend="--root-key FILE",
        first=(without("certs/root-key.pem"),),
    ),
    Refused(
        "rotate issuer",
        ("--root-key", "certs/issuer-key.pem"),
        5,
        names="certs/issuer-key.pem",
        rule="is not the key to the root in certs/ca.pem",
        mend="xchat-certs status",
    ),
    Refused(
        "rotate issuer",
        (),
        6,
        names="certs/root-key.pem is locked",
        rule="there is no terminal to ask for its passphrase",
        mend="--passphrase-file FILE",
        first=(SECRET, LOCK),
    ),
    Refused(
        "rotate root",
        ("--passphrase-file", "wrong"),
        6,
        names="certs/root-key.pem",
        rule="does not open with this passphrase",
        mend="Try again",
        first=(SECRET, LOCK, secret("wrong", "a b c d f")),
    ),
    Refused(
        "rotate root",
        ("--overlap", "ten years"),
        2,
        names="--overlap ten years",
        rule="no time of 365 days at most",
        mend="--overlap 30d",
    ),
    Refused(
        "rotate root",
        (),
        3,
        names="certs",
        rule="is being rotated since",
        mend="xchat-certs status",
        first=(ROTATE_ROOT,),
    ),
    Refused(
        "rotate root",
        (),
        3,
        names="certs/ca.pem",
        rule="there is no such file",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "rotate finish",
        (),
        3,
        names="certs",
        rule="no rotation of the root is under way",
        mend="xchat-certs rotate root",
    ),
    Refused(
        "rotate finish",
        (),
        3,
        names="certs/next",
        rule="both roots are trusted until",
        mend="xchat-certs rotate finish --force",
        first=(ROTATE_ROOT,),
    ),
    Refused(
        "lock",
        (),
        2,
        names="there is no terminal",
        rule="to ask for a passphrase",
        mend="--passphrase-file FILE",
    ),
    Refused(
        "lock",
        PASSPHRASE,
        3,
        names="certs/root-key.pem",
        rule="is not here",
        mend="cp FILE certs/root-key.pem",
        first=(without("certs/root-key.pem"),),
    ),
    Refused(
        "lock",
        PASSPHRASE,
        3,
        names="certs",
        rule="there are no certificates",
        mend="xchat-certs init",
        first=(NOTHING_THERE,),
    ),
    Refused(
        "unlock",
        ("--passphrase-file", "wrong"),
        6,
        names="certs/root-key.pem",
        rule="does not open with this passphrase",
        mend="Try again",
        first=(SECRET, LOCK, secret("wrong", "a b c d f")),
    ),
    Refused(
        "unlock",
        (),
        6,
        names="certs/root-key.pem is locked",
        rule="there is no terminal to ask for its passphrase",
        mend="--passphrase-file FILE",
        first=(SECRET, LOCK),
    ),
)
