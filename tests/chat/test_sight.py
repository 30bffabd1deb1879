"""Secret channels: to those outside they are not there, whatever is asked (chat/apply/sight.py)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server

ASKED = [
    "PART #s", "TOPIC #s", "TOPIC #s :x", "KICK #s alice", "KICK #s nobody", "INVITE alice #s",
    "MODE #s", "MODE #s b", "MODE #s +m", "NAMES #s", "WHO #s", "LIST #s", "PRIVMSG #s :x",
    "NOTICE #s :x", "@+x TAGMSG #s", "@+typing=active TAGMSG #s", "CHATHISTORY LATEST #s * 5",
    f"PRIVMSG #s :{'x' * 497}", "PRIVMSG #ｓ :x", f"PRIVMSG #ｓ :{'x' * 475}", "WHOIS alice",
]  # fmt: skip


def answers(server: Server, asked: str) -> list[str]:
    """Return what a stranger is told, alice being in #s or not."""
    return server.client("carl", "message-tags").ask(asked)


@pytest.mark.parametrize("modes", ["+s", "+s-n", "+sik key", "+sm-n"])
@pytest.mark.parametrize("asked", ASKED)
def test_a_secret_channel_answers_as_one_that_is_not_there(
    server: Server, asked: str, modes: str
) -> None:
    """For the channels which are secret, the server will act as if the channel does not exist when
    commands like TOPIC, LIST, NAMES are used (RFC 2811, 4.2.6).
    """
    alice = server.client("alice")
    nowhere = answers(server, asked)
    for client in list(server.clients.values()):
        if client is not alice:
            client.drop()
    alice.ask("JOIN #s", f"MODE #s {modes}", "TOPIC #s :hush")
    assert answers(server, asked) == nowhere
    assert alice.heard() == []


def test_its_members_see_it(server: Server) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#s", alice, bob)
    alice.ask("MODE #s +s")
    bob.heard()
    assert bob.ask("KICK #s alice") == ["482 bob #s :You're not channel operator"]
    assert bob.ask("PRIVMSG #s :x", "PART #s") == [":bob PART #s"]
    assert alice.heard() == [":bob PRIVMSG #s x", ":bob PART #s"]
