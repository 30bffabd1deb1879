"""Where the server listens: real sockets, and each refusal in words."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from xchat.config.settings import Listen
from xchat.errors import XChatError
from xchat.journal import open_journal
from xchat.server.listeners import open_listeners, show_address

NOWHERE = "192.0.2.1"


@contextlib.contextmanager
def listening(*hosts: str, port: int = 0) -> Iterator[list[socket.socket]]:
    listeners = open_listeners(Listen(host=hosts, port=port), open_journal("json"))
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.close()


def refusal(*hosts: str, port: int = 0) -> XChatError:
    with pytest.raises(XChatError) as caught, listening(*hosts, port=port):
        pass
    assert "\n" not in caught.value.what
    return caught.value


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


def test_it_listens_and_never_blocks() -> None:
    with listening("127.0.0.1") as (listener,):
        assert not listener.getblocking()
        with pytest.raises(BlockingIOError):
            listener.accept()
        with socket.create_connection(listener.getsockname(), 5):
            pass


@needs_ipv6
def test_both_families_get_the_same_port_when_any_will_do() -> None:
    with listening("127.0.0.1", "::1") as listeners:
        assert len({listener.getsockname()[1] for listener in listeners}) == 1
        for listener in listeners:
            with socket.create_connection(listener.getsockname()[:2], 5):
                pass


@needs_ipv6
def test_all_addresses_of_both_families_are_the_default() -> None:
    with listening("0.0.0.0", "::") as listeners:
        v4, v6 = listeners
        assert v4.family == socket.AF_INET
        assert v6.family == socket.AF_INET6
        assert v6.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1


def test_a_name_is_resolved_and_each_address_is_listened_on_once() -> None:
    with listening("localhost", "127.0.0.1") as listeners:
        addresses = [listener.getsockname()[0] for listener in listeners]
    assert addresses.count("127.0.0.1") == 1


def test_a_port_in_use_is_named_with_one_to_take() -> None:
    with listening("127.0.0.1") as (listener,):
        port = listener.getsockname()[1]
        error = refusal("127.0.0.1", port=port)
    assert error.what == f"127.0.0.1:{port}: the port is in use"
    assert error.mend == f"take another one: xchat-server --port {port + 1}"


def test_a_port_left_in_time_wait_can_be_taken_at_once() -> None:
    with listening("127.0.0.1") as (listener,):
        address = listener.getsockname()
        with socket.create_connection(address, 5):
            listener.setblocking(True)
            accepted, _ = listener.accept()
            accepted.close()
    with listening("127.0.0.1", port=address[1]):
        pass


def test_an_address_of_another_machine_is_named() -> None:
    error = refusal(NOWHERE)
    assert error.what == f"{NOWHERE}:0: this machine has no such address"
    assert "--host 0.0.0.0" in str(error.mend)


def test_a_name_that_leads_nowhere_is_named() -> None:
    assert refusal("no-such-host.invalid").what.startswith("no-such-host.invalid: ")
    assert refusal("a" * 64 + ".example").what.startswith("aaa")


def test_what_was_opened_before_a_refusal_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refusal("127.0.0.1", NOWHERE, port=port)
    with listening("127.0.0.1", port=port):
        pass


# All is read before: nobody may not look into the folder of a Python that is root's.
AS_NOBODY = """
import os
import encodings.idna
from xchat.config.settings import Listen
from xchat.errors import XChatError
from xchat.journal import open_journal
from xchat.server.listeners import open_listeners
journal = open_journal("json")
os.setgid(65534)
os.setuid(65534)
try:
    open_listeners(Listen(host=("127.0.0.1",), port=81), journal)
except XChatError as error:
    print(error)
"""


def first_free_port() -> int:
    setting = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return int(setting.read_text()) if setting.exists() else 1024


@pytest.mark.skipif(os.geteuid() != 0 or first_free_port() <= 81, reason="any port is for anyone")
def test_a_port_for_root_is_refused_in_words() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY], capture_output=True, text=True, timeout=30, check=True
    )
    assert "127.0.0.1:81: this user may not listen on so low a port" in done.stdout
    assert "--port 8080" in done.stdout


WITHOUT_IPV6 = """
import errno, io, socket, sys
real = socket.socket
class OnlyIPv4(real):
    def __init__(self, family=-1, *rest, **more):
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported")
        super().__init__(family, *rest, **more)
socket.socket = OnlyIPv4
from xchat.config.settings import Listen
from xchat.journal import open_journal
from xchat.server.listeners import open_listeners
for listener in open_listeners(Listen(host=("127.0.0.1", "::"), port=0), open_journal("text")):
    print(listener.family.name)
"""


def test_without_ipv6_it_listens_on_ipv4_with_a_warning() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_IPV6], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "AF_INET\n"
    assert "warning no IPv6 on this machine" in done.stderr


def test_an_address_is_shown_as_it_is_typed() -> None:
    assert show_address(("127.0.0.1", 8080)) == "127.0.0.1:8080"
    assert show_address(("::1", 8080, 0, 0)) == "[::1]:8080"
