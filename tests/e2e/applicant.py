"""Who comes to enrol (`pki/invite/enrolment.py`): over real TLS, one question and one answer."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from xchat.chat.tokens import Token
from xchat.pki.invite.enrolment import ALPN
from xchat.pki.mint.keys import PrivateKey, key_pem, make_key
from xchat.pki.mint.request import make_request

ANSWER_SECONDS_MAX = 40.0


class Applicant:
    """A device with its key, and, once it has one, its certificate in `folder`."""

    def __init__(self, port: int, ca: Path, folder: Path | None = None) -> None:
        self.port = port
        self.ca = ca
        self.key: PrivateKey = make_key()
        self.folder = folder
        self.certificate: Path | None = None

    def connect(self, *protocols: str) -> ssl.SSLSocket:
        """Return a verified connection that has said nothing yet."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.set_alpn_protocols(list(protocols or (ALPN,)))
        if self.certificate is not None:
            context.load_cert_chain(self.certificate)
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=ANSWER_SECONDS_MAX)
        return context.wrap_socket(plain, server_hostname="localhost")

    def ask(self, **question: object) -> dict[str, Any]:
        """Ask, and return the answer; what a refusal says stands under its code."""
        return self.say(msgspec.json.encode(question) + b"\n")

    def say(self, data: bytes) -> dict[str, Any]:
        """Say whatever bytes, and return the answer, after which nothing comes."""
        with self.connect() as connection:
            connection.sendall(data)
            return read_answer(connection)

    def redeem(self, token: Token | str, device: str = "laptop") -> dict[str, Any]:
        text = token if isinstance(token, str) else token.text
        answer = self.ask(ask="redeem", token=text, request=self.request, device=device)
        self.keep(answer)
        return answer

    def renew(self) -> dict[str, Any]:
        answer = self.ask(ask="renew", request=self.request)
        self.keep(answer)
        return answer

    @property
    def request(self) -> str:
        return make_request(self.key).decode()

    def keep(self, answer: dict[str, Any]) -> None:
        """Keep a certificate, so that it is shown from now on."""
        if self.folder is not None and "certificate" in answer:
            self.certificate = self.folder / "device.pem"
            self.certificate.write_bytes(key_pem(self.key) + answer["certificate"].encode())


def read_answer(connection: ssl.SSLSocket) -> dict[str, Any]:
    """Return the one line that is told, which is all there is."""
    told = b""
    while data := connection.recv(65_536):
        told += data
    assert told.count(b"\n") == 1, told
    answer: dict[str, Any] = msgspec.json.decode(told)
    return answer


def code_of(answer: dict[str, Any]) -> str:
    """Return the code of a refusal; nothing where it is none."""
    return str(answer["refused"]["code"]) if "refused" in answer else ""


def codes_of(answers: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(map(code_of, answers))
