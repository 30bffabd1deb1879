"""The connections of a server: how each comes in, is looked after, and goes."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import time
import weakref
from collections.abc import Callable

import pytest

from tests.server.house import Guest, House, assert_empty, config_of
from tests.server.libssl import LibsslClient
from xchat.config import Config
from xchat.config.settings import Server
from xchat.limits import SILENT_CIPHERTEXT_BYTES_MAX, Limits
from xchat.server import connection as connection_module
from xchat.server.connection import Connection, Phase

MakeHouse = Callable[..., House]
FREE = ("127.0.0.0/8",)
PING_SECONDS_CEILING = 1.0
"""P5: PING p99 at most 100 ms, or ten times that on a busy machine."""


# -- coming in ------------------------------------------------------------------------------------


def test_who_joins_and_leaves_is_in_the_journal(make_house: MakeHouse) -> None:
    house = make_house()
    ana = house.join("ana")
    (joined,) = house.recorded("joined")
    assert (joined["nick"], joined["address"], joined["tls"]) == ("ana", "127.0.0.1", "TLSv1.3")
    ana.say("QUIT :off to bed")
    house.until(lambda: ana.end, "the end")
    (left,) = house.recorded("left", nick="ana")
    assert left["address"] == "127.0.0.1"
    assert_empty(house)


def test_the_journal_has_no_words_and_no_secrets(make_house: MakeHouse) -> None:
    """ "never message text or secrets" """
    house = make_house(config=Config(server=Server(password="sesame-open")))
    ana = house.encrypt()
    ana.say("PASS sesame-open")
    ana.log_in("ana")
    house.until(lambda: ana.said(" 422 "), "the welcome")
    ana.say("JOIN #a", "PRIVMSG #a :between-us", "TOPIC #a :our-topic", "QUIT :last-words")
    wrong = house.encrypt()
    wrong.say("PASS sesame-shut")
    wrong.log_in("ben")
    house.until(lambda: ana.end and wrong.end, "both ends")
    text = house._journal.getvalue()
    for secret in ("sesame", "between-us", "our-topic", "last-words"):
        assert secret not in text
    assert house.recorded("left", nick="ana", reason="quit")


def test_a_forgotten_password_is_a_refusal_and_no_abuse(make_house: MakeHouse) -> None:
    """ "records starts, joins, leaves, refusals and abuse" """
    house = make_house(config=Config(server=Server(password="sesame-open")))
    for words in ((), ("PASS sesame-shut",)):
        guest = house.encrypt()
        guest.say(*words)
        guest.log_in("ana")
        house.until(lambda guest=guest: guest.end, "the end")  # type: ignore[misc]
    (refused,) = house.recorded("refused", kind="not registered", level="info")
    assert "asks for a password" in refused["reason"]
    assert not house.recorded("abuse")


def test_to_hold_a_place_by_negotiating_is_abuse(make_house: MakeHouse) -> None:
    """Nick and user are said, but capabilities are negotiated for ever."""
    house = make_house(registration_seconds_max=0.4)
    guest = house.encrypt()
    guest.say("CAP LS 302")
    guest.log_in("ana")
    house.until(lambda: guest.end, "the end")
    assert house.recorded("abuse", kind="not registered")
    assert not house.recorded("refused")


def test_to_give_up_before_registering_leaves_no_words(make_house: MakeHouse) -> None:
    house = make_house()
    guest = house.encrypt()
    guest.say("QUIT :between-us")
    house.until(lambda: guest.end, "the end")
    assert house.recorded("abuse", kind="not registered", reason="quit")
    assert "between-us" not in house._journal.getvalue()


def test_plain_text_on_the_port_is_hung_up_on_and_said_once(make_house: MakeHouse) -> None:
    """P10: "nothing in the clear"; "not one line for each repeated abuse" """
    house = make_house()
    for _ in range(5):
        sock = socket.create_connection(("127.0.0.1", house.port))
        sock.sendall(b"NICK ana\r\nUSER ana 0 * :Ana\r\n")
        answer = until_closed(house, sock)
        assert b"ERROR" not in answer
        assert len(answer) <= 7, "an alert at most"
    (entry,) = house.recorded("abuse", kind="bad TLS")
    assert entry["why"]
    assert_empty(house)


def until_closed(house: House, sock: socket.socket) -> bytes:
    """Return what came until the server hung up."""
    sock.setblocking(False)
    got = [b""]

    def closed() -> bool:
        try:
            data = sock.recv(65_536)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        got.append(data)
        return not data

    house.until(closed, "the server hangs up")
    sock.close()
    return b"".join(got)


def test_who_speaks_an_older_tls_is_told_so(make_house: MakeHouse) -> None:
    house = make_house()
    house.trust = ssl.create_default_context()
    house.trust.maximum_version = ssl.TLSVersion.TLSv1_2
    guest = house.encrypt()
    assert guest.end == "TLSV1_ALERT_PROTOCOL_VERSION"
    assert house.recorded("abuse", kind="bad TLS", why="UNSUPPORTED_PROTOCOL")
    assert_empty(house)


def test_who_does_not_trust_us_is_named_in_the_journal(make_house: MakeHouse) -> None:
    house = make_house()
    house.trust = ssl.create_default_context()
    guest = house.connect()
    guest.hangs_up = False
    guest.tls.handshake()
    house.until(lambda: guest.end, "it refuses us")
    guest.sock.sendall(guest.tls.take())
    assert guest.end == "CERTIFICATE_VERIFY_FAILED"
    house.until(
        lambda: house.recorded("abuse", kind="bad TLS", why="TLSV1_ALERT_UNKNOWN_CA"), "the journal"
    )


def mute(guest: Guest) -> None:
    """Says nothing."""


def half_a_hello(guest: Guest) -> None:
    """Begins a handshake and stops."""
    guest.tls.handshake()
    guest.sock.send(guest.tls.take()[:50])


@pytest.mark.parametrize("manner", [mute, half_a_hello])
def test_who_does_not_shake_hands_in_time_is_dropped(
    make_house: MakeHouse, manner: Callable[[Guest], None]
) -> None:
    """P7: "handshake 10 s in total (not per read)" """
    house = make_house(handshake_seconds_max=0.4)
    begun = time.monotonic()
    crowd = [house.connect() for _ in range(20)]
    for guest in crowd:
        manner(guest)
    house.until(lambda: len(house.guests) == 20, "all are in")
    house.until(lambda: all(guest.end for guest in crowd), "all are dropped", seconds=8)
    assert time.monotonic() - begun >= 0.4
    (entry,) = house.recorded("abuse")
    assert entry["kind"] == "no handshake in time"
    assert_empty(house)


def test_a_handshake_that_drips_is_no_longer_for_it(make_house: MakeHouse) -> None:
    house = make_house(handshake_seconds_max=0.4)
    guest = house.connect()
    guest.tls.handshake()
    hello = guest.tls.take()[:-1]
    begun, sent = time.monotonic(), 0

    def dropped() -> bool:
        nonlocal sent
        if not guest.end and time.monotonic() - begun > sent * 0.01:
            guest.sock.send(hello[sent : sent + 1])
            sent += 1
        return bool(guest.end)

    house.until(dropped, "the end", seconds=8)


def test_who_does_not_log_in_in_time_is_dropped_in_words(make_house: MakeHouse) -> None:
    house = make_house(registration_seconds_max=0.4)
    guest = house.encrypt()
    guest.say("NICK ana", "PING 1")
    house.until(lambda: guest.end, "the end", seconds=8)
    assert guest.lines[-1] == "ERROR :Closing link (127.0.0.1): not registered in 0.4 s"
    assert house.recorded("abuse", kind="not registered")
    assert_empty(house)


def test_who_comes_and_goes_unregistered_is_said_once(make_house: MakeHouse) -> None:
    house = make_house()
    for _ in range(10):
        guest = house.encrypt()
        house.until(lambda: house.hub.sessions, "it has a session")
        guest.close()
        house.clients.remove(guest)
        house.until(lambda: len(house.guests) == 0, "it is gone")
    assert len(house.journal) == 1


# -- being there ----------------------------------------------------------------------------------


def test_the_silent_are_asked_and_stay_while_they_answer(make_house: MakeHouse) -> None:
    house = make_house(ping_seconds=0.3, ping_seconds_max=0.6)
    ana = house.join("ana")
    for number in range(1, 4):
        house.until(lambda: ana.count("PING") == number, "the question")  # noqa: B023
        ana.say("PONG :xchat.local")
    assert not ana.end


def test_the_silent_that_do_not_answer_are_dropped_in_words(make_house: MakeHouse) -> None:
    house = make_house(ping_seconds=0.3, ping_seconds_max=0.6)
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")

    def ben_alone_answers() -> bool:
        if ben.lines[-1].startswith("PING"):
            ben.say("PONG :x")
        return bool(ana.end)

    house.until(ben_alone_answers, "the end")
    assert ana.lines[-1] == "ERROR :Closing link (127.0.0.1): Ping timeout: 0.6 s of silence"
    assert house.recorded("left", nick="ana", reason="Ping timeout: 0.6 s of silence")
    house.until(lambda: ben.said("QUIT"), "the others are told")
    assert not ben.end


def fill(house: House, speaker: Guest, deaf: Guest, condition: Callable[[], object]) -> None:
    """Let somebody talk to a client that does not read, until a condition holds."""
    deaf.is_deaf = True
    line = f"PRIVMSG #a :{'x' * 400}"

    def spoken() -> object:
        if speaker.count("PRIVMSG") % 20 == 0:
            speaker.say(*[line] * 20)
        return condition()

    speaker.heard = b""
    house.until(spoken, "the queue is full")


@pytest.fixture
def pairing(make_house: MakeHouse) -> tuple[House, Guest, Guest]:
    """A house with a small queue, one who speaks (and hears the echo), and one to go deaf."""
    house = make_house(
        exempt=FREE, outbox_soft_bytes=20_000, outbox_hard_bytes_max=100_000, sndbuf_bytes=8192
    )
    speaker = house.join("speaker")
    speaker.say("CAP REQ :echo-message", "JOIN #a")
    house.until(lambda: speaker.said(" 366 "), "the names")
    return house, speaker, house.join("deaf", "#a", rcvbuf=4096)


def connection_of(house: House, nick: str) -> Connection:
    connections = house.guests._connections.items()
    return next(mine for session, mine in connections if house.hub.nick_of(session) == nick)


def test_who_does_not_read_is_no_longer_read_from_and_then_again(
    pairing: tuple[House, Guest, Guest],
) -> None:
    house, speaker, deaf = pairing
    connection = connection_of(house, "deaf")
    fill(house, speaker, deaf, lambda: connection.interest == 2)
    deaf.say("PRIVMSG speaker :can you hear me")
    assert house.ping(speaker) < PING_SECONDS_CEILING
    assert speaker.said("can you hear me") is None
    deaf.is_deaf = False
    house.until(lambda: speaker.said("can you hear me"), "it is read from again")
    house.until(lambda: deaf.count("PRIVMSG #a") == speaker.count("PRIVMSG #a"), "all is heard")
    assert connection.session is not None
    assert (connection.interest, connection.session.backlog) == (1, 0)


def test_who_does_not_read_at_all_is_dropped_and_the_others_notice_nothing(
    pairing: tuple[House, Guest, Guest],
) -> None:
    """P5, P6: "≤ 1 MB queue a client" """
    house, speaker, deaf = pairing
    connection = connection_of(house, "deaf")
    fill(house, speaker, deaf, lambda: connection.phase is Phase.CLOSED)
    assert house.ping(speaker) < PING_SECONDS_CEILING
    (left,) = house.recorded("left", nick="deaf")
    assert left["reason"].startswith("Too slow: ")
    (abuse,) = house.recorded("abuse", kind="too slow")
    assert abuse["limit"] == "limits.outbox_hard_bytes_max", "told to the operator, if to nobody"
    house.until(lambda: "deaf" not in str(house.hub.state.users), "its user has quit")


def test_what_tls_would_answer_a_deaf_client_is_bounded(
    pairing: tuple[House, Guest, Guest],
) -> None:
    """Words now and then, key updates between, and never a byte read: still bounded (P6)."""
    house, speaker, _ = pairing
    sock = socket.create_connection(("127.0.0.1", house.port))
    client = LibsslClient()
    shake_hands_by_socket(house, client, sock)
    client.write(b"NICK asker\r\nUSER a 0 * :a\r\nJOIN #a\r\n")
    sock.sendall(client.take())
    house.until(lambda: speaker.said("asker"), "it has joined")
    connection = connection_of(house, "asker")

    def ask() -> bool:
        for _ in range(50):
            client.update_keys(ask_for_theirs=True)
        client.write(b"PING x\r\n" * 8)
        with contextlib.suppress(BlockingIOError):
            while data := client.take():
                sock.sendall(data)
        return connection.interest != 1 or connection.phase is Phase.CLOSED

    fill(house, speaker, house.clients[1], ask)
    assert connection._tls.pending < 100_000
    client.close()
    sock.close()


def shake_hands_by_socket(house: House, client: LibsslClient, sock: socket.socket) -> None:
    sock.setblocking(False)

    def done() -> bool:
        finished = client.handshake()
        sock.sendall(client.take())
        with contextlib.suppress(BlockingIOError):
            client.feed(sock.recv(65_536))
        return finished

    house.until(done, "the handshake")


def test_a_flood_of_key_updates_is_cut_off_and_delays_nobody(make_house: MakeHouse) -> None:
    """P8: "≤ 150 ms during a key-update flood"; ten times that on a busy machine."""
    house = make_house()
    ana = house.join("ana")
    client = LibsslClient()
    sock = socket.create_connection(("127.0.0.1", house.port))
    shake_hands_by_socket(house, client, sock)
    for _ in range(2 * SILENT_CIPHERTEXT_BYTES_MAX // 27):
        client.update_keys(ask_for_theirs=True)
    flood = client.take()
    worst = 0.0
    with contextlib.suppress(ConnectionError):
        while flood:
            with contextlib.suppress(BlockingIOError):
                flood = flood[sock.send(flood) :]
            worst = max(worst, house.ping(ana))
            if house.recorded("abuse", kind="bad TLS"):
                break
    house.until(lambda: house.recorded("abuse", kind="bad TLS"), "it is dropped")
    assert worst < 1.5
    client.close()
    sock.close()


# -- going ----------------------------------------------------------------------------------------


def test_who_quits_is_answered_and_heard_no_more(make_house: MakeHouse) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    ana.say("PRIVMSG #a :a last word", "QUIT :bye", "PRIVMSG #a :and another one")
    house.until(lambda: ana.end, "the end")
    house.until(lambda: ben.said(" QUIT "), "the others are told")
    assert ana.lines[-1].startswith("ERROR :Closing link")
    assert ben.said("a last word")
    assert not ben.said("and another one")
    assert ana.end == "closed"


def test_who_quits_and_goes_on_talking_is_let_go(
    make_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The socket lingers so that the goodbye is read, but not for ever."""
    monkeypatch.setattr(connection_module, "LINGER_SECONDS", 0.3)
    house = make_house()
    ana = house.join("ana")
    ana.hangs_up = False
    ana.say("QUIT")

    def talking() -> bool:
        with contextlib.suppress(OSError):
            ana.sock.send(b"x" * 10_000)
        return len(house.guests) == 0

    house.until(talking, "it is let go", seconds=8)
    assert "ERROR" in ana.lines[-1]
    assert_empty(house)


