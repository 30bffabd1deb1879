"""Bot mode (IRCv3 bot-mode)."""

from __future__ import annotations

from tests.chat.pair import Server


def test_the_mode_is_set_and_told(server: Server) -> None:
    """The value of the BOT token is the mode character which is used to enable bot mode."""
    bot = server.client("bot")
    assert " BOT=B " in " ".join(bot.ask("VERSION"))
    assert bot.ask("MODE bot +B") == [":bot MODE bot +B"]


def test_whois_and_who_show_it(server: Server) -> None:
    """They are given a special numeric, RPL_WHOISBOT (335), as part of their WHOIS response, and it
    is indicated in their WHO flags.
    """
    alice, bot = server.client("alice"), server.client("bot")
    assert not [line for line in alice.ask("WHOIS bot") if line.startswith("335")]
    bot.ask("MODE bot +B")
    assert "335 alice bot :is a bot" in alice.ask("WHOIS bot")
    row = "352 alice * ~bot 127.0.0.1 xchat.local bot HB :0 bot's name"
    assert row in alice.ask("WHO bot")


def test_what_a_bot_says_is_tagged(server: Server) -> None:
    """The tag SHOULD be added by the server to all commands sent by a bot. It MUST only be sent to
    users who have requested the `message-tags` capability, and without a value.
    """
    bot, bob = server.client("bot"), server.client("bob", "message-tags")
    carl = server.client("carl", "server-time")
    server.channel("#a", bob, carl)
    bot.ask("MODE bot +B", "JOIN #a", "PRIVMSG #a :beep", "PRIVMSG bob :boop", "PART #a")
    for line in bob.read():
        assert line.tags.get("bot") == "", line
    assert all("bot" not in line.tags for line in carl.read())


def test_a_further_device_is_shown_a_bots_join_as_others_are(server: Server) -> None:
    """The tag SHOULD be added by the server to all commands sent by a bot."""
    account = server.account("robo")
    robo = server.client("robo", account=account)
    robo.ask("MODE robo +B", "JOIN #a")
    again = server.connect()
    again.session.claim.account = account.aid
    told = again.read("CAP REQ :message-tags", "NICK robo", "USER r 0 * :r", "CAP END")
    (join,) = [message for message in told if message.command == "JOIN"]
    assert "bot" in join.tags
