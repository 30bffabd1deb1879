"""MODE of channels (modern.ircdocs.horse, Channel mode and Channel Modes)."""

from __future__ import annotations

import pytest

from tests.chat.pair import Client, OpenServer, Server, commands
from xchat.limits import MODES_A_COMMAND


@pytest.fixture
def alice(server: Server) -> Client:
    """The operator of #a."""
    alice = server.client("alice")
    server.channel("#a", alice)
    return alice


def member(server: Server, nick: str) -> Client:
    """Return a client that has just joined #a."""
    client = server.client(nick)
    client.ask("JOIN #a")
    server.quiet()
    return client


# -- asking -----------------------------------------------------------------------------------


def test_what_a_channel_has(server: Server, alice: Client) -> None:
    """If modestring is not given, the RPL_CHANNELMODEIS (324) numeric is returned. Servers MAY
    choose to hide sensitive information such as channel keys. Servers MAY also return the
    RPL_CREATIONTIME (329) numeric.
    """
    created = f"329 alice #a {server.now_ms // 1000}"
    assert alice.ask("MODE #A") == ["324 alice #a +nt", created]
    alice.ask("MODE #a +kl-t key 5")
    assert alice.ask("MODE #a") == ["324 alice #a +nkl key 5", created]
    assert server.client("bob").ask("MODE #a")[0] == "324 bob #a +nkl * 5"


def test_all_modes_removed_are_a_plus(alice: Client) -> None:
    assert alice.ask("MODE #a +i", "MODE #a -int")[1] == ":alice MODE #a -int"
    assert alice.ask("MODE #a")[0] == "324 alice #a +"


def test_no_such_channel(server: Server, alice: Client) -> None:
    """If target is a channel that does not exist on the network, the ERR_NOSUCHCHANNEL (403)
    numeric is returned. A secret one is not there for those outside it.
    """
    assert (
        alice.ask("MODE #nowhere", "MODE #nowhere +o alice")
        == ["403 alice #nowhere :No such channel"] * 2
    )
    alice.ask("MODE #a +s")
    assert server.client("bob").ask("MODE #a", "MODE #a b") == ["403 bob #a :No such channel"] * 2


# -- who may ----------------------------------------------------------------------------------


def test_only_operators_change_modes(server: Server, alice: Client) -> None:
    """If a user does not have appropriate privileges to change modes on the target channel, the
    server MUST not process the message, and ERR_CHANOPRIVSNEEDED (482) numeric is returned.
    """
    bob, carl = member(server, "bob"), server.client("carl")
    assert bob.ask("MODE #a +o bob") == ["482 bob #a :You're not channel operator"]
    assert bob.ask("MODE #a +mitk-l x") == ["482 bob #a :You're not channel operator"]
    assert carl.ask("MODE #a +o bob") == ["442 carl #a :You're not on that channel"]
    assert alice.heard() == []


# -- roles ------------------------------------------------------------------------------------


def test_roles_are_given_and_taken(server: Server, alice: Client) -> None:
    bob = member(server, "bob")
    assert alice.ask("MODE #a +o BOB") == [":alice MODE #a +o bob"] == bob.heard()
    assert bob.ask("MODE #a -o+v alice alice") == [":bob MODE #a -o+v alice alice"]
    assert alice.ask("NAMES #a")[1] == "353 alice = #a :+alice @bob"


def test_targets_of_roles(server: Server, alice: Client) -> None:
    server.client("bob")
    assert alice.ask("MODE #a +o nobody") == ["401 alice nobody :No such nick/channel"]
    assert alice.ask("MODE #a +v bob") == ["441 alice bob #a :They aren't on that channel"]
    assert alice.ask("MODE #a +o") == ["461 alice MODE :Not enough parameters"]


def test_what_is_so_already_is_not_told(server: Server, alice: Client) -> None:
    bob = member(server, "bob")
    assert alice.ask("MODE #a +ntov alice bob") == [":alice MODE #a +v bob"]
    assert alice.ask("MODE #a +ntov-i alice bob") == []
    assert bob.heard() == [":alice MODE #a +v bob"]