def test_a_client_that_ends_its_half_is_gone(make_house: MakeHouse) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    ana.sock.shutdown(socket.SHUT_WR)
    house.until(lambda: ben.said(" QUIT "), "it has quit")
    house.until(lambda: ana.end, "the server hangs up too")
    assert house.recorded("left", nick="ana", reason="Connection closed")


def test_a_client_that_ends_tls_is_gone_though_its_socket_stays(make_house: MakeHouse) -> None:
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    with pytest.raises(ssl.SSLWantReadError):
        ana.tls.tls.unwrap()
    ana.sock.sendall(ana.tls.take())
    house.until(lambda: ben.said(" QUIT "), "it has quit")


def before_the_handshake(house: House) -> Guest:
    guest = house.connect()
    house.until(lambda: len(house.guests) == 2, "it is in")
    return guest


def within_the_handshake(house: House) -> Guest:
    guest = before_the_handshake(house)
    half_a_hello(guest)
    house.turn.run()
    return guest


def after_the_handshake(house: House) -> Guest:
    return house.encrypt()


def logged_in(house: House) -> Guest:
    return house.join("gone", "#a")


def while_logging_in(house: House) -> Guest:
    guest = house.encrypt()
    guest.log_in("gone")
    return guest


def while_talking(house: House) -> Guest:
    guest = house.join("gone", "#a")
    guest.say("PRIVMSG #a :my last words")
    return guest


