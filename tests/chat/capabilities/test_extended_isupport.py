"""draft/extended-isupport (IRCv3), and the command ISUPPORT."""

from __future__ import annotations

from tests.chat.pair import Server, commands

CAP = "draft/extended-isupport"


def test_it_is_told_before_registration(server: Server) -> None:
    """When the capability is enabled by the client, the server MUST accept ISUPPORT commands before
    connection registration completes.
    """
    early = server.connect()
    early.ask(f"CAP REQ :{CAP} batch")
    start, *lines, end = early.read("ISUPPORT")
    assert start.params[1:] == ("draft/isupport",)
    assert end.params == (f"-{start.params[0][1:]}",)
    assert set(commands(lines)) == {"005"}
    assert {line.params[0] for line in lines} == {"*"}
    assert {line.tags["batch"] for line in lines} == {start.params[0][1:]}
    tokens = [token for line in lines for token in line.params[1:-1]]
    assert "NETWORK=XChat" in tokens


def test_every_isupport_is_in_a_batch_then(server: Server) -> None:
    """The server MUST NOT send any unbatched RPL_ISUPPORT message while both of these capabilities
    are enabled.
    """
    alice = server.connect()
    told = alice.read(f"CAP REQ :{CAP} batch", "NICK a", "USER a 0 * :a", "CAP END", "VERSION")
    lines = [line for line in told if line.command == "005"]
    assert lines
    assert all("batch" in line.tags for line in lines)


def test_without_it_there_is_no_batch_and_nothing_before_registration(server: Server) -> None:
    """The server MUST reply with one or more RPL_ISUPPORT messages."""
    early = server.connect()
    early.ask("CAP REQ :batch")
    assert early.ask("ISUPPORT") == ["451 * :You have not registered"]
    early.ask("NICK a", "USER a 0 * :a", "CAP END")
    assert set(commands(early.read("ISUPPORT"))) == {"005"}


def test_without_batches_the_lines_come_alone(server: Server) -> None:
    early = server.connect()
    early.ask(f"CAP REQ {CAP}")
    assert set(commands(early.read("ISUPPORT"))) == {"005"}
