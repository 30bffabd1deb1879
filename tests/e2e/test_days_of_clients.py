"""A real client on other days of its server's certificate, which nobody renewed."""

from __future__ import annotations

import pytest

from tests.days import on_day
from tests.e2e.conftest import MakeServer
from tests.e2e.programs import located, run
from xchat.client.exits import Exit

pytestmark = pytest.mark.needs("faketime")


@pytest.mark.parametrize("day", [59, 61, 89, 91])
def test_a_client_trusts_it_until_it_has_expired(make_server: MakeServer, day: int) -> None:
    """ "faketime to day 59, 61, 89, 91: ... client say[s] the right thing"."""
    server = make_server()
    done = run(
        *on_day(day), located("xchat-client"), "--ca", str(server.ca), "send",
        f"anna@localhost:{server.port}", "#lobby", "hello",
    )  # fmt: skip
    if day < 90:
        assert (done.returncode, done.stderr) == (0, "")
        return
    assert done.returncode == Exit.EXPIRED.code
    what, mend = done.stderr.splitlines()
    assert "its certificate expired on" in what
    assert "This machine's clock says" in mend
    assert mend.endswith("xchat-certs renew")
