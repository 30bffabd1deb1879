"""Logging in to an account, before we are let in (IRCv3 SASL).

By certificate (EXTERNAL) where we show one and have no password, else by
SCRAM-SHA-256, else PLAIN.

By SCRAM the server is not told the password, and has to show that it knows what
is kept of it. Where an account was named nobody goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from xchat.chat.sasl import Exchange, chunks_of
from xchat.client.session.events import EntryRefused, ServerSaid
from xchat.client.session.state import Identity, Phase, State
from xchat.irc.message import Message

SASL, EXTERNAL, SCRAM, PLAIN = "sasl", "EXTERNAL", "SCRAM-SHA-256", "PLAIN"
LOGIN_REFUSED = "LOGIN"
"""The code of EntryRefused where it is the account that is refused."""

Steps = Generator[bytes, bytes, None]


class Login:
    """One login, by the best mechanism that the server has."""

    def __init__(self, identity: Identity, offered: str) -> None:
        self.mechanism = _best(identity, offered.split(","))
        self._steps = _STEPS[self.mechanism](identity)
        self._exchange = Exchange(self.mechanism)
        self._begun = False

    def answer(self, chunk: str) -> list[str]:
        """Take a chunk; return those to send. Raises ValueError for what the server may not say."""
        message = self._exchange.feed(chunk)
        if message is None:
            return []
        begun, self._begun = self._begun, True
        try:
            return chunks_of(self._steps.send(message) if begun else next(self._steps))
        except StopIteration:
            raise ValueError("the server asks for more than there is") from None


def _best(identity: Identity, offered: Sequence[str]) -> str:
    if identity.certified and not identity.account_password:
        return EXTERNAL
    return SCRAM if SCRAM in offered else PLAIN


def _external(identity: Identity) -> Steps:
    """Say as whom: the certificate itself was shown in the handshake (RFC 4422, A)."""
    yield identity.account.encode()


def _plain(identity: Identity) -> Steps:
    yield f"\0{identity.account}\0{identity.account_password}".encode()


def _scram(identity: Identity) -> Steps:
    from scramp import ScramClient, ScramException

    try:
        client = ScramClient([SCRAM], identity.account, identity.account_password)
        client.set_server_first((yield client.get_client_first().encode()).decode())
        client.set_server_final((yield client.get_client_final().encode()).decode())
    except ScramException as error:
        raise ValueError(f"the server does not know the account as we do ({error})") from error
    yield b""


_STEPS: dict[str, Callable[[Identity], Steps]] = {
    EXTERNAL: _external,
    SCRAM: _scram,
    PLAIN: _plain,
}


def maybe_begin(state: State) -> None:
    """Begin once the server has switched it on; go no further where it never will."""
    if not state.identity.logs_in or state.login is not None:
        return
    if SASL in state.caps:
        state.login = Login(state.identity, state.caps.offered.get(SASL, ""))
        state.send("AUTHENTICATE", state.login.mechanism)
    elif state.caps.is_settled:
        refuse(state, "this server has no accounts to log in to")


def on_authenticate(state: State, message: Message) -> None:
    """AUTHENTICATE: go on."""
    if state.login is None:
        return
    try:
        chunks = state.login.answer(message.params[0])
    except ValueError as error:
        state.send("AUTHENTICATE", "*")
        refuse(state, str(error))
        return
    for chunk in chunks:
        state.send("AUTHENTICATE", chunk)


def on_logged_in(state: State, message: Message) -> None:
    """900: under which account."""
    state.emit(ServerSaid(code="900", words=message.params[-1]))


def on_success(state: State, _message: Message) -> None:
    """903: we are logged in, and may end the negotiation."""
    for words in state.caps.release():
        state.send("CAP", *words)


def on_failure(state: State, message: Message) -> None:
    """902, 904, 905: we are not."""
    if state.login is not None and state.phase is Phase.REGISTERING:
        refuse(state, message.params[-1])


def check_welcome(state: State) -> None:
    """Stay away where we were let in without our account: the server knows none."""
    if state.caps.is_holding:
        refuse(state, "this server let us in without logging us in")


def on_account_required(state: State, message: Message) -> None:
    """FAIL * ACCOUNT_REQUIRED: only people with an account may come in."""
    state.emit(EntryRefused(code=message.params[1], words=message.params[-1], permanent=True))


def refuse(state: State, words: str) -> None:
    """Say why there is no way in, and go no further."""
    state.emit(EntryRefused(code=LOGIN_REFUSED, words=words, permanent=True))
