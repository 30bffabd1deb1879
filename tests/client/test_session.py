"""The session on one connection: being let in, being there, talking, leaving."""

from __future__ import annotations

import pytest

from tests.client.scripted import ALL, PLAIN, Script, label_of, of, one, said
from xchat.client.session import OfflineError
from xchat.client.session.events import (
    Disconnected,
    EntryRefused,
    Event,
    GapFilled,
    HistoryReceived,
    Invited,
    Joined,
    JoinRefused,
    Kicked,
    LeftNetwork,
    LineDropped,
    MessageKept,
    MessageReceived,
    MessageRefused,
    ModeChanged,
    NamesListed,
    NickChanged,
    NickRefused,
    Parted,
    Refused,
    Registered,
    ServerSaid,
    TopicChanged,
    WhoisReceived,
)
from xchat.errors import UsageError
from xchat.limits.client import DEAD_AFTER_SECONDS, PING_AFTER_SECONDS


@pytest.fixture
def script() -> Script:
    """Somebody who is let in, with every capability."""
    script = Script()
    script.register()
    script.sent()
    return script


@pytest.fixture
def lobby(script: Script) -> Script:
    """The same, in #lobby with gio."""
    script.enter()
    return script


# -- registration -----------------------------------------------------------------------------
def test_says_who_it_is_at_once() -> None:
    script = Script()
    script.connect()
    assert script.sent() == ["CAP LS 302", "NICK ana", "USER xchat 0 * XChat"]


def test_asks_for_the_wanted_capabilities_that_are_offered() -> None:
    """A server MAY send multiple lines of CAP LS: all but the last have a `*`."""
    script = Script()
    script.connect()
    script.sent()
    script.server(":s CAP * LS * :batch sasl=PLAIN")
    assert script.sent() == []
    script.server(":s CAP * LS :server-time=x unknown")
    assert script.sent() == ["CAP REQ :server-time batch"]
    script.server(":s CAP ana ACK :server-time batch")
    assert script.sent() == ["CAP END"]


def test_asks_for_each_alone_where_all_together_are_refused() -> None:
    script = Script()
    script.connect()
    script.server(":s CAP * LS :batch server-time")
    script.sent()
    script.server(":s CAP * NAK :batch server-time")
    assert script.sent() == ["CAP REQ server-time", "CAP REQ batch"]
    script.server(":s CAP * NAK :server-time")
    assert script.sent() == []
    script.server(":s CAP * ACK :batch")
    assert script.sent() == ["CAP END"]


def test_is_let_in_by_a_server_without_capabilities() -> None:
    script = Script()
    script.connect()
    script.server(":s 421 ana CAP :Unknown command", ":s 001 ana :Hi", ":s 376 ana :End")
    assert script.session.ready


def test_takes_capabilities_that_come_and_go(script: Script) -> None:
    """CAP NEW and CAP DEL (cap-notify)."""
    script.server(":s CAP ana DEL :echo-message")
    script.server(":s CAP ana NEW :echo-message")
    assert script.sent() == ["CAP REQ echo-message"]


def test_tells_the_nick_and_the_network_it_got() -> None:
    script = Script()
    told = one(Registered, script.register("ana2"))
    assert (told.nick, told.network, told.again) == ("ana2", "Test", False)
    assert script.session.nick == "ana2"


def test_a_taken_nick_at_first_is_said_and_another_may_be_asked_for() -> None:
    script = Script()
    script.negotiate()
    script.sent()
    refused = one(NickRefused, script.server(":s 433 * ana :Nickname is already in use"))
    assert refused.taken
    assert refused.words == "Nickname is already in use"
    assert script.sent() == []
    script.session.change_nick("eka")
    assert script.sent() == ["NICK eka"]
    assert one(Registered, script.welcome("eka")).nick == "eka"


@pytest.mark.parametrize(
    ("line", "permanent"),
    [
        (":s 465 ana :You are banned", True),
        ("ERROR :Closing link: this server is for its own network", True),
    ],
)
def test_a_refused_entry_is_told_in_the_servers_words(line: str, permanent: object) -> None:
    script = Script()
    script.negotiate()
    refused = one(EntryRefused, script.server(line, "ERROR :Closing link"))
    assert refused.words in line
    assert refused.permanent is permanent
    assert one(Disconnected, script.lose()).retry_at is None


