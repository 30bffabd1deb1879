"""WHOIS (modern.ircdocs.horse, WHOIS message)."""

from __future__ import annotations

import pytest

from tests.chat.pair import OpenServer, Server, commands
from xchat.chat.devices import Device


def test_all_that_is_told(server: Server) -> None:
    """The server SHOULD answer this command with numeric messages with information about the nick,
    ending with RPL_ENDOFWHOIS (318).
    """
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#a", alice, bob)
    server.channel("#b", bob)
    bob.ask("AWAY :on a break")
    since = server.now_ms // 1000
    server.pass_time(90)
    assert alice.ask("WHOIS BOB") == [
        "311 alice bob ~bob 127.0.0.1 * :bob's name",
        "319 alice bob :#a @#b",
        "312 alice bob xchat.local :A private chat",
        "301 alice bob :on a break",
        "671 alice bob :is using a secure connection",
        f"317 alice bob 90 {since} :seconds idle, signon time",
        "318 alice bob :End of /WHOIS list",
    ]


def test_idle_is_since_something_was_said(server: Server) -> None:
    alice = server.client("alice")
    server.pass_time(60)
    alice.ask("PRIVMSG alice :still here")
    server.pass_time(5)
    alice.ask("PING x")
    idle = next(message for message in alice.read("WHOIS alice") if message.command == "317")
    assert idle.params[2] == "5"


def test_what_only_the_user_is_told(server: Server) -> None:
    """Servers typically send some of these numerics only to the client itself, as they contain
    privacy-sensitive information that should not be revealed to other users.
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.ask("MODE alice +i")
    own = alice.ask("WHOIS alice")
    assert "338 alice alice 127.0.0.1 :Is actually using host" in own
    assert "379 alice alice :is using modes +i" in own
    assert not {"338", "379"} & set(commands(bob.read("WHOIS alice")))


def test_nobody(server: Server) -> None:
    """ERR_NOSUCHNICK (401), and the end all the same; ERR_NONICKNAMEGIVEN (431)."""
    alice = server.client("alice")
    assert alice.ask("WHOIS nobody") == [
        "401 alice nobody :No such nick/channel",
        "318 alice nobody :End of /WHOIS list",
    ]
    none = ["431 alice :No nickname given"]
    assert alice.ask("WHOIS") == alice.ask("WHOIS :") == alice.ask("WHOIS ,") == none


@pytest.mark.parametrize("target", ["", "xchat.local", "XCHAT.*", "bob", "alice"])
def test_asked_of_a_server(server: Server, target: str) -> None:
    """If the target parameter is specified, it SHOULD be a server name or the nick of a user."""
    alice, _ = server.client("alice"), server.client("bob")
    assert commands(alice.read(f"WHOIS {target} bob"))[0] == "311"


def test_asked_of_another_server(server: Server) -> None:
    alice = server.client("alice")
    assert alice.ask("WHOIS irc.example.com alice") == ["402 alice irc.example.com :No such server"]


def test_several_as_many_as_announced(open_server: OpenServer) -> None:
    """They can advertise the maximum via the TARGMAX parameter, and silently drop targets if the
    number of targets exceeds the limit.
    """
    server = open_server(targets_max=2)
    alice, _ = server.client("alice"), server.client("bob")
    answers = commands(alice.read("WHOIS bob,nobody,alice"))
    assert answers.count("318") == 2
    assert "401" in answers


def test_channels_that_are_not_shown(server: Server) -> None:
    """A secret channel is shown to its members; an invisible user's to those who share them."""
    alice, bob = server.client("alice"), server.client("bob")
    server.channel("#open", alice)
    server.channel("#secret", alice)
    alice.ask("MODE #secret +s")
    assert "319 bob alice @#open" in bob.ask("WHOIS alice")
    assert "319 alice alice :@#open @#secret" in alice.ask("WHOIS alice")
    alice.ask("MODE alice +i")
    assert "319" not in commands(bob.read("WHOIS alice"))
    bob.ask("JOIN #secret")
    assert "319 bob alice @#secret" in bob.ask("WHOIS alice")


def test_many_channels_are_split_to_fit(server: Server) -> None:
    alice = server.client("alice")
    names = [f"#{'ჰ' * 45}{number}" for number in range(20)]
    server.channel(names[0], alice)
    for name in names[1:]:
        alice.ask(f"JOIN {name}")
    alice.send("WHOIS alice")
    lines = alice.read_raw()
    assert max(map(len, lines)) <= 512
    shown = [word for line in lines if b" 319 " in line for word in line.decode().split()[4:]]
    assert [word.lstrip(":@") for word in shown] == names


def test_the_account(server: Server) -> None:
    """RPL_WHOISACCOUNT (330): "<client> <nick> <account> :is logged in as"."""
    alice, bob = server.client("alice", account=server.account("Alice")), server.client("bob")
    assert "330 bob alice Alice :is logged in as" in bob.ask("WHOIS alice")
    assert "330" not in commands(alice.read("WHOIS bob"))


def test_the_certificate_is_the_users_own_affair(server: Server) -> None:
    """RPL_WHOISCERTFP (276): "<client> <nick> :has client certificate fingerprint <fingerprint>";
    servers MUST only send it to the client itself, or to operators.
    """
    alice, bob = server.client("alice"), server.client("bob")
    alice.session.certificate = "ab12"
    told = "276 alice alice :has client certificate fingerprint ab12"
    assert told in alice.ask("WHOIS alice")
    assert "276" not in commands(bob.read("WHOIS alice"))


def test_which_device_it_is_is_the_users_own_affair_too(server: Server) -> None:
    """Issue 4: "Several devices per account, each named, listed"."""
    alice, bob = server.client("alice"), server.client("bob")
    alice.session.certificate = "ab12"
    server.hub.devices = {"ab12": Device("alice", "laptop", ends=0)}
    assert "320 alice alice :is here by the device laptop of alice" in alice.ask("WHOIS alice")
    assert "320" not in commands(bob.read("WHOIS alice"))
