"""Who may come in, and how many: each limit at its edge."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xchat.chat.buckets import Buckets, network_of
from xchat.errors import ConfigError
from xchat.limits import REFUSED_IN_WORDS_A_SECOND, Limits
from xchat.server.admission import Admission

HERE, THERE = "192.0.2.1", "192.0.2.2"
NOW = 100.0
SO_FAST = "handshakes_per_address_per_second"


def admission(**limits: object) -> Admission:
    given = {"connections_per_address_max": 6, "unregistered_per_address_max": 3}
    return Admission(Limits(**(given | {"unregistered_max": 5} | limits)))  # type: ignore[arg-type]


def test_an_address_may_have_so_many_that_are_not_registered() -> None:
    door = admission()
    for _ in range(3):
        assert door.refuse(HERE, NOW) is None
        door.came(HERE, NOW)
    assert door.refuse(HERE, NOW) == "unregistered_per_address_max"
    assert door.refuse(THERE, NOW) is None


def test_who_registers_makes_room_for_the_next() -> None:
    door = admission()
    for _ in range(3):
        door.came(HERE, NOW)
    door.registered(HERE)
    assert door.refuse(HERE, NOW) is None


def test_an_address_may_have_so_many_in_all() -> None:
    door = admission()
    for _ in range(6):
        assert door.refuse(HERE, NOW) is None
        door.came(HERE, NOW)
        door.registered(HERE)
    assert door.refuse(HERE, NOW) == "connections_per_address_max"
    door.went(HERE, was_registered=True)
    assert door.refuse(HERE, NOW) is None


def test_all_together_may_have_so_many_that_are_not_registered() -> None:
    door = admission()
    for number in range(5):
        assert door.refuse(f"192.0.2.{number}", NOW) is None
        door.came(f"192.0.2.{number}", NOW)
    assert door.refuse("192.0.2.200", NOW) == "unregistered_max"
    door.went("192.0.2.0", was_registered=False)
    assert door.refuse("192.0.2.200", NOW) is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_ipv6_counts_by_its_network(address: str, network: str) -> None:
    """ "for one address (IPv6: a /64)" """
    assert network_of(address) == network


def test_all_of_an_ipv6_network_share_one_limit() -> None:
    door = admission()
    for number in range(3):
        door.came(f"2001:db8::{number}", NOW)
    assert door.refuse("2001:db8::ffff", NOW) == "unregistered_per_address_max"
    assert door.refuse("2001:db8:0:1::1", NOW) is None


@pytest.mark.parametrize(
    ("networks", "address", "exempt"),
    [
        (("192.0.2.0/24",), "192.0.2.255", True),
        (("192.0.2.0/24",), "192.0.3.0", False),
        (("192.0.2.7",), "192.0.2.7", True),
        (("192.0.2.7/24",), "192.0.2.9", True),
        (("2001:db8::/32",), "2001:db8:ffff::1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("0.0.0.0/0",), "2001:db8::1", False),
        (("::/0",), "192.0.2.1", False),
        (("10.0.0.0/8", "::1/128"), "::1", True),
        ((), "127.0.0.1", False),
    ],
)
def test_an_exempt_network_is_one_that_the_limits_name(
    networks: tuple[str, ...], address: str, exempt: bool
) -> None:
    assert admission(exempt=networks).is_exempt(address) is exempt


def test_the_exempt_are_never_refused_and_take_nobodys_place() -> None:
    door = admission(exempt=("2001:db8::7/128", f"{THERE}/32"))
    for _ in range(100):
        door.came(THERE, NOW)
        door.came("2001:db8::7", NOW)
        door.registered("2001:db8::7")
    assert door.refuse(THERE, NOW) is None
    assert door.refuse(HERE, NOW) is None
    assert door.refuse("2001:db8::8", NOW) is None, "its neighbour in the /64 is counted, it is not"
    for _ in range(100):
        door.went(THERE, was_registered=False)
        door.went("2001:db8::7", was_registered=True)
    assert_empty(door)


def test_a_network_that_is_none_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r"limits\.exempt: .lan. is no network") as caught:
        admission(exempt=("lan",))
    assert caught.value.mend is not None
    assert "address/bits" in caught.value.mend


def test_a_refusal_names_its_limit_and_value() -> None:
    words = admission().explain("connections_per_address_max")
    assert words == (
        "too many connections from your address (limits.connections_per_address_max = 6)"
    )


def test_every_limit_can_be_explained() -> None:
    door = admission(unregistered_max=1, unregistered_per_address_max=1)
    for limit in ("connections_per_address_max", "unregistered_per_address_max"):
        assert f"(limits.{limit} = " in door.explain(limit)
    assert door.explain("unregistered_max").endswith("(limits.unregistered_max = 1)")


def test_refusals_are_explained_so_many_a_second_and_no_more() -> None:
    door = admission()
    times = [100 + tick / 1000 for tick in range(3000)]
    assert sum(map(door.may_explain, times)) == 3 * REFUSED_IN_WORDS_A_SECOND


def test_an_address_may_shake_hands_so_many_times_at_once_and_so_fast_after_that() -> None:
    """One that connects, shakes hands and leaves, again and again, cannot hold a core."""
    door = admission(handshakes_per_address_burst=4, handshakes_per_address_per_second=2)
    assert [come_and_go(door, HERE, NOW) for _ in range(6)] == [*[None] * 4, *[SO_FAST] * 2]
    assert come_and_go(door, THERE, NOW) is None
    assert come_and_go(door, HERE, NOW + 0.49) == SO_FAST
    assert [come_and_go(door, HERE, NOW + 0.5) for _ in range(2)] == [None, SO_FAST]
    let_in = sum(come_and_go(door, HERE, NOW + 1 + tick / 100) is None for tick in range(1000))
    assert let_in == 20
    assert [come_and_go(door, HERE, NOW + 60) for _ in range(5)] == [*[None] * 4, SO_FAST]


def test_who_is_refused_is_not_charged_for_it() -> None:
    door = admission(handshakes_per_address_burst=1, handshakes_per_address_per_second=1)
    assert come_and_go(door, HERE, NOW) is None
    assert {come_and_go(door, HERE, NOW + tick / 100) for tick in range(100)} == {SO_FAST}
    assert come_and_go(door, HERE, NOW + 1) is None


def test_all_of_an_ipv6_network_share_one_bucket_and_the_exempt_have_none() -> None:
    door = admission(handshakes_per_address_burst=2, exempt=("2001:db8:1::/64",))
    for number in range(2):
        assert come_and_go(door, f"2001:db8::{number}", NOW) is None
    assert come_and_go(door, "2001:db8::9", NOW) == SO_FAST
    assert {come_and_go(door, "2001:db8:1::1", NOW) for _ in range(1000)} == {None}
    words = door.explain(SO_FAST)
    assert words.endswith("(limits.handshakes_per_address_per_second = 16)")


def test_the_handshakes_of_so_many_addresses_are_counted() -> None:
    rate = Buckets(1, 16, 10)
    for number in range(100):
        rate.take(f"192.0.2.{number}", NOW)
    assert len(rate) == 10
    assert not rate.has_token("192.0.2.99", NOW)
    assert rate.has_token("192.0.2.0", NOW), "forgotten, as the longest quiet"


def test_whose_bucket_is_full_again_is_forgotten() -> None:
    rate = Buckets(64, 16, 16_384)
    for number in range(1000):
        rate.take(f"192.0.{number // 200}.{number % 200}", NOW)
    assert len(rate) == 1000
    for tick in range(1000):
        rate.take(HERE, NOW + 1 + tick)
    assert len(rate) == 1


def come_and_go(door: Admission, address: str, now: float) -> str | None:
    """Connect and hang up; return the limit that was in the way."""
    limit = door.refuse(address, now)
    if limit is None:
        door.came(address, now)
        door.went(address, was_registered=False)
    return limit


@given(st.data())
def test_the_counts_return_to_zero_in_whatever_order_they_come_and_go(data: st.DataObject) -> None:
    door = admission(exempt=("198.51.100.0/24",), connections_per_address_max=1000)
    addresses = [HERE, THERE, "2001:db8::1", "2001:db8::2", "198.51.100.1"]
    here: list[tuple[str, bool]] = []
    for address in data.draw(st.lists(st.sampled_from(addresses), max_size=30)):
        door.came(address, NOW)
        here.append((address, False))
        if data.draw(st.booleans()):
            place = data.draw(st.integers(0, len(here) - 1))
            if not here[place][1]:
                door.registered(here[place][0])
                here[place] = (here[place][0], True)
        if data.draw(st.booleans()):
            leaver, registered = here.pop(data.draw(st.integers(0, len(here) - 1)))
            door.went(leaver, was_registered=registered)
    for leaver, registered in data.draw(st.permutations(here)):
        door.went(leaver, was_registered=registered)
    assert_empty(door)


def assert_empty(door: Admission) -> None:
    assert not door._all
    assert not door._unregistered
    assert door._unregistered_in_all == 0