def test_a_server_that_never_lets_us_in_is_given_up() -> None:
    script = Script()
    script.negotiate()
    assert script.session.deadline() == script.now + 30
    script.pass_time(30)
    assert "did not let us in" in (script.session.hang_up or "")


# -- being alive ------------------------------------------------------------------------------
def test_answers_ping(script: Script) -> None:
    script.server("PING :what is this")
    assert script.sent() == ["PONG :what is this"]


def test_asks_a_silent_server_and_gives_it_up_in_the_end(script: Script) -> None:
    assert script.session.deadline() == script.now + PING_AFTER_SECONDS
    script.pass_time(PING_AFTER_SECONDS)
    assert script.sent() == ["PING alive"]
    script.pass_time(DEAD_AFTER_SECONDS - 1)
    assert script.session.hang_up is None
    script.pass_time(1)
    assert script.session.hang_up == "the server has fallen silent"


def test_any_word_of_the_servers_is_a_sign_of_life(script: Script) -> None:
    script.pass_time(PING_AFTER_SECONDS)
    script.server("PONG s alive")
    script.pass_time(DEAD_AFTER_SECONDS)
    assert script.session.hang_up is None


# -- channels and who is there ----------------------------------------------------------------
def test_joins_and_learns_who_is_there(script: Script) -> None:
    script.session.join("#lobby")
    assert script.sent() == ["JOIN #lobby"]
    events = script.enter()
    assert one(Joined, events).own
    assert one(NamesListed, events).names == ("@gio", "ana")
    assert script.session.members("#lobby") == ("@gio", "ana")


def test_reads_names_with_all_prefixes_and_hosts(script: Script) -> None:
    """multi-prefix and userhost-in-names."""
    script.session.join("#a")
    events = script.server(
        ":ana!u@h JOIN #a", ":s 353 ana = #a :@+gio!g@h ana!u@h", ":s 366 ana #a :End"
    )
    assert one(NamesListed, events).names == ("@+gio", "ana")


def test_follows_who_comes_and_goes(lobby: Script) -> None:
    joined = one(Joined, lobby.server(":eka!e@h JOIN #lobby * :Eka K"))
    assert (joined.nick, joined.own) == ("eka", False)
    assert one(NickChanged, lobby.server(":eka!e@h NICK nino")).channels == ("#lobby",)
    assert lobby.session.members("#lobby") == ("@gio", "ana", "nino")
    assert one(Parted, lobby.server(":nino!e@h PART #lobby :bye")).reason == "bye"
    assert one(LeftNetwork, lobby.server(":gio!g@h QUIT :gone")).channels == ("#lobby",)
    assert lobby.session.members("#lobby") == ("ana",)


def test_follows_modes_that_give_and_take_prefixes(lobby: Script) -> None:
    lobby.server(":gio!g@h MODE #lobby +bv-o *!*@bad ana gio")
    assert lobby.session.members("#lobby") == ("gio", "+ana")
    changed = one(ModeChanged, lobby.server(":gio!g@h MODE #lobby +ol ana 5"))
    assert changed.words == "+ol ana 5"
    assert lobby.session.members("#lobby") == ("gio", "@+ana")


def test_names_fold_as_the_server_says(lobby: Script) -> None:
    assert lobby.session.same("#ᲗᲑᲘᲚᲘᲡᲘ", "#თბილისი")
    assert lobby.session.same("#LOBBY", "#lobby")
    assert not lobby.session.same("[a]", "{a}")


def test_tells_topics_kicks_and_invitations(lobby: Script) -> None:
    assert one(TopicChanged, lobby.server(":s 332 ana #lobby :old")).by is None
    assert one(TopicChanged, lobby.server(":gio!g@h TOPIC #lobby :new")).by == "gio"
    assert one(Invited, lobby.server(":gio!g@h INVITE ana #b")).channel == "#b"
    assert not one(Kicked, lobby.server(":gio!g@h KICK #lobby eka :no")).own
    assert one(Kicked, lobby.server(":gio!g@h KICK #lobby ana :out")).own
    assert lobby.session.channels == ()


