"""A server with operators, for the tests of what they type."""

from __future__ import annotations

from msgspec.structs import replace

from tests.chat.pair import Client
from xchat.chat.passwords import hash_password
from xchat.config import Config
from xchat.config.settings import Operator

HASH = hash_password("right", memory_kib=8, passes=1)
CONFIG = replace(Config(), operators=(Operator(name="root", password_hash=HASH),))


def operator(client: Client) -> Client:
    """Make a client an operator."""
    assert client.ask("OPER root right")[0] == f"381 {client.nick} :You are now an IRC operator"
    return client
