"""CAP (IRCv3 capability negotiation, version 302), and cap-notify."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chat.pair import Client, Server
from xchat.chat.commands import capabilities
from xchat.irc.capabilities import CAPABILITIES, Capability

NAMES = " ".join(capability.name for capability in CAPABILITIES)
HERE = Path(__file__).parent


@pytest.fixture
def client(server: Server) -> Client:
    return server.connect()


# -- LS and LIST ------------------------------------------------------------------------------


def test_ls_lists_what_there_is(client: Client) -> None:
    """When sent by the server, the last parameter is a space-separated list of capabilities.
    Replies from the server must contain the client identifier name or asterisk if one is not yet
    available.
    """
    (old,) = client.ask("CAP LS")
    assert {name for name in NAMES.split() if "/" not in name} <= set(old.split(":")[1].split())
    words = [word for line in client.read("CAP LS 302") for word in line.params[-1].split()]
    assert " ".join(word.partition("=")[0] for word in words) == NAMES
    client.ask("NICK alice")
    assert client.read("cap ls")[0].params[0] == "alice"


def test_list_lists_what_is_on(client: Client) -> None:
    """If no capabilities are enabled, an empty parameter must be sent."""
    assert client.ask("CAP LIST") == ["CAP * LIST :"]
    client.ask("CAP REQ :server-time batch")
    assert client.ask("CAP LIST") == ["CAP * LIST :batch server-time"]


@pytest.fixture
def valued(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that has a value, and is too long for one line."""
    more = tuple(Capability(f"example.org/{'x' * 40}-{number}", 1 << 60) for number in range(10))
    table = (Capability("example.net/a", 1 << 61, "B,C"), *more)
    monkeypatch.setattr(capabilities, "CAPABILITIES", table)


def test_values_and_several_lines_are_for_version_302(client: Client, valued: None) -> None:
    """All but the last reply MUST have a parameter containing only an asterisk preceding the
    capability list. If a client has not indicated support for CAP LS 302 features, the server MUST
    NOT send these new features to the client.
    """
    (plain,) = client.ask("CAP LS")
    assert plain.startswith("CAP * LS :example.net/a example.org")
    *more, last = client.read("CAP LS 302")
    assert more
    assert all(line.params[2] == "*" for line in more)
    assert len(last.params) == 3
    words = " ".join(line.params[-1] for line in (*more, last)).split()
    assert words[0] == "example.net/a=B,C"
    assert len(words) == 11


def test_the_highest_version_stays_and_each_answer_is_as_asked(
    client: Client, valued: None
) -> None:
    """If a client sends a lower CAP version (or omits the version number entirely), servers SHOULD
    return a CAP LS reply consistent with the request's version, but keep storing the original.
    """
    client.ask("CAP LS 307")
    first, *_ = client.read("CAP LS")
    assert first.params[-1].split()[0] == "example.net/a"
    assert client.session.cap_version == 307


@pytest.mark.parametrize("version", ["x", "-5", "٣٠٢", "9" * 30, "9" * 6, ":"])
def test_versions_that_are_none(client: Client, version: str) -> None:
    assert client.ask(f"CAP LS {version}") == client.ask("CAP LS")
    assert client.session.cap_version == 0


# -- REQ --------------------------------------------------------------------------------------


def test_all_or_nothing(client: Client) -> None:
    """The capability identifier set must be accepted as a whole, or rejected entirely. The server
    MUST NOT make any change to any capabilities if it replies with a NAK subcommand.
    """
    for asked in (
        "foo multi-prefix bar",
        "multi-prefix bar",
        "foo multi-prefix",
        "foo qux bar baz",
    ):
        assert client.ask(f"CAP REQ :{asked}") == [f"CAP * NAK :{asked}"]
    assert client.ask("CAP LIST") == ["CAP * LIST :"]
    assert client.ask("CAP REQ :multi-prefix") == ["CAP * ACK multi-prefix"]


