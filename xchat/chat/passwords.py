"""Passwords: what one may be, and what is kept of it; pure, slow, and silent about what it sees.

A password is prepared as RFC 8265 (OpaqueString) says: other spaces become
spaces and the text is normalized (NFC), so that it is the same typed on any
keyboard; control characters, and what Unicode does not know, are refused. What is
kept is an argon2id hash, and the keys of SCRAM-SHA-256 in the form of RFC
5803, both made at once: who has them still has no password. SCRAM's clients
prepare by SASLprep (RFC 5802, 2.2), which comes to the same for what it allows;
where it allows less (characters that are younger than it) the bytes count as they are.

Salts are drawn here. The packages are imported late: they cost a tenth of a second.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from xchat.config.settings import Accounts
from xchat.limits import PASSWORD_BYTES_MAX

if TYPE_CHECKING:
    from argon2 import PasswordHasher
    from precis_i18n.profile import Profile

SCRAM = "SCRAM-SHA-256"
SALT_BYTES = 16
NO_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What no password fits, and takes as long to compare: so nobody learns which names there are."""


class BadPassword(ValueError):  # noqa: N818 - says what is wrong, as BadName does
    """A text that cannot be a password; `why` says the rule in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Cost(NamedTuple):
    """What hashing takes: memory in KiB, passes over it, and rounds of SCRAM."""

    memory_kib: int
    passes: int
    scram_iterations: int


class Credentials(msgspec.Struct, frozen=True):
    """What is kept of a password; both are text."""

    password: str
    scram: str

    def __repr__(self) -> str:
        """Show nothing: a traceback is no place for them."""
        return "<credentials>"


class Checked(NamedTuple):
    """Whether a password is right, and its credentials anew where they cost otherwise now."""

    is_right: bool
    renewed: Credentials | None = None


class ScramKeys(NamedTuple):
    """What a SCRAM exchange needs, in the order in which scramp takes it."""

    salt: bytes
    stored_key: bytes
    server_key: bytes
    iterations: int


def cost_of(accounts: Accounts) -> Cost:
    """Return what hashing takes by the settings."""
    return Cost(accounts.argon2_memory_kib, accounts.argon2_passes, accounts.scram_iterations)


def prepare(password: str) -> str:
    """Return a password as it is compared (RFC 8265, 4.2); raises BadPassword."""
    size = len(password.encode(errors="replace"))
    if size > PASSWORD_BYTES_MAX:
        raise BadPassword(f"A password has at most {PASSWORD_BYTES_MAX} bytes, this one has {size}")
    if not password:
        raise BadPassword("A password cannot be empty")
    try:
        return _profile().enforce(password)
    except UnicodeEncodeError:
        why = "A password cannot hold control characters, or characters that Unicode does not know"
        raise BadPassword(why) from None


@cache
def _profile() -> Profile:
    from precis_i18n import get_profile

    return get_profile("OpaqueString")


@cache
def _hasher(cost: Cost) -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)


def hash_password(password: str, *, memory_kib: int, passes: int) -> str:
    """Return an argon2id hash of any text, its cost and a salt of its own included; slow."""
    return _hasher(Cost(memory_kib, passes, 0)).hash(password)


def verify(stored: str, password: str) -> bool:
    """Say whether a password is the one that was hashed; slow. To what is no hash, none is."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(stored.strip(), password)
    except (InvalidHashError, VerificationError):
        return False


def make(password: str, cost: Cost) -> Credentials:
    """Return the credentials of a password that was prepared; slow."""
    return Credentials(_hasher(cost).hash(password), _make_scram(password, cost.scram_iterations))


def check(password: str, hashed: str | None, scram: str | None, cost: Cost) -> Checked:
    """Compare a prepared password with what is kept; slow, and as slow where nothing is."""
    if hashed is None:
        _hasher(cost).hash(password)
        return Checked(is_right=False)
    if not verify(hashed, password):
        return Checked(is_right=False)
    is_dated = _hasher(cost).check_needs_rehash(hashed)
    if is_dated or not scram or scram_keys(scram).iterations != cost.scram_iterations:
        return Checked(is_right=True, renewed=make(password, cost))
    return Checked(is_right=True)


# -- SCRAM ------------------------------------------------------------------------------------


def _make_scram(password: str, iterations: int) -> str:
    salt = secrets.token_bytes(SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", _saslprep(password), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"{SCRAM}${iterations}:{_base64(salt)}${_base64(stored)}:{_base64(server)}"


def _saslprep(password: str) -> bytes:
    from scramp.utils import ScramException, saslprep

    try:
        prepared: str = saslprep(password)
    except ScramException:
        prepared = password
    return prepared.encode()


def scram_keys(scram: str) -> ScramKeys:
    """Read what `make` wrote (RFC 5803)."""
    _, costs, keys = scram.split("$")
    iterations, _, salt = costs.partition(":")
    stored, _, server = keys.partition(":")
    return ScramKeys(b64decode(salt), b64decode(stored), b64decode(server), int(iterations))


def no_keys(name: str, secret: bytes, cost: Cost) -> ScramKeys:
    """Return keys for an account there is none of: the same each time, and no password fits."""
    salt = hmac.digest(secret, name.encode(errors="replace"), "sha256")[:SALT_BYTES]
    return ScramKeys(salt, bytes(32), bytes(32), cost.scram_iterations)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