def test_a_channel_that_we_may_not_enter_is_told_with_its_words(script: Script) -> None:
    script.session.join("#secret")
    script.session.say("#secret", "hello")
    script.sent()
    events = script.server(":s 473 ana #secret :Cannot join channel (+i)")
    assert one(JoinRefused, events).words == "Cannot join channel (+i)"
    assert one(MessageRefused, events).text == "hello"
    assert script.session.idle


def test_leaving_a_channel_forgets_it(lobby: Script) -> None:
    lobby.session.part("#lobby", "tea")
    assert lobby.sent() == ["PART #lobby tea"]
    assert one(Parted, lobby.server(":ana!u@h PART #lobby :tea")).own
    assert lobby.session.channels == ()


def test_gathers_what_is_known_of_somebody(lobby: Script) -> None:
    lobby.session.ask_whois("gio")
    events = lobby.server(
        ":s 311 ana gio g host * :Giorgi", ":s 319 ana gio :@#lobby", ":s 318 ana gio :End"
    )
    assert one(WhoisReceived, events).facts == (("is", "g@host (Giorgi)"), ("is in", "@#lobby"))


def test_other_refusals_are_told_in_the_servers_words(lobby: Script) -> None:
    refused = one(Refused, lobby.server(":s 482 ana #lobby :You're not channel operator"))
    assert (refused.about, refused.words) == (("#lobby",), "You're not channel operator")
    refused = one(Refused, lobby.server("FAIL TOPIC TOO_LONG #lobby :That is too long"))
    assert (refused.code, refused.words) == ("TOO_LONG", "That is too long")
    assert one(ServerSaid, lobby.server("NOTE * HELLO :Mind the step")).words == "Mind the step"


# -- talking ----------------------------------------------------------------------------------
def test_tells_what_is_said(lobby: Script) -> None:
    told = one(MessageReceived, lobby.server(said(1, "გამარჯობა 👋")))
    assert (told.nick, told.buffer, told.text) == ("gio", "#lobby", "გამარჯობა 👋")
    assert (told.msgid, told.time, told.own) == ("m1", "2026-01-01T10:00:01.000Z", False)
    told = one(MessageReceived, lobby.server(said(2, "\x01ACTION waves\x01")))
    assert (told.kind, told.text) == ("action", "waves")
    told = one(MessageReceived, lobby.server(said(3, "psst", target="ana")))
    assert told.buffer == "gio"
    told = one(MessageReceived, lobby.server(":s NOTICE ana :hm"))
    assert (told.kind, told.time, told.msgid) == ("notice", None, None)


def test_a_time_or_an_id_that_is_none_is_not_passed_on(lobby: Script) -> None:
    line = "@msgid=a\\sb;time=\x1b[2J :gio!g@h PRIVMSG #lobby :x"
    told = one(MessageReceived, lobby.server(line))
    assert (told.msgid, told.time) == (None, None)


def test_a_line_of_ours_is_kept_when_its_echo_comes(lobby: Script) -> None:
    (line,) = lobby.session.say("#lobby", "hello there")
    (sent,) = lobby.sent()
    assert sent.endswith(" PRIVMSG #lobby :hello there")
    assert lobby.session.unsettled == 1
    events = lobby.server(said(5, "hello there", nick="ana", more=f"label={label_of(sent)};"))
    kept = one(MessageKept, events)
    assert (kept.line, kept.msgid, kept.proven) == (line, "m5", True)
    assert one(MessageReceived, events).own
    assert lobby.session.idle


def test_an_echo_in_a_labelled_batch_counts(lobby: Script) -> None:
    """Somebody who is away answers with a 301 beside the echo."""
    lobby.session.say("gio", "there?")
    label = label_of(lobby.sent()[0])
    events = lobby.server(
        f"@label={label} :s BATCH +r labeled-response",
        "@batch=r :s 301 ana gio :at lunch",
        f"@batch=r;{said(6, 'there?', nick='ana', target='gio')[1:]}",
        ":s BATCH -r",
    )
    assert one(MessageKept, events).msgid == "m6"
    assert one(MessageReceived, events).buffer == "gio"


def test_words_of_ours_from_elsewhere_are_no_echo_of_this_line(lobby: Script) -> None:
    lobby.session.say("#lobby", "same")
    events = lobby.server(said(7, "same", nick="ana"))
    assert of(MessageKept, events) == []
    assert lobby.session.unsettled == 1