def test_on_and_off(client: Client) -> None:
    """Each capability identifier may be prefixed with a dash to designate that the capability
    should be disabled. If a client requests a capability which is already enabled, or tries to
    disable one which is not, the server MUST continue processing as though this was successful.
    """
    assert client.ask("CAP REQ :batch -server-time") == ["CAP * ACK :batch -server-time"]
    assert client.ask("CAP REQ :batch") == ["CAP * ACK batch"]
    assert client.ask("CAP REQ :-batch setname ") == ["CAP * ACK :-batch setname "]
    assert client.ask("CAP LIST") == ["CAP * LIST setname"]


@pytest.mark.parametrize("asked", ["BATCH", "batch=1", "--batch", "-", "SASL"])
def test_names_are_opaque(client: Client, asked: str) -> None:
    """The full capability name MUST be treated as an opaque identifier. Capability names are
    case-sensitive.
    """
    assert client.ask(f"CAP REQ {asked}") == [f"CAP * NAK {asked}"]


def test_at_any_time(server: Server) -> None:
    """The server MUST accept the CAP command at any time, including after registration."""
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    assert bob.ask("CAP REQ :server-time") == ["CAP bob ACK server-time"]
    alice.ask("PRIVMSG #a :one")
    assert "time" in bob.read()[0].tags
    (ack,) = bob.read("CAP REQ :-server-time")
    assert ack.params[2] == "-server-time"
    alice.ask("PRIVMSG #a :two")
    assert bob.read()[0].tags == {}


def test_ls_after_registration_holds_nothing_up(server: Server) -> None:
    alice = server.client("alice")
    alice.ask("CAP LS 302", "CAP REQ :batch")
    assert alice.ask("PING x") == ["PONG xchat.local x"]
    assert alice.ask("CAP END") == []


@pytest.mark.parametrize("line", ["CAP FOO", "CAP ACK :batch", "CAP CLEAR", "CAP NEW :x", "CAP :"])
def test_subcommands_that_are_none(client: Client, line: str) -> None:
    """ERR_INVALIDCAPCMD (410): "<client> <command> :Invalid CAP command"."""
    word = line.split()[1].replace(":", "*")
    assert client.ask(line) == [f"410 * {word} :Invalid CAP command"]


def test_without_a_subcommand(client: Client) -> None:
    assert client.ask("CAP") == ["461 * CAP :Not enough parameters"]


# -- cap-notify -------------------------------------------------------------------------------


def test_version_302_has_cap_notify_and_keeps_it(client: Client) -> None:
    """This capability MUST be implicitly enabled if the client requests CAP LS with a version of
    302 or newer. Further, servers MUST NOT disable it then. Clients MAY also request it, and
    servers MUST accept and CAP ACK the request without side effects.
    """
    client.ask("CAP LS 302")
    assert client.ask("CAP LIST") == ["CAP * LIST cap-notify"]
    assert client.ask("CAP REQ cap-notify") == ["CAP * ACK cap-notify"]
    assert client.ask("CAP REQ :batch -cap-notify") == ["CAP * NAK :batch -cap-notify"]
    assert client.ask("CAP LIST") == ["CAP * LIST cap-notify"]


def test_before_302_it_is_a_choice(client: Client) -> None:
    """Such clients MAY explicitly disable the capability, and servers MUST allow them to do so."""
    assert client.ask("CAP REQ cap-notify", "CAP REQ -cap-notify") == [
        "CAP * ACK cap-notify",
        "CAP * ACK -cap-notify",
    ]
    assert client.ask("CAP LIST") == ["CAP * LIST :"]


# -- the table --------------------------------------------------------------------------------


def test_each_bit_is_one_capabilitys() -> None:
    bits = [capability.bit for capability in CAPABILITIES]
    assert len(set(bits)) == len(bits)
    assert all(bit.bit_count() == 1 for bit in bits)
    assert sorted(capability.name for capability in CAPABILITIES) == NAMES.split()


@pytest.mark.parametrize("name", NAMES.split())
def test_each_capability_has_a_test_file(name: str) -> None:
    path = HERE / f"test_{name.rpartition('/')[2].replace('-', '_')}.py"
    if name == "cap-notify":
        path = Path(__file__)
    assert f'"{name}"' in path.read_text() or path == Path(__file__)
