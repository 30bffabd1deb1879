"""Clients over real sockets and TLS: who may talk, in which order, and how it ends."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from tests.e2e.conftest import UNLIMITED, MakeClient, MakeServer, trustme_pki
from tests.e2e.history import CAPS, live
from tests.e2e.programs import STOP_SECONDS_MAX, Pki, Server
from tests.e2e.raw import RawClient, trusting

THREE_SCRIPTS = ("Hello", "გამარჯობა", "👋🏽 🇬🇪 👨‍👩‍👧")


def test_two_people_talk_over_verified_tls(make_server: MakeServer, pki: Pki) -> None:
    server = make_server(pki=pki)
    with (
        RawClient.join(server.port, pki.ca, "nino", "#lobby") as nino,
        RawClient.join(server.port, pki.ca, "anna", "#lobby") as anna,
    ):
        nino.wait(r"^:anna!\S+ JOIN :?#lobby")
        for text in THREE_SCRIPTS:
            nino.send(f"PRIVMSG #lobby :{text}")
            anna.wait(rf"^:nino!\S+ PRIVMSG #lobby :?{text}$")
            anna.send(f"PRIVMSG #lobby :{text}, nino")
            nino.wait(rf"^:anna!\S+ PRIVMSG #lobby :?{text}, nino$")
        anna.send("QUIT :bye")
        nino.wait(r"^:anna!\S+ QUIT ")


def test_tls_1_3_is_spoken_and_nothing_older(server: Server) -> None:
    """P10: "TLS 1.3 (1.2 only when asked for)"."""
    with RawClient.connect(server.port, server.ca) as client:
        assert client.sock.version() == "TLSv1.3"
    old = trusting(server.ca)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refusal(server.port, old) is not None


def test_tls_1_2_is_spoken_when_asked_for(make_server: MakeServer) -> None:
    server = make_server('tls.min_version="1.2"')
    old = trusting(server.ca)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    assert refusal(server.port, old) is None


def refusal(port: int, context: ssl.SSLContext, name: str = "localhost") -> ssl.SSLError | None:
    """Return why a handshake failed, or None where it did not."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        try:
            context.wrap_socket(sock, server_hostname=name).close()
        except ssl.SSLError as error:
            return error
    return None


def test_another_ca_is_not_believed(server: Server, other_pki: Pki) -> None:
    error = refusal(server.port, trusting(other_pki.ca))
    assert isinstance(error, ssl.SSLCertVerificationError)


def test_another_name_is_not_believed(server: Server) -> None:
    error = refusal(server.port, trusting(server.ca), name="chat.example.com")
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert "match" in error.verify_message


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_loopback_is_in_the_certificate_of_init(server: Server, name: str) -> None:
    with RawClient.connect(server.port, server.ca, name=name) as client:
        client.register("nino")


def test_everyone_sees_one_order(server: Server, join: MakeClient) -> None:
    """ "One order. Everyone sees a channel's messages in one order." """
    people = [join(f"person{i}", "#lobby", caps=CAPS) for i in range(4)]
    for number in range(50):
        for person in people:
            person.send(f"PRIVMSG #lobby :{person.nick} {number}")
    for person in people:
        for other in people:
            person.read_up_to = 0
            person.wait(f"PRIVMSG #lobby :?{other.nick} 49$")
    first, *others = [live(person, "#lobby") for person in people]
    assert len(first) == 50 * len(people)
    assert all(other == first for other in others)


def test_sigterm_tells_clients_and_ends_within_five_seconds(make_server: MakeServer) -> None:
    """ "SIGTERM and SIGINT: clients told, log closed, out within 5 s." """
    server = make_server(UNLIMITED)
    crowd = [RawClient.join(server.port, server.ca, f"person{i}", "#lobby") for i in range(20)]
    assert server.stop() <= STOP_SECONDS_MAX
    for person in crowd:
        with person:
            assert any("ERROR :" in line for line in person.read_to_the_end())


def test_sigterm_does_not_wait_for_those_who_never_read(make_server: MakeServer) -> None:
    server = make_server(UNLIMITED)
    with (
        RawClient.join(server.port, server.ca, "nino", "#lobby") as nino,
        RawClient.join(server.port, server.ca, "deaf", "#lobby"),
    ):
        nino.send(*[f"PRIVMSG #lobby :{'x' * 400}" for _ in range(800)], "PING done")
        nino.wait("PONG .*done")
        assert server.stop() <= STOP_SECONDS_MAX


def test_a_server_with_nobody_there_ends_at_once(make_server: MakeServer) -> None:
    assert make_server().stop() < STOP_SECONDS_MAX / 2


def test_a_certificate_for_another_host_is_refused(make_server: MakeServer, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    pki = trustme_pki(folder, "chat.example.com")
    server = make_server(pki=pki)
    error = refusal(server.port, trusting(pki.ca))
    assert isinstance(error, ssl.SSLCertVerificationError)
