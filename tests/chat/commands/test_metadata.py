"""METADATA (IRCv3 metadata); how changes reach others is in capabilities/test_metadata_2 and 3."""

from __future__ import annotations

import pytest

from tests.chat.commands.operators import CONFIG, operator
from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.limits import (
    METADATA_CHANGES_BURST,
    METADATA_KEYS_MAX,
    METADATA_SUBS_MAX,
    METADATA_VALUE_BYTES_MAX,
)

CAPS = ("draft/metadata-3", "batch")


@pytest.fixture
def alice(server: Server) -> Client:
    return server.client("alice", *CAPS)


def batched(client: Client, line: str) -> list[str]:
    """Return what a METADATA is answered with, between the ends of its batch."""
    start, *inner, end = client.read(line)
    assert (start.command, start.params[1]) == ("BATCH", "metadata")
    assert end.params == (f"-{start.params[0][1:]}",)
    assert all(one.tags["batch"] == start.params[0][1:] for one in inner)
    return [" ".join((one.command, *one.params[1:])) for one in inner]


# -- SET and GET ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["*", "alice", "ALICE"])
def test_what_is_set_is_there(alice: Client, target: str) -> None:
    """If the request is successful, the server carries out the requested change and responds with
    one RPL_KEYVALUE event, representing the new value (or lack of one).
    """
    told = "761 alice alice display-name * :Alice The First"
    assert alice.ask(f"METADATA {target} SET display-name :Alice The First") == [told]
    assert batched(alice, f"METADATA {target} GET display-name") == [
        "761 alice display-name * Alice The First"
    ]
    assert alice.ask("METADATA * SET Display-Name 💜") == ["761 alice alice display-name * 💜"]
    assert alice.ask("METADATA * SET display-name") == ["766 alice alice display-name :key not set"]
    assert batched(alice, "METADATA * LIST") == []


def test_several_keys_in_order(alice: Client) -> None:
    """The response will be a `metadata` batch, for every key in order."""
    alice.ask("METADATA * SET url :x y")
    assert batched(alice, "METADATA * GET avatar $! url") == [
        "766 alice avatar key not set",
        "FAIL INVALID_KEY $! A key is of letters, digits and _ . / -, 64 at most",
        "761 alice url * x y",
    ]


def test_without_batches_the_lines_come_alone(server: Server) -> None:
    alice = server.client("alice", "draft/metadata-3")
    assert alice.ask("METADATA * LIST") == []
    assert alice.ask("METADATA * GET a") == ["766 alice alice a :key not set"]


def test_list_and_clear(alice: Client) -> None:
    """LIST lists all of the target's currently-set metadata keys along with their values. CLEAR:
    the server responds with a `metadata` batch containing one event per cleared key.
    """
    alice.ask("METADATA * SET a 1", "METADATA * SET b 2")
    assert batched(alice, "METADATA * LIST") == ["761 alice a * 1", "761 alice b * 2"]
    assert batched(alice, "METADATA * CLEAR") == [
        "766 alice a key not set",
        "766 alice b key not set",
    ]
    assert batched(alice, "METADATA * LIST") == batched(alice, "METADATA * CLEAR") == []


# -- who may ----------------------------------------------------------------------------------


def test_of_others_one_reads_and_sets_nothing(server: Server, alice: Client) -> None:
    """If the user cannot set keys on the given target, the server responds with
    `FAIL METADATA KEY_NO_PERMISSION` and fails the request; CLEAR with an asterisk for the key.
    """
    bob = server.client("bob", *CAPS)
    bob.ask("METADATA * SET color :#c90076")
    words = ":You may change only your own metadata, and that of channels you run"
    for line, key in (("SET color red", "color"), ("SET a b", "a"), ("CLEAR", "*")):
        refused = f"FAIL METADATA KEY_NO_PERMISSION bob {key} {words}"
        assert alice.ask(f"METADATA bob {line}") == [refused]
    assert batched(alice, "METADATA bob LIST") == ["761 bob color * #c90076"]