def while_told_goodbye(house: House) -> Guest:
    guest = house.join("gone", "#a")
    guest.is_deaf = True
    guest.say("QUIT")
    house.until(lambda: house.recorded("left", nick="gone"), "it has left")
    return guest


def before_being_accepted(house: House) -> Guest:
    return house.connect()


@pytest.mark.parametrize(
    "phase",
    [
        before_being_accepted, before_the_handshake, within_the_handshake, after_the_handshake,
        while_logging_in, logged_in, while_talking, while_told_goodbye,
    ],
)  # fmt: skip
@pytest.mark.parametrize("manner", [Guest.reset, Guest.close])
def test_who_vanishes_leaves_nothing_behind(
    make_house: MakeHouse, phase: Callable[[House], Guest], manner: Callable[[Guest], None]
) -> None:
    """Whatever it was doing: a reset in every phase is the end of one client and of nobody else."""
    house = make_house()
    witness = house.join("witness", "#a")
    guest = phase(house)
    house.clients.remove(guest)
    manner(guest)
    house.until(lambda: len(house.guests) == 1, "it is gone")
    house.until(lambda: len(house.hub.state.users) == 1, "its user, if any, has quit")
    assert house.ping(witness) < PING_SECONDS_CEILING
    assert (witness.count(" JOIN ") - 1) == witness.count(" QUIT "), "who came in sight has left it"
    witness.close()
    house.clients.remove(witness)
    assert_empty(house)