# -- lists ------------------------------------------------------------------------------------


def test_bans_are_listed_to_anyone_who_asks(server: Server, alice: Client) -> None:
    """If a type A mode has been sent without an argument, the contents of the list MUST be sent.
    RPL_BANLIST (367): "<client> <channel> <mask> [<who> <set-ts>]".
    """
    when = server.now_ms // 1000
    alice.ask("MODE #a +bb evil *@bad.example")
    bob = server.client("bob")
    assert (
        bob.ask("MODE #a b")
        == bob.ask("MODE #a +bb")
        == [
            f"367 bob #a evil!*@* alice {when}",
            f"367 bob #a *!*@bad.example alice {when}",
            "368 bob #a :End of channel ban list",
        ]
    )


def test_bans_are_lifted_whatever_their_case(alice: Client) -> None:
    alice.ask("MODE #a +b EVIL!*@*")
    assert alice.ask("MODE #a +b evil!*@*") == [], "it is there already"
    assert alice.ask("MODE #a -b evil") == [":alice MODE #a -b EVIL!*@*"]
    assert alice.ask("MODE #a b") == ["368 alice #a :End of channel ban list"]
    assert alice.ask("MODE #a -b evil") == []


def test_as_many_bans_as_announced(open_server: OpenServer) -> None:
    """ERR_BANLISTFULL (478): "<client> <channel> <char> :Channel list is full"."""
    alice = open_server(bans_per_channel_max=2).client("alice")
    alice.ask("JOIN #a", "MODE #a +b one", "MODE #a +b two")
    assert alice.ask("MODE #a +b three") == ["478 alice #a b :Channel list is full"]
    assert alice.ask("MODE #a -b one") == [":alice MODE #a -b one!*@*"]
    assert alice.ask("MODE #a +b three") == [":alice MODE #a +b three!*@*"]


def test_the_bans_of_one_line_are_counted_together(open_server: OpenServer) -> None:
    """MAXLIST: the changes already taken from the line count."""
    alice = open_server(bans_per_channel_max=3).client("alice")
    alice.ask("JOIN #a", "MODE #a +bb one two")
    assert alice.ask("MODE #a +bbbb one ONE three four") == [
        "478 alice #a b :Channel list is full",
        ":alice MODE #a +b three!*@*",
    ]
    assert alice.ask("MODE #a +b-b+b five one five") == [
        "478 alice #a b :Channel list is full",
        ":alice MODE #a -b+b one!*@* five!*@*",
    ]


@pytest.mark.parametrize("mask", ["a\u202eb", "a\x1bb", "x" * 250], ids=ascii)
def test_masks_that_hide_control_or_never_end(alice: Client, mask: str) -> None:
    """ERR_INVALIDMODEPARAM (696): "<client> <target> <mode char> <parameter> :<description>"."""
    (refused,) = alice.read(f"MODE #a +b {mask}")
    assert (refused.command, *refused.params[1:3]) == ("696", "#a", "b")


# -- key and limit ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", [":two words", "long" * 100, ":", "a,b", "კოდი", "a\x07", ""])
def test_keys_that_join_could_not_say(alice: Client, key: str) -> None:
    """Servers may validate the value. If the value is invalid, they SHOULD return
    ERR_INVALIDMODEPARAM (696).
    """
    (refused,) = alice.read(f"MODE #a +k {key}")
    assert (refused.command, *refused.params[:4]) == ("696", "alice", "#a", "k", "*")


def test_a_key_as_long_as_announced(alice: Client) -> None:
    assert alice.ask(f"MODE #a +k {'k' * 23}") == [f":alice MODE #a +k {'k' * 23}"]
    assert commands(alice.read(f"MODE #a +k {'k' * 24}")) == ["696"]


def test_a_key_is_taken_away_with_any_argument_or_none(server: Server, alice: Client) -> None:
    alice.ask("MODE #a +k key")
    assert alice.ask("MODE #a -k wrong") == [":alice MODE #a -k *"]
    alice.ask("MODE #a +k key")
    assert alice.ask("MODE #a -k") == [":alice MODE #a -k *"]
    assert member(server, "bob").nick == "bob"