def test_a_channel_is_its_operators_to_change_and_its_members_to_read(
    server: Server, alice: Client
) -> None:
    """Clients can set/delete metadata on channels they administer."""
    bob, carl = server.client("bob", *CAPS), server.client("carl", *CAPS)
    server.channel("#a", alice, bob)
    assert alice.ask("METADATA #A SET url :http://x") == ["761 alice #a url * http://x"]
    assert "KEY_NO_PERMISSION #a url" in bob.ask("METADATA #a SET url y")[0]
    assert batched(bob, "METADATA #a LIST") == ["761 #a url * http://x"]
    for subcommand, key in (("GET url", "url"), ("LIST", "*"), ("SYNC", "*")):
        (refused,) = carl.ask(f"METADATA #a {subcommand}")
        assert refused.startswith(f"FAIL METADATA KEY_NO_PERMISSION #a {key} :"), refused


@pytest.mark.parametrize("target", ["nobody", "#nowhere", "$a:x", "#secret"])
def test_no_such_target(server: Server, alice: Client, target: str) -> None:
    """If the target is not valid, ONLY a `FAIL METADATA INVALID_TARGET` reply is sent."""
    bob = server.client("bob")
    bob.ask("JOIN #secret", "MODE #secret +s")
    refused = [f"FAIL METADATA INVALID_TARGET {target} :There is no such user or channel"]
    for rest in ("LIST", "GET a", "SET a b", "CLEAR", "SYNC"):
        assert alice.ask(f"METADATA {target} {rest}") == refused


def test_operators_may(open_server: OpenServer) -> None:
    """Privileged users may be able to set certain metadata on other users."""
    server = open_server(config=CONFIG)
    root, bob = operator(server.client("root", *CAPS)), server.client("bob", *CAPS)
    assert root.ask("METADATA bob SET a b") == ["761 root bob a * b"]
    assert batched(bob, "METADATA * LIST") == ["761 bob a * b"]


# -- what is refused --------------------------------------------------------------------------


def test_a_key_that_is_not_set(alice: Client) -> None:
    """If the key is valid, but not set, and the client tries to remove the key."""
    refused = ["FAIL METADATA KEY_NOT_SET alice a :This key is not set"]
    assert alice.ask("METADATA * SET a") == refused


@pytest.mark.parametrize("key", ["$url$", "a:b", ":", "é", "x" * 65])
def test_what_is_no_key(alice: Client, key: str) -> None:
    """If the key is invalid, the server fails the request."""
    given = f":{key}" if key.startswith(":") else key
    (fail,) = alice.read(f"METADATA * SET {given}" if key == ":" else f"METADATA * SET {given} x")
    assert fail.params[:2] == ("METADATA", "INVALID_KEY")


@pytest.mark.parametrize("value", ["abcd" * 115, "💜" * 115, "a\x1b[31m"])
def test_what_is_no_value(alice: Client, value: str) -> None:
    (fail,) = alice.read(f"METADATA * SET display-name :{value}")
    assert fail.params[:3] == ("METADATA", "INVALID_VALUE", "display-name")
    assert batched(alice, "METADATA * LIST") == []


def test_what_is_not_utf_8(alice: Client) -> None:
    (fail,) = alice.read(b"METADATA * SET display-name :->\xc3<-")
    assert fail.params[:2] == ("METADATA", "INVALID_UTF8")


def test_the_longest_value_is_told_whole(server: Server, alice: Client) -> None:
    value = "v" * METADATA_VALUE_BYTES_MAX
    (told,) = alice.read(f"METADATA * SET {'k' * 64} :{value}")
    assert told.params[-1] == value


def test_too_many_keys(server: Server, alice: Client) -> None:
    """`FAIL METADATA LIMIT_REACHED <Target> :metadata limit reached`."""
    for number in range(METADATA_KEYS_MAX):
        assert "761" in alice.ask(f"METADATA * SET k{number} x")[0]
    refused = f"FAIL METADATA LIMIT_REACHED alice :{METADATA_KEYS_MAX} keys are set, and no more"
    assert alice.ask("METADATA * SET more x") == [f"{refused} can be"]
    assert "761" in alice.ask("METADATA * SET k0 y")[0]


