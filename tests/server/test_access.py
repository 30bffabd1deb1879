"""Who may join, by address and in words."""

from __future__ import annotations

import shlex

import pytest

from xchat.config import Config, load
from xchat.server.access import admits, who_may_join

NEAR = [
    "127.0.0.1", "127.255.0.1", "::1", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.0.1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0",
    "::ffff:192.168.1.1", "::ffff:127.0.0.1",
]  # fmt: skip
FAR = [
    "8.8.8.8", "172.15.255.255", "172.32.0.1", "192.169.0.1",
    "100.64.0.1", "100.127.255.255", "::ffff:100.64.0.1",  # shared with others (RFC 6598)
    "2001:db8::1", "2600::1", "::ffff:8.8.8.8", "0.0.0.0", "::", "224.0.0.1", "", "localhost",
]  # fmt: skip


@pytest.mark.parametrize("address", NEAR)
def test_without_a_policy_this_machine_and_private_networks_may_join(address: str) -> None:
    """`[access] policy`: unset means open to loopback and private networks only."""
    assert admits(None, address)


@pytest.mark.parametrize("address", FAR)
def test_without_a_policy_nobody_else_may(address: str) -> None:
    assert not admits(None, address)


@pytest.mark.parametrize("policy", ["open", "accounts", "devices"])
def test_with_a_policy_chosen_an_address_refuses_nobody(policy: str) -> None:
    for address in NEAR + FAR[:-2]:
        assert admits(policy, address)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sets", "addresses", "words"),
    [
        ([], ["0.0.0.0", "::"], "this machine and private networks may join"),
        (['access.policy="open"'], ["0.0.0.0"], "anyone who can reach it may join"),
        (['access.policy="accounts"'], ["::"], "logged in to an account may join"),
        (['access.policy="devices"'], ["10.0.0.1"], "has a device of an account may join"),
        (['access.policy="open"'], ["127.0.0.1", "::1"], "only this machine may join"),
        ([], ["localhost"], "only this machine may join"),
        (['tls.client_certificates="required"'], ["::"], "join, with a certificate of its CA"),
    ],
)
def test_one_line_says_who_may_join(sets: list[str], addresses: list[str], words: str) -> None:
    line = who_may_join(load(None, sets), addresses)
    assert words in line
    assert "\n" not in line


def test_the_line_says_that_a_password_is_asked_and_not_which() -> None:
    line = who_may_join(load(None, [], {"server.password": "hunter2"}), ["::"])
    assert line == (
        "this machine and private networks may join, with the server's password; "
        "for others: --set 'access.policy=\"open\"'"
    )
    assert "hunter2" not in line


def test_the_setting_it_names_is_one() -> None:
    *_, option, value = shlex.split(who_may_join(Config(), ["::"]))
    assert option == "--set"
    assert load(None, [value]).access.policy == "open"
