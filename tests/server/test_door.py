"""The door: who comes in, who is told why not, and who is only hung up on."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from tests.server.house import House, assert_empty
from xchat.chat.admin.table import begin
from xchat.config import Config
from xchat.config.settings import Access
from xchat.limits import REFUSED_IN_WORDS_A_SECOND

MakeHouse = Callable[..., House]
FREE = ("127.0.0.0/8",)
PING_SECONDS_CEILING = 1.0

TIGHT = {"connections_per_address_max": 3, "unregistered_per_address_max": 3, "unregistered_max": 5}


def test_who_is_one_too_many_is_told_the_limit(make_house: MakeHouse) -> None:
    house = make_house(**TIGHT)
    members = [house.join(f"member{number}") for number in range(3)]
    guest = house.encrypt()
    house.until(lambda: guest.end, "the end")
    (words,) = guest.lines
    assert words.startswith("ERROR :Closing link (127.0.0.1): too many connections from your addr")
    assert words.endswith("(limits.connections_per_address_max = 3)")
    (entry,) = house.recorded("abuse", kind="too many connections")
    assert entry["limit"] == "limits.connections_per_address_max"
    assert all(house.ping(member) < PING_SECONDS_CEILING for member in members)
    assert house.encrypt(source="127.0.0.2").has_shaken_hands
    members[0].say("QUIT")
    house.until(lambda: len(house.guests) == 3, "there is room")
    assert house.join("again")


def test_who_has_not_logged_in_takes_the_place_of_others_like_it(make_house: MakeHouse) -> None:
    house = make_house(**TIGHT | {"unregistered_per_address_max": 1})
    first = house.encrypt()
    second = house.encrypt()
    house.until(lambda: second.end, "the end")
    assert second.said("(limits.unregistered_per_address_max = 1)")
    first.log_in("first")
    house.until(lambda: first.said(" 422 "), "the welcome")
    assert house.join("third")


def test_all_together_may_be_so_many_before_they_log_in(make_house: MakeHouse) -> None:
    house = make_house(**TIGHT)
    for number in range(5):
        house.encrypt(source=f"127.0.1.{number}")
    sixth = house.encrypt(source="127.0.1.99")
    house.until(lambda: sixth.end, "the end")
    assert sixth.said("(limits.unregistered_max = 5)")


def test_few_refusals_are_explained_and_the_rest_cost_no_handshake(make_house: MakeHouse) -> None:
    """Being refused must cost the server less than being served, or it is a way to attack."""
    house = make_house(**TIGHT)
    for number in range(3):
        house.join(f"member{number}")
    crowd = [house.connect() for _ in range(50)]
    for guest in crowd:
        guest.tls.handshake()
    begun = time.monotonic()
    house.until(lambda: all(guest.end for guest in crowd), "all are refused")
    told = [guest for guest in crowd if guest.lines]
    seconds = time.monotonic() - begun
    assert 1 <= len(told) <= 1 + REFUSED_IN_WORDS_A_SECOND * (seconds + 1)
    assert len(house.recorded("abuse")) == 1
    for client in house.clients:
        client.close()
    house.clients.clear()
    assert_empty(house)


def test_of_those_who_are_banned_few_are_told_and_the_rest_cost_no_handshake(
    make_house: MakeHouse,
) -> None:
    """In words before the close; those who are let in notice nothing."""
    house = make_house()
    arguments = {"kind": "address", "mask": "127.0.9.0/24", "reason": "spam"}
    assert begin(house.hub, "root", "ban add", arguments).refusal is None
    ana = house.join("ana")
    crowd = [house.connect(source="127.0.9.1") for _ in range(50)]
    for guest in crowd:
        guest.tls.handshake()
    begun = time.monotonic()
    house.until(lambda: all(guest.end for guest in crowd), "all are refused")
    told = [guest for guest in crowd if guest.lines]
    assert 1 <= len(told) <= 1 + REFUSED_IN_WORDS_A_SECOND * (time.monotonic() - begun + 1)
    assert told[0].lines == [
        "ERROR :Closing link (127.0.9.1): you are banned from this server: spam"
    ]
    assert len(house.recorded("refused", kind="banned")) == 1
    assert house.ping(ana) < 1


def test_the_refused_take_nobodys_place(make_house: MakeHouse) -> None:
    """They stay a while to be told; the limit for all must not count them."""
    house = make_house(**TIGHT)
    for number in range(3):
        house.join(f"member{number}")
    refused = house.connect()
    house.until(lambda: len(house.guests) == 4, "it is in, mute")
    for number in range(5):
        assert house.encrypt(source=f"127.0.1.{number}").has_shaken_hands
    assert house.guests._door._admission._unregistered_in_all == 5
    assert not refused.end


def test_who_comes_and_goes_too_fast_is_named_with_the_limit(make_house: MakeHouse) -> None:
    house = make_house(handshakes_per_address_burst=3, handshakes_per_address_per_second=0.01)
    for _ in range(3):
        guest = house.encrypt()
        guest.close()
        house.clients.remove(guest)
        house.until(lambda: len(house.guests) == 0, "it is gone")
    fourth = house.encrypt()
    house.until(lambda: fourth.end, "the end")
    assert fourth.said("(limits.handshakes_per_address_per_second = 0.01)")
    (entry,) = house.recorded("abuse", kind="too many connections")
    assert entry["limit"] == "limits.handshakes_per_address_per_second"
    assert house.encrypt(source="127.0.0.2").has_shaken_hands


def test_the_exempt_are_spared(make_house: MakeHouse) -> None:
    house = make_house(**TIGHT, exempt=FREE)
    for number in range(10):
        house.join(f"member{number}")
    assert len(house.guests) == 10


def test_without_room_newcomers_wait_until_somebody_leaves(make_house: MakeHouse) -> None:
    """P9: "it goes on serving those it has" """
    house = make_house(room=2)
    first, second = house.join("first", "#a"), house.join("second", "#a")
    third = house.connect()
    third.tls.handshake()
    first.say("PRIVMSG #a :we are full")
    house.until(lambda: second.said("we are full"), "the message")
    assert len(house.guests) == 2
    assert not third.has_shaken_hands
    first.say("QUIT")
    house.until(lambda: third.has_shaken_hands, "the newcomer is in")


def test_a_stranger_is_refused_in_words_until_a_policy_is_set(make_house: MakeHouse) -> None:
    """ "anyone else is refused in words until a policy is chosen" """
    house = make_house()
    house.loop.address = "192.0.2.7"
    guest = house.encrypt()
    guest.log_in("ana")
    house.until(lambda: guest.end, "the end")
    (words,) = guest.lines
    assert words.startswith(
        "ERROR :Closing link (192.0.2.7): this server lets only its own machine"
    )
    assert words.endswith("until its operator sets access.policy")
    assert house.recorded("abuse", kind="refused: not from here", address="192.0.2.7")
    assert not house.hub.state.users
    assert_empty(house)


def test_strangers_of_one_ipv6_network_are_one_in_the_journal(make_house: MakeHouse) -> None:
    house = make_house()
    for number in range(3):
        house.loop.address = f"2001:db8::{number}"
        guest = house.encrypt()
        house.until(lambda: guest.end, "the end")  # noqa: B023
    (entry,) = house.recorded("abuse")
    assert entry["address"] == "2001:db8::/64"


def test_a_stranger_may_join_where_the_policy_is_open(make_house: MakeHouse) -> None:
    house = make_house(config=Config(access=Access(policy="open")))
    house.loop.address = "2001:db8::7"
    ana = house.join("ana")
    assert house.recorded("joined", address="2001:db8::7")
    ana.say("WHOIS ana")
    house.until(lambda: ana.said(" 318 "), "the answer")


def test_an_address_that_begins_with_a_colon_is_shown_as_a_parameter_may(
    make_house: MakeHouse,
) -> None:
    """Modern IRC: only the last parameter may begin with a colon."""
    house = make_house()
    house.loop.address = "::1"
    ana = house.join("ana")
    ana.say("WHO ana")
    house.until(lambda: ana.said(" 315 "), "the answer")
    assert ana.said(" 0::1 ")


@pytest.mark.parametrize("policy", ["accounts", "devices"])
def test_who_has_no_login_is_refused_in_words_where_one_is_needed(
    make_house: MakeHouse, policy: str
) -> None:
    house = make_house(config=Config(access=Access(policy=policy)))  # type: ignore[arg-type]
    guest = house.encrypt()
    guest.log_in("ana")
    house.until(lambda: guest.end, "the end")
    assert guest.said("FAIL * ACCOUNT_REQUIRED ")
    assert guest.lines[-1].startswith("ERROR :")
    assert house.recorded("refused", kind="not registered")
    assert_empty(house)


def test_one_user_too_many_is_refused_in_words(make_house: MakeHouse) -> None:
    """ "a configurable limit on users" """
    house = make_house(users_max=1)
    ana = house.join("ana")
    ben = house.encrypt()
    ben.log_in("ben")
    house.until(lambda: ben.end, "the end")
    assert "the server is full" in ben.lines[-1]
    ana.say("QUIT")
    house.until(lambda: ana.end and not house.hub.state.users, "ana is gone")
    assert house.join("cleo")


def test_the_kernel_holds_no_more_for_a_client_than_it_is_told(make_house: MakeHouse) -> None:
    """Pitfall 5: "kernel buffers took 3.9 MB": SO_SNDBUF, which Linux doubles for its own needs."""
    house = make_house(sndbuf_bytes=20_000)
    house.join("ana")
    (connection,) = house.guests._everyone
    assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 40_000
    assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