@pytest.mark.parametrize(
    "answer",
    [
        "@label={} :s 404 ana #lobby :Cannot send to channel",
        "@label={} FAIL PRIVMSG CANNOT_KEEP #lobby :Cannot send to channel",
    ],
)
def test_a_line_that_is_refused_is_told_with_its_words(lobby: Script, answer: str) -> None:
    (line,) = lobby.session.say("#lobby", "hello")
    events = lobby.server(answer.format(label_of(lobby.sent()[0])))
    refused = one(MessageRefused, events)
    assert (refused.line, refused.words) == (line, "Cannot send to channel")
    assert lobby.session.idle


def test_a_line_answered_by_nothing_is_not_kept(lobby: Script) -> None:
    lobby.session.say("#lobby", "hello")
    events = lobby.server(f"@label={label_of(lobby.sent()[0])} :s ACK")
    assert "gave no reason" in one(MessageRefused, events).words


def test_a_message_to_oneself_is_told_once(lobby: Script) -> None:
    lobby.session.say("ana", "note")
    label = label_of(lobby.sent()[0])
    events = lobby.server(
        said(8, "note", nick="ana", target="ana", more=f"label={label};"),
        said(8, "note", nick="ana", target="ana"),
    )
    assert len(of(MessageReceived, events)) == 1


def test_not_more_lines_fly_than_the_window_holds(lobby: Script) -> None:
    """Flood control of the server is never met: the next is sent when one is kept."""
    lobby.session.say("#lobby", "\n".join(f"line {number}" for number in range(20)))
    sent = lobby.sent()
    assert [line.rpartition(":")[2] for line in sent] == [f"line {number}" for number in range(8)]
    lobby.server(said(9, "line 0", nick="ana", more=f"label={label_of(sent[0])};"))
    assert [line.rpartition(":")[2] for line in lobby.sent()] == ["line 8"]


def test_long_lines_are_cut_to_fit(lobby: Script) -> None:
    """What arrives, `:ana!u@h PRIVMSG #lobby :...`, is at most 512 bytes."""
    text = " ".join(["გამარჯობა"] * 60)
    lobby.session.say("#lobby", text)
    pieces = [line.partition(" :")[2] for line in lobby.sent()]
    assert " ".join(pieces) == text
    assert len(pieces) > 2
    for piece in pieces:
        assert len(f":ana!u@h PRIVMSG #lobby :{piece}\r\n".encode()) <= 512


def test_a_name_that_would_be_another_command_is_refused(lobby: Script) -> None:
    for name in ("", "a b", "#a,#b", ":x", "a\r\nQUIT", "\udcff"):
        with pytest.raises(UsageError):
            lobby.session.say(name, "x")
    lobby.session.change_topic("#lobby", "one\r\nQUIT :two")
    assert lobby.sent() == ["TOPIC #lobby :one  QUIT :two"]


# -- a server that lacks what is new ----------------------------------------------------------
def test_without_echo_a_line_is_handed_over_when_the_server_has_passed_it() -> None:
    """No echo-message, no labels: a PING after the line shows when it has been dealt with."""
    script = Script(caps=PLAIN)
    script.register()
    script.enter()
    script.session.say("#lobby", "hello")
    line, ping = script.sent()
    assert line == "PRIVMSG #lobby hello"
    events = script.server(f":s PONG s {ping.split()[1]}")
    kept = one(MessageKept, events)
    assert not kept.proven
    assert one(MessageReceived, events).text == "hello"
    assert script.session.idle


def test_without_labels_a_refusal_is_matched_by_its_target() -> None:
    script = Script(caps=PLAIN)
    script.register()
    script.enter()
    script.session.say("#lobby", "hello")
    ping = script.sent()[1]
    assert one(MessageRefused, script.server(":s 404 ana #lobby :No")).words == "No"
    assert of(MessageKept, script.server(f":s PONG s {ping.split()[1]}")) == []


def test_without_labels_an_echo_is_matched_by_its_words() -> None:
    script = Script(caps="echo-message")
    script.register()
    script.enter()
    script.session.say("#lobby", "hello")
    assert one(MessageKept, script.server(":ana!u@h PRIVMSG #lobby :hello")).proven


