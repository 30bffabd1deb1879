"""Client-only tags with a meaning among clients: reply, react, unreact, channel-context, typing.

Of servers their specifications (ircv3.net/specs/client-tags) ask no more than message-tags does:
that they are passed on as they are, within bounds, and told again.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.chat.commands.test_chathistory import history
from tests.chat.pair import Client, Server
from xchat.irc.message import escape_tag

CAPS = ("batch", "draft/chathistory", "draft/event-playback", "message-tags", "server-time")
REACTIONS = ["👍", ":)", "ヾ(@°▽°@)ノ", "lol", "", "a b;c\\d", "x" * 500]


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS, "echo-message")


@pytest.fixture
def bob(server: Server, alice: Client) -> Client:
    bob = server.client("bob", *CAPS)
    server.channel("#a", alice, bob)
    return bob


def client_only(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key.startswith("+")}


# -- reply ------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["+reply", "+draft/reply"])
def test_a_reply_refers_to_the_id_that_everybody_knows(
    alice: Client, bob: Client, tag: str
) -> None:
    """Its value references the server provided ID of another message."""
    (echo,) = alice.read("PRIVMSG #a :Hello!")
    (heard,) = bob.read()
    assert echo.tags["msgid"] == heard.tags["msgid"]
    bob.ask(f"@{tag}={heard.tags['msgid']} PRIVMSG #a :Hello to you!")
    (reply,) = alice.read()
    assert client_only(reply.tags) == {tag: echo.tags["msgid"]}
    again = history(alice, "LATEST #a * 1")[0]
    assert client_only(again.tags) == {tag: echo.tags["msgid"]}, "replayed, it refers to the same"


def test_a_reply_to_what_was_never_said_is_as_good(alice: Client, bob: Client) -> None:
    """Archived message history may be viewed without all that it refers to."""
    alice.ask("@+reply=no-such-id PRIVMSG #a :x")
    (heard,) = bob.read()
    assert client_only(heard.tags) == {"+reply": "no-such-id"}


# -- react, unreact ---------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["+draft/react", "+draft/unreact"])
@pytest.mark.parametrize("value", REACTIONS, ids=ascii)
def test_a_reaction_has_no_restrictions(alice: Client, bob: Client, tag: str, value: str) -> None:
    """The value has no restrictions."""
    (echo,) = alice.read(f"@+draft/reply=1;{tag}={escape_tag(value)} TAGMSG #a")
    (heard,) = bob.read()
    expected = {"+draft/reply": "1", tag: value}
    assert (heard.command, client_only(heard.tags)) == ("TAGMSG", expected)
    assert heard.tags["msgid"] == echo.tags["msgid"], "so it can be redacted"


def test_reactions_are_history(server: Server, alice: Client, bob: Client) -> None:
    """With event-playback the server SHOULD send TAGMSG too: in the order in which they were."""
    alice.ask("@+draft/reply=1;+draft/react=y TAGMSG #a")
    bob.ask("@+draft/reply=1;+draft/unreact=y TAGMSG #a")
    server.quiet()
    tags = [client_only(message.tags) for message in history(alice, "LATEST #a * 2")]
    assert tags == [
        {"+draft/reply": "1", "+draft/react": "y"},
        {"+draft/reply": "1", "+draft/unreact": "y"},
    ]


def test_a_reaction_may_have_a_text(alice: Client, bob: Client) -> None:
    """This tag MAY be attached to an empty message: one with a body is a message as any."""
    alice.ask("@+draft/reply=1;+draft/react=lol PRIVMSG #a :lol")
    (heard,) = bob.read()
    assert (heard.params, heard.tags["+draft/react"]) == (("#a", "lol"), "lol")


# -- channel-context --------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["+channel-context", "+draft/channel-context"])
@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_a_private_answer_says_where_it_belongs(
    alice: Client, bob: Client, command: str, tag: str
) -> None:
    """To indicate the channel a private PRIVMSG or NOTICE should be displayed in; also of past
    messages with CHATHISTORY.
    """
    alice.ask(f"@{tag}=#a {command} bob :I'm helping.")
    (heard,) = bob.read()
    (again,) = history(bob, "LATEST alice * 5")
    assert client_only(heard.tags) == client_only(again.tags) == {tag: "#a"}


@pytest.mark.parametrize("value", ["#a", "no-channel", "#nowhere", ""])
def test_what_it_says_is_for_clients_to_judge(alice: Client, bob: Client, value: str) -> None:
    """Clients MUST ignore this tag if its value is not a valid channel name."""
    alice.ask(f"@+channel-context={value} PRIVMSG #a :x")
    (heard,) = bob.read()
    assert client_only(heard.tags) == {"+channel-context": value}


# -- typing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["active", "paused", "done", "", "else"])
@pytest.mark.parametrize("target", ["#a", "bob"])
def test_typing_reaches_those_who_are_there(
    server: Server, alice: Client, bob: Client, value: str, target: str
) -> None:
    """Possible values of active, paused, and done: it is passed on at once, and kept nowhere."""
    seq = server.store.seq
    alice.ask(f"@+typing={value} TAGMSG {target}")
    (heard,) = bob.read()
    assert (heard.command, client_only(heard.tags)) == ("TAGMSG", {"+typing": value})
    assert server.store.seq == seq
    told = history(alice, f"LATEST {target} * 50")
    assert "TAGMSG" not in [message.command for message in told]


def test_a_message_may_say_that_its_sender_is_done(alice: Client, bob: Client) -> None:
    """A message is defined as a PRIVMSG, NOTICE, TAGMSG: the tag goes where they go."""
    alice.ask("@+typing=done PRIVMSG #a :so there")
    (heard,) = bob.read()
    assert client_only(heard.tags) == {"+typing": "done"}


# -- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["+reply", "+draft/react", "+channel-context", "+typing"])
def test_tags_as_long_as_may_be_and_longer(alice: Client, bob: Client, tag: str) -> None:
    """The size limit for client tag data is 4094 bytes; servers MUST reply with ERR_INPUTTOOLONG
    if a client sends a message with more, and MUST NOT truncate tags.
    """
    value = "x" * (4094 - len(f"{tag}="))
    assert "TAGMSG" in alice.ask(f"@{tag}={value} TAGMSG #a")[0]
    (heard,) = bob.read()
    assert client_only(heard.tags) == {tag: value}
    assert alice.ask(f"@{tag}={value}x TAGMSG #a") == ["417 alice :Input line was too long"]
    assert bob.heard() == []
