"""`xchat.pki.detect`: how this machine is reached."""

from __future__ import annotations

import socket
import subprocess
import time
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest

from xchat.pki import detect
from xchat.pki.detect import find_names


def test_the_names_of_this_machine_are_found_each_with_a_reason() -> None:
    found = {each.name: each.why for each in find_names()}
    for name in ("localhost", IPv4Address("127.0.0.1"), IPv6Address("::1")):
        assert found[name]
    assert socket.gethostname().lower() in found


@pytest.mark.needs("ip")
def test_the_addresses_of_each_interface_are_found_but_link_local_ones() -> None:
    """A link-local IPv6 address "needs a zone", so it is skipped."""
    shown = subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True, check=True).stdout
    found = {each.name for each in find_names()}
    seen: dict[str, int] = {}
    for line in shown.splitlines():
        _, interface, family, address, *_ = line.split()
        name = ip_address(address.partition("/")[0])
        seen[interface] = seen.get(interface, 0) + (family == "inet")
        if name.is_link_local:
            assert name not in found
        elif family == "inet6" or seen[interface] == 1:
            assert name in found


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late() -> str:
        time.sleep(3)
        return "too.late.example"

    monkeypatch.setattr(detect, "RESOLVE_SECONDS_MAX", 0.05)
    monkeypatch.setattr(socket, "getfqdn", too_late)
    start = time.monotonic()
    names = [each.name for each in find_names()]
    assert time.monotonic() - start < 2
    assert "too.late.example" not in names


def test_without_a_table_of_interfaces_the_resolver_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """ "macOS and Windows fall back to what socket.getaddrinfo tells"."""
    monkeypatch.setattr(detect, "_ipv4_of_interfaces", lambda: iter(()))
    monkeypatch.setattr(detect, "_ipv6_of_interfaces", lambda: iter(()))
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.7.7", 0))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [entry])
    found = {each.name: each.why for each in find_names()}
    assert "resolves" in found[IPv4Address("192.168.7.7")]