# -- history ----------------------------------------------------------------------------------
def test_asks_for_history(lobby: Script) -> None:
    lobby.session.ask_history("#lobby", 2)
    (asked,) = lobby.sent()
    assert asked.endswith(" CHATHISTORY LATEST #lobby * 100")
    lines = [f"@batch=b;{said(number, str(number))[1:]}" for number in (1, 2, 3)]
    events = lobby.server(
        f"@label={label_of(asked)} :s BATCH +b chathistory #lobby", *lines, ":s BATCH -b"
    )
    told = one(HistoryReceived, events).messages
    assert [message.text for message in told] == ["2", "3"]
    assert all(message.replayed for message in told)


def test_a_refused_history_is_told(lobby: Script) -> None:
    lobby.session.ask_history("#other", 2)
    label = label_of(lobby.sent()[0])
    words = f"@label={label} FAIL CHATHISTORY INVALID_TARGET LATEST #other :No such channel"
    assert one(Refused, lobby.server(words)).words == "No such channel"
    assert lobby.session.idle


def test_history_of_a_join_comes_before_what_is_live(script: Script) -> None:
    script.session.join("#lobby", history=150)
    script.server(":ana!u@h JOIN #lobby")
    assert script.sent()[-1].endswith("CHATHISTORY LATEST #lobby * 100")
    script.server(said(500, "live"))
    script.server(
        ":s BATCH +b chathistory #lobby",
        *(f"@batch=b;{said(number, str(number))[1:]}" for number in range(300, 400)),
        ":s BATCH -b",
    )
    assert script.sent()[-1].endswith("CHATHISTORY BEFORE #lobby msgid=m300 100")
    events = script.server(
        ":s BATCH +b chathistory #lobby",
        *(f"@batch=b;{said(number, str(number))[1:]}" for number in range(200, 300)),
        ":s BATCH -b",
    )
    told = [message.text for message in of(MessageReceived, events)]
    assert told == [*(str(number) for number in range(250, 400)), "live"]
    assert of(GapFilled, events) == []


# -- leaving ----------------------------------------------------------------------------------
def test_leaves_with_a_word_and_does_not_come_back(lobby: Script) -> None:
    lobby.session.quit("bye now")
    assert lobby.sent() == ["QUIT :bye now"]
    assert lobby.session.leaving
    lobby.server("ERROR :Closing link")
    assert one(Disconnected, lobby.lose()).retry_at is None


def test_does_not_wait_for_ever_for_the_goodbye(lobby: Script) -> None:
    lobby.session.quit()
    lobby.pass_time(3)
    assert lobby.session.hang_up == "left"


def test_commands_that_need_the_server_say_so_without_one(lobby: Script) -> None:
    lobby.lose()
    with pytest.raises(OfflineError):
        lobby.session.ask_names("#lobby")
    with pytest.raises(OfflineError):
        lobby.session.fence()


# -- whatever comes ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"@\r\n@ \r\n: \r\n",
        b"JOIN\r\nPART\r\nKICK #a\r\nMODE\r\n353\r\n001\r\nNICK\r\n",
        b":x JOIN\r\n:x 433\r\n:x 005 ana\r\nFAIL\r\nBATCH\r\nBATCH +\r\nBATCH -zzz\r\nACK\r\n",
        b":\xff\xfe!\x80@\x81 PRIVMSG #lobby :\xff\x00\x1b[2J\r\n",
        b"@time=9999-99-99T99:99:99Z;msgid=: :gio PRIVMSG #lobby :x\r\n",
        b":s 005 ana PREFIX=(((( CHANMODES=, CHATHISTORY=999999999999 CASEMAPPING=no -X :x\r\n",
        b"999 ana\r\n000 ana x\r\nCAP * LS\r\nCAP * NAK :\r\nCAP * ACK\r\nPING\r\nPONG\r\n",
    ],
)
def test_no_line_of_the_server_raises(lobby: Script, data: bytes) -> None:
    lobby.session.feed(data, lobby.now)
    lobby.server("PING :still there?")
    assert lobby.sent()[-1] == "PONG :still there?"


def test_a_line_past_every_bound_is_dropped_and_told(lobby: Script) -> None:
    events: list[Event] = lobby.session.feed(b"x" * 20_000 + b"\r\n", lobby.now)
    assert one(LineDropped, events) == LineDropped()
    assert "echo-message" in ALL