@pytest.mark.parametrize(("given", "shown"), [("5", "5"), ("007", "7"), ("999999999", "999999999")])
def test_limits(alice: Client, given: str, shown: str) -> None:
    assert alice.ask(f"MODE #a +l {given}") == [f":alice MODE #a +l {shown}"]
    assert alice.ask("MODE #a -l") == [":alice MODE #a -l"]


@pytest.mark.parametrize("limit", ["0", "-5", "x", "1e3", "9" * 10, "٣"])
def test_limits_that_are_none(alice: Client, limit: str) -> None:
    (refused,) = alice.read(f"MODE #a +l {limit}")
    assert (refused.command, *refused.params[1:4]) == ("696", "#a", "l", limit)


def test_a_missing_limit(alice: Client) -> None:
    assert alice.ask("MODE #a +l") == ["461 alice MODE :Not enough parameters"]


# -- speaking ---------------------------------------------------------------------------------


def test_moderated(server: Server, alice: Client) -> None:
    """Only users who have channel privileges may send messages to that channel."""
    bob = member(server, "bob")
    alice.ask("MODE #a +m")
    bob.heard()
    silenced = ["404 bob #a :Cannot send to channel (+m): only those with a voice speak here"]
    assert bob.ask("PRIVMSG #a :hi") == silenced
    assert alice.ask("PRIVMSG #a :order!") == []
    assert bob.heard() == [":alice PRIVMSG #a order!"]
    alice.ask("MODE #a +v bob")
    bob.heard()
    assert bob.ask("PRIVMSG #a :thanks") == []
    assert alice.heard() == [":bob PRIVMSG #a thanks"]


def test_no_external_messages(server: Server, alice: Client) -> None:
    """Users that are not joined to the channel may not send to it."""
    bob = server.client("bob")
    refused = ["404 bob #a :Cannot send to channel (+n): you are not in it"]
    assert bob.ask("PRIVMSG #a :hi") == refused
    alice.ask("MODE #a -n")
    assert bob.ask("PRIVMSG #a :hi") == []
    assert alice.heard() == [":bob PRIVMSG #a hi"]


@pytest.mark.parametrize("lock", ["+i", "+k key"])
def test_a_locked_channel_takes_nothing_from_outside(
    server: Server, alice: Client, lock: str
) -> None:
    alice.ask("MODE #a -n", f"MODE #a {lock}")
    assert commands(server.client("bob").read("PRIVMSG #a :hi")) == ["404"]


def test_a_ban_silences_who_has_no_role(server: Server, alice: Client) -> None:
    bob = member(server, "bob")
    alice.ask("MODE #a +b bob")
    bob.heard()
    assert bob.ask("PRIVMSG #a :hi") == [
        "404 bob #a :Cannot send to channel (+b): you are banned from it"
    ]
    alice.ask("MODE #a +v bob")
    bob.heard()
    assert bob.ask("PRIVMSG #a :hi") == []


def test_only_who_is_logged_in_enters_or_speaks(server: Server, alice: Client) -> None:
    """+R: only registered users join; +M: only registered users, and those with a role, speak."""
    bob = member(server, "bob")
    alice.ask("MODE #a +M")
    bob.heard()
    silenced = "only those who are logged in or have a voice speak here"
    assert bob.ask("PRIVMSG #a :hi") == [f"404 bob #a :Cannot send to channel (+M): {silenced}"]
    alice.ask("MODE #a +v-M+MR bob")
    bob.heard()
    assert bob.ask("PRIVMSG #a :hi") == []
    carl = server.client("carl")
    assert carl.ask("JOIN #a") == [
        "477 carl #a :Cannot join channel (+R): only people who are logged in enter it"
    ]
    alice.ask("MODE #a -n")
    assert commands(carl.read("PRIVMSG #a :hi")) == ["404"], "nor does anybody speak from outside"