def test_what_was_said_before_vanishing_is_heard(make_house: MakeHouse) -> None:
    """Its append was pending when it went: it was received, so it is kept and told."""
    house = make_house()
    ana, ben = house.join("ana", "#a"), house.join("ben", "#a")
    ana.say("PRIVMSG #a :my last words")
    house.clients.remove(ana)
    ana.close()
    house.until(lambda: ben.said(" QUIT "), "ana is gone")
    (last,) = [line for line in ben.lines if "last words" in line]
    (quit_line,) = [line for line in ben.lines if " QUIT " in line]
    assert ben.lines.index(last) < ben.lines.index(quit_line)


def test_a_closed_connection_leaves_memory_at_once(make_house: MakeHouse) -> None:
    """Not when its deadline would have come, 90 s later: its TLS is tens of kilobytes."""
    house = make_house()
    house.join("ana")
    (connection,) = house.guests._everyone
    gone = weakref.ref(connection.sock)
    del connection
    house.clients.pop().reset()
    gc.disable()  # it looks seldom, and a cycle would wait for it
    try:
        house.until(lambda: not house.hub.state.users, "it is gone")
        assert gone() is None
    finally:
        gc.enable()
    assert len(house.guests._deadlines) == 0


def test_a_deaf_client_that_is_told_goodbye_has_a_moment_to_read_it(
    pairing: tuple[House, Guest, Guest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no 150 s of silence: its nick is free at once, its socket soon."""
    monkeypatch.setattr(connection_module, "LINGER_SECONDS", 0.3)
    house, speaker, deaf = pairing
    connection = connection_of(house, "deaf")
    fill(house, speaker, deaf, lambda: connection.outbox.is_waiting)
    assert connection.session is not None
    house.hub.close(connection.session, "so ends it")
    house.until(lambda: house.recorded("left", nick="deaf", reason="so ends it"), "it has left")
    house.until(lambda: "deaf" not in str(house.hub.state.users), "its nick is free")
    house.until(lambda: len(house.guests) == 1, "it is closed", seconds=8)


def test_a_slow_client_that_is_told_goodbye_reads_all_of_it(
    pairing: tuple[House, Guest, Guest],
) -> None:
    house, speaker, slow = pairing
    connection = connection_of(house, "deaf")
    fill(house, speaker, slow, lambda: connection.outbox.is_waiting)
    assert connection.session is not None
    house.hub.close(connection.session, "so ends it")
    house.until(lambda: connection.phase is Phase.LEAVING, "it is leaving")
    slow.is_deaf = False
    house.until(lambda: slow.end, "the end")
    assert slow.lines[-1] == "ERROR :Closing link (127.0.0.1): so ends it"
    assert slow.end == "closed"


# -- the farewell ---------------------------------------------------------------------------------


def test_at_the_end_everyone_is_told_at_once(make_house: MakeHouse) -> None:
    """P11. Who has no session is closed; who has is told why; nobody new is let in."""
    house = make_house()
    ana, new, mute_one = house.join("ana"), house.encrypt(), house.connect()
    house.until(lambda: len(house.guests) == 3, "all are in")
    house.guests.say_farewell("The server is stopping")
    for guest in (ana, new):
        guest.go_on()
        assert guest.lines[-1] == "ERROR :Closing link (127.0.0.1): The server is stopping"
    mute_one.go_on()
    assert mute_one.end
    late = house.connect()
    late.tls.handshake()
    for client in (ana, new):
        client.close()
        house.clients.remove(client)
    house.until(lambda: len(house.guests) == 0, "all are gone")
    late.go_on()
    assert not late.has_shaken_hands


def test_a_deaf_client_does_not_hold_the_end_up(
    pairing: tuple[House, Guest, Guest],
) -> None:
    """P11: SIGTERM: leaves in ≤ 5 s."""
    house, speaker, deaf = pairing
    connection = connection_of(house, "deaf")
    fill(house, speaker, deaf, lambda: connection.outbox.is_waiting)
    begun = time.monotonic()
    house.guests.say_farewell("The server is stopping")
    speaker.go_on()
    assert speaker.said("The server is stopping"), "who reads is told whoever does not"
    house.clients.remove(speaker)
    speaker.close()
    house.until(lambda: len(house.guests) == 0, "all are gone", seconds=10)
    assert time.monotonic() - begun < 3 + connection_module.LINGER_SECONDS


def test_limits_are_those_of_the_configuration() -> None:
    assert config_of(users_max=3).limits == Limits(users_max=3)
