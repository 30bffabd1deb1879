"""Clients that log in: a server on which hashing costs nothing, and what a client would send."""

from __future__ import annotations

from base64 import b64decode, b64encode

from scramp import ScramClient

from tests.chat.pair import Client, Server
from xchat.chat import passwords
from xchat.chat.entities import Account
from xchat.chat.events import AccountRegistered
from xchat.config import Config
from xchat.config.settings import Accounts

CHEAP = Accounts(argon2_memory_kib=8, argon2_passes=1, scram_iterations=4096)
CONFIG = Config(accounts=CHEAP)
PASSWORD = "sesame"


def add_account(server: Server, name: str, password: str = PASSWORD, **fields: object) -> Account:
    """Let there be an account with a password."""
    made = passwords.make(passwords.prepare(password), passwords.cost_of(CHEAP))
    event = AccountRegistered(name=name, password=made.password, scram=made.scram, **fields)  # type: ignore[arg-type]
    server.hub.ledger.append_own("", event)
    server.run()
    account = server.hub.state.account_named(name)
    assert account is not None
    return account


def negotiating(server: Server, *caps: str, exempt: bool = True) -> Client:
    """Return a connection that has asked for sasl and not registered yet."""
    client = server.connect(exempt=exempt)
    client.ask("CAP LS 302", f"CAP REQ :{' '.join(('sasl', *caps))}")
    return client


def plain_message(name: str, password: str = PASSWORD, authzid: str = "") -> str:
    """Return what PLAIN sends, as base64."""
    return encode(f"{authzid}\0{name}\0{password}")


def encode(text: str | bytes) -> str:
    """Return base64 of a message."""
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def log_in(client: Client, name: str, password: str = PASSWORD) -> list[str]:
    """Log in by PLAIN; return what came of it."""
    assert client.ask("AUTHENTICATE PLAIN") == ["AUTHENTICATE +"]
    return client.ask(f"AUTHENTICATE {plain_message(name, password)}")


class Scram:
    """The client's half of a SCRAM-SHA-256 exchange."""

    def __init__(self, client: Client, name: str, password: str = PASSWORD) -> None:
        self.client = client
        self.half = ScramClient(["SCRAM-SHA-256"], name, password)

    def first(self) -> None:
        """Send the first message, and take the server's."""
        assert self.client.ask("AUTHENTICATE SCRAM-SHA-256") == ["AUTHENTICATE +"]
        (challenge,) = self.client.read(f"AUTHENTICATE {encode(self.half.get_client_first())}")
        assert challenge.command == "AUTHENTICATE"
        self.half.set_server_first(b64decode(challenge.params[0]).decode())

    def final(self) -> list[str]:
        """Send the final message; return what came of it."""
        return self.client.ask(f"AUTHENTICATE {encode(self.half.get_client_final())}")

    def verify(self, answer: str) -> list[str]:
        """Check that the server knows the password too, and end the exchange."""
        self.half.set_server_final(b64decode(answer.removeprefix("AUTHENTICATE ")).decode())
        return self.client.ask("AUTHENTICATE +")
