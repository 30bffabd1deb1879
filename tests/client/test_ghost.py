"""The real server still holds a connection that the client has lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.client.proxy import Proxy, deliver
from tests.e2e.conftest import UNLIMITED, MakeServer
from tests.e2e.programs import Pki, Program, Server, run, until


@pytest.fixture
def server(make_server: MakeServer, other_pki: Pki) -> Server:
    """A server of somebody's own CA: its clients make one connection, and ask for no roots."""
    return make_server(UNLIMITED, pki=other_pki)


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """Return a wire to the server that can be cut on one side."""
    made = Proxy(server.port)
    yield made
    made.close()


@pytest.fixture
def ana(server: Server, proxy: Proxy, make_program: Callable[..., Program]) -> Program:
    """Return ana's line mode in #lobby, on that wire."""
    program = make_program("xchat-client", "--ca", str(server.ca),
                           f"ana@localhost:{proxy.port}", "#lobby")  # fmt: skip
    program.wait_for("in #lobby ")
    program.type("here")
    program.wait_for("ana: here")  # nothing of its own is on the wire any more
    return program


def test_takes_another_nick_and_its_own_again_when_the_ghost_goes(
    proxy: Proxy, ana: Program
) -> None:
    """Where its own ghost holds the nick it takes another, and goes back as soon as it is free."""
    ghost = proxy.cut()
    ana.wait_for("the connection is gone")
    ana.wait_for("connected again to .* as ana_\n")
    ana.wait_for("you are back in #lobby")
    ana.type("said meanwhile")
    ana.wait_for("ana_: said meanwhile")
    ghost.server.close()
    ana.wait_for("you are ana now")
    ana.type("said after", "/exit")
    assert ana.wait() == 0
    assert "ana: said after" in ana.output


def test_a_line_that_the_ghost_delivers_late_is_said_once(
    server: Server, proxy: Proxy, ana: Program
) -> None:
    proxy.hold()
    ana.type("late")
    until(lambda: proxy.held or None, "the line is on the wire")
    ghost = proxy.cut()
    ana.wait_for("connected again to .* as ana_\n")
    ana.wait_for("you are back in #lobby")
    deliver(ghost)
    ana.wait_for("ana: late")
    ana.type("next")
    ghost.server.close()
    ana.wait_for("you are ana now")
    ana.wait_for("ana_?: next")
    ana.type("/exit")
    assert ana.wait() == 0
    assert len(re.findall(": late\n", ana.output)) == 1
    told = run("xchat-client", "tail", "--ca", server.ca, f"localhost:{server.port}", "#lobby",
               "--history", "2", "--count", "2").stdout  # fmt: skip
    assert re.findall(r"ana_?: (\w+)", told) == ["late", "next"]


def test_a_line_that_the_ghost_never_delivers_is_said_by_us(
    server: Server, proxy: Proxy, ana: Program
) -> None:
    proxy.hold()
    ana.type("lost")
    until(lambda: proxy.held or None, "the line is on the wire")
    ghost = proxy.cut()
    ana.wait_for("you are back in #lobby")
    ghost.server.close()
    ana.wait_for("ana: lost")
    ana.type("/exit")
    assert ana.wait() == 0
    assert ana.output.count(": lost\n") == 1
    del server
