"""Passwords: hashed with argon2id (RFC 9106), compared with what is stored.

Both take long, and are done beside the loop (`Hub.work`); nothing here reads or keeps anything.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

NO_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What no password fits, and takes as long to compare: so nobody learns which names there are."""


def hash_password(password: str, *, memory_kib: int, passes: int) -> str:
    """Return a hash to be stored, its cost and a salt of its own included."""
    hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
    return hasher.hash(password)


def verify(stored: str, password: str) -> bool:
    """Say whether a password is the one that was hashed; to what is no hash, none is."""
    try:
        return PasswordHasher().verify(stored.strip(), password)
    except (InvalidHashError, VerificationError):
        return False