def test_no_ctcp_but_actions(server: Server, alice: Client) -> None:
    bob = member(server, "bob")
    alice.ask("MODE #a +C")
    bob.heard()
    assert alice.ask("PRIVMSG #a :\x01ACTION waves\x01") == []
    assert commands(alice.read("PRIVMSG #a :\x01PING 1\x01")) == ["404"]
    assert alice.ask("NOTICE #a :\x01PING 1\x01") == []
    assert bob.heard() == [":alice PRIVMSG #a :\x01ACTION waves\x01"]


# -- the line itself --------------------------------------------------------------------------


def test_unknown_letters_are_each_named_once(alice: Client) -> None:
    """ERR_UNKNOWNMODE (472): "<client> <modechar> :is unknown mode char to me"."""
    assert alice.ask("MODE #a +x-x+yix") == [
        "472 alice x :is unknown mode char to me",
        "472 alice y :is unknown mode char to me",
        ":alice MODE #a +i",
    ]


def test_a_line_asks_for_as_many_changes_as_announced(alice: Client) -> None:
    letters, masks = "+b" * MODES_A_COMMAND, " ".join("abcdefghijkl")
    alice.ask(f"MODE #a {letters} {masks}")
    bans = [line for line in alice.ask("MODE #a b") if line.startswith("367")]
    assert len(bans) == MODES_A_COMMAND


def test_a_line_that_asks_for_more_is_refused_whole_and_in_words(server: Server) -> None:
    """Nobody is to believe that a lock was set which was past the limit."""
    alice = server.client("alice", "standard-replies")
    alice.ask("JOIN #a")
    words = "Nothing was changed: 12 changes at most, these are 13"
    letters, masks = "+b" * MODES_A_COMMAND, " ".join("abcdefghijkl")
    assert alice.ask(f"MODE #a {letters}+i {masks}") == [f"FAIL MODE TOO_MANY_CHANGES #a :{words}"]
    assert alice.ask("MODE #a b") == ["368 alice #a :End of channel ban list"]
    assert member(server, "bob").ask(f"MODE #a {letters}+i {masks}") == [
        f"400 bob MODE :TOO_MANY_CHANGES: {words}"
    ]


def test_a_thousand_letters_and_arguments_are_answered_in_few_words(alice: Client) -> None:
    assert len(alice.ask("MODE #a +" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" * 18)) == 1
    assert len(alice.ask("MODE #a +ABDFGHJKLNOP")) == MODES_A_COMMAND
    assert len(alice.ask("MODE #a " + "+o-v" * 6 + " nobody" * 60)) == 1
    assert len(alice.ask("MODE #a " + "b" * MODES_A_COMMAND)) == 1
    assert alice.ask("MODE #a :", "MODE #a +-+-", "MODE #a :+ - ") in (
        [],
        ["472 alice * :is unknown mode char to me"],
    )


def test_many_long_masks_are_told_in_lines_that_fit(server: Server, alice: Client) -> None:
    bob = member(server, "bob")
    masks = [f"{'ა' * 29}{letter}!*@{'b' * 32}.lan" for letter in "აბ"]
    alice.ask("MODE #a +bb " + " ".join(masks))
    alice.ask("MODE #a -bb+b " + " ".join(masks) + f" {'x' * 120}@*")
    lines = bob.read_raw()
    assert max(map(len, lines)) <= 512
    told = [word for line in lines for word in line.decode().split()[4:]]
    assert told == [*masks, *masks, f"*!{'x' * 120}@*"]


@pytest.mark.parametrize("size", range(98, 115))
def test_masks_about_as_long_as_a_line(server: Server, alice: Client, size: int) -> None:
    bob = member(server, "bob")
    masks = [f"{letter * size}!*@*{letter * 5}" for letter in "abcd"]
    alice.ask("MODE #a +bbbb " + " ".join(masks))
    lines = bob.read_raw()
    assert max(map(len, lines)) <= 512
    assert [word for line in lines for word in line.decode().split()[4:]] == masks


def test_odd_words(alice: Client) -> None:
    assert alice.ask("MODE") == ["461 alice MODE :Not enough parameters"]
    assert alice.ask("MODE #a +ვ") == ["472 alice ვ :is unknown mode char to me"]