def test_too_many_changes(server: Server) -> None:
    """`RATE_LIMITED`: the <RetryAfter> MUST be a positive integer indicating the minimum number of
    seconds the client should wait before retrying the request.
    """
    alice = server.client("alice", *CAPS, exempt=False)
    answers: list[str] = []
    for number in range(METADATA_CHANGES_BURST + 1):
        server.pass_time(1 / 1024)
        alice.session.tokens = 20
        answers += alice.ask(f"METADATA * SET a {number}")
    assert answers[-1].startswith("FAIL METADATA RATE_LIMITED * a 2 :")
    server.pass_time(2)
    assert alice.ask("METADATA * SET a x") == ["761 alice alice a * x"]


@pytest.mark.parametrize("line", ["METADATA", "METADATA *", "METADATA * SET", "METADATA * SUB"])
def test_too_little(alice: Client, line: str) -> None:
    assert alice.ask(line) == ["461 alice METADATA :Not enough parameters"]


def test_another_subcommand(alice: Client) -> None:
    """`FAIL METADATA INVALID_SUBCOMMAND destr0y :Invalid subcommand.`"""
    (fail,) = alice.read("METADATA * destr0y")
    assert fail.params[:3] == ("METADATA", "INVALID_SUBCOMMAND", "destr0y")


# -- SUB, UNSUB, SUBS -------------------------------------------------------------------------


def test_subscriptions(alice: Client) -> None:
    """If the client successfully subscribes to a key, or is already subscribed to a requested key,
    that key MUST appear in a RPL_METADATASUBOK reply numeric; UNSUB and SUBS alike.
    """
    assert alice.ask("METADATA * SUBS") == []
    assert alice.ask("METADATA * SUB website AVATAR") == ["770 alice website avatar"]
    assert alice.ask("METADATA * SUB avatar foo") == ["770 alice avatar foo"]
    assert alice.ask("METADATA * SUBS") == ["772 alice website avatar foo"]
    assert alice.ask("METADATA * UNSUB foo nosuch") == ["771 alice foo nosuch"]
    assert alice.ask("METADATA * SUBS") == ["772 alice website avatar"]


def test_invalid_keys_do_not_stop_the_others(alice: Client) -> None:
    """If the key's name is invalid, the server sends a `FAIL METADATA INVALID_KEY` reply to the
    client and continues processing keys.
    """
    told = alice.read("METADATA * SUB foo $url bar")
    assert sorted(commands(told)) == ["770", "FAIL"]
    assert alice.ask("METADATA * SUBS") == ["772 alice foo bar"]
    assert "INVALID_KEY" in alice.ask("METADATA * UNSUB $url")[0]


def test_too_many_subscriptions(alice: Client) -> None:
    """The <key> parameter of the `FAIL METADATA TOO_MANY_SUBS` reply MUST be this first key that
    the client could not subscribe to.
    """
    keys = [f"k{number}" for number in range(METADATA_SUBS_MAX - 1)]
    for start in range(0, len(keys), 10):
        alice.ask(f"METADATA * SUB {' '.join(keys[start : start + 10])}")
    fail, told = alice.read("METADATA * SUB k0 one two three")
    assert fail.params[:3] == ("METADATA", "TOO_MANY_SUBS", "two")
    assert told.params[1:] == ("k0", "one")
    listed = [key for line in alice.read("METADATA * SUBS") for key in line.params[1:]]
    assert listed == [*keys, "one"]


@pytest.mark.parametrize("subcommand", ["SUB a", "UNSUB a", "SUBS"])
def test_subscriptions_are_ones_own(alice: Client, subcommand: str) -> None:
    assert "INVALID_TARGET alice" in alice.ask(f"METADATA alice {subcommand}")[0]


# -- how long it lasts ------------------------------------------------------------------------


def test_an_accounts_is_there_on_every_device_and_after_a_restart(open_server: OpenServer) -> None:
    """Upon requesting the capability, clients receive their non-transient metadata in a `metadata`
    batch with their own nick as target.
    """
    server = open_server()
    account = server.account("alice")
    server.client("alice", *CAPS, account=account).ask("METADATA * SET a b")
    assert server.client("bob", *CAPS).ask("METADATA * SET a b")
    server.channel("#a", carl := server.client("carl", *CAPS))
    carl.ask("PRIVMSG #a :it stays", "METADATA #a SET url x")
    server = open_server()
    alice = server.client("alice", *CAPS, account=account)
    assert batched(alice, "METADATA * LIST") == ["761 alice a * b"]
    assert batched(server.client("bob", *CAPS), "METADATA * LIST") == []
    assert server.hub.state.metadata.keys() >= {f"={account.aid}"}
    assert not any(owner.startswith("1.") for owner in server.hub.state.metadata)


def test_what_nobody_has_any_more_is_forgotten(server: Server, alice: Client) -> None:
    server.channel("#a", alice)
    alice.ask("METADATA * SET a b", "METADATA #a SET a b", "PART #a")
    alice.drop()
    assert server.hub.state.metadata == {}
    assert server.hub.interests.keys(alice.session) == {}


# -- before registration ----------------------------------------------------------------------


def test_before_registration(server: Server) -> None:
    """`before-connect`: what is set then is the user's once there is one."""
    early = server.connect()
    early.ask("CAP REQ :draft/metadata-3 batch")
    assert early.ask("METADATA * SET display-name :Foo") == ["761 * * display-name * Foo"]
    assert early.ask("METADATA * SET b c", "METADATA * SET b") == [
        "761 * * b * c",
        "766 * * b :key not set",
    ]
    assert batched(early, "METADATA * GET display-name") == ["761 * display-name * Foo"]
    assert early.ask("METADATA * SUB avatar") == ["770 * avatar"]
    assert early.ask("METADATA * SET b") == ["FAIL METADATA KEY_NOT_SET * b :This key is not set"]
    assert "INVALID_TARGET bob" in early.ask("METADATA bob LIST")[0]
    assert early.ask("METADATA * SYNC") == ["451 * :You have not registered"]
    told = early.ask("NICK foo", "USER foo 0 * :foo", "CAP END")
    assert "761 foo foo display-name * Foo" in told
    assert batched(early, "METADATA * LIST") == ["761 foo display-name * Foo"]
    assert early.ask("METADATA * SUBS") == ["772 foo avatar"]


def test_before_registration_with_the_capability_only(server: Server) -> None:
    early = server.connect()
    assert early.ask("METADATA * SET a b") == ["451 * :You have not registered"]


def test_before_registration_too_there_is_a_limit(server: Server) -> None:
    early = server.connect()
    early.ask("CAP REQ :draft/metadata-3 batch")
    for number in range(METADATA_KEYS_MAX):
        early.ask(f"METADATA * SET k{number} x")
    assert "LIMIT_REACHED" in early.ask("METADATA * SET more x")[0]
    assert len(batched(early, "METADATA * CLEAR")) == METADATA_KEYS_MAX
    assert batched(early, "METADATA * LIST") == []


def test_early_it_is_told_before_any_later_answer(server: Server) -> None:
    """This batch MUST be sent to clients on connection."""
    early = server.connect()
    early.ask("CAP REQ :draft/metadata-3 batch", "METADATA * SET a b", "NICK foo")
    *told, pong = early.ask("USER foo 0 * :foo", "CAP END", "PING x")
    assert "761 foo foo a * b" in told
    assert pong == "PONG xchat.local x"


def test_early_on_a_further_device_it_is_the_accounts(server: Server) -> None:
    account = server.account("alice")
    first = server.client("alice", *CAPS, account=account)
    first.ask("METADATA * SUB a b", "METADATA * SET a 1", "METADATA * SET c 1")
    early = server.connect()
    early.session.claim.account = account.aid
    early.ask("CAP REQ :draft/metadata-3 batch", "METADATA * SET a 2", "METADATA * SET b 3")
    early.ask("NICK alice", "USER a 0 * :a", "CAP END")
    assert first.heard() == ["761 alice alice a * 2", "761 alice alice b * 3"]
    assert batched(early, "METADATA * LIST") == [
        "761 alice a * 2",
        "761 alice c * 1",
        "761 alice b * 3",
    ]
