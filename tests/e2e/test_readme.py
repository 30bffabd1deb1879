"""README, "Four commands on two machines": as they stand there they are typed, and say that."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.machines import Machine, two_machines
from tests.e2e.programs import until

README = Path(__file__).resolve().parents[2] / "README.md"
HEADING = "## Four commands on two machines\n"
MASKS = {
    r"(ca=)[\w-]{43}": r"\1CA",
    r"(t=|REDEEM )[\w-]{22}": r"\1TOKEN",
    r"\d{4}-\d\d-\d\d( \d\d:\d\d)?": "DATE",
}


def blocks() -> list[dict[str, list[str]]]:
    """Return what is typed on each machine, and what it says as far as it is shown."""
    section = README.read_text("utf-8").partition(HEADING)[2].partition("\n## ")[0]
    shown: list[dict[str, list[str]]] = []
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, re.MULTILINE):
        said = dict[str, list[str]]()
        for line in block.strip("\n").splitlines():
            if line.startswith("    $ "):
                said[line.removeprefix("    $ ")] = []
            else:
                said[next(reversed(said))].append(line.removeprefix("    "))
        shown.append(said)
    return shown


def masked(text: str) -> list[str]:
    """Return the lines of a text, with what is another each time in capitals."""
    for pattern, name in MASKS.items():
        text = re.sub(pattern, name, text)
    return text.strip("\n").splitlines()


@pytest.fixture
def machines(tmp_path: Path, closing: ExitStack) -> Iterator[list[Machine]]:
    with ExitStack() as stack:
        try:
            made = stack.enter_context(two_machines(tmp_path, closing))
        except (PermissionError, FileNotFoundError) as error:
            pytest.skip(f"no network of our own may be made here: {error}")
        yield made
        closing.close()  # what runs in the networks, before they go


def test_a_newcomer_is_talking_in_four_commands(machines: list[Machine]) -> None:
    """ "the README takes a newcomer from `init` to a second person's laptop talking in four
    commands on two machines" """
    server, laptop = machines
    here, there = blocks()
    assert len(here) + len(there) == 4
    init, serve, invite = here
    assert server.run(*shlex.split(init)).returncode == 0
    serving = server.start(*shlex.split(serve))
    until(lambda: '"event": "listening"' in serving.errors or None, "the server listens")
    invited = server.run(*shlex.split(invite)).stdout
    assert masked(invited) == masked("\n".join(here[invite]))
    link = re.search(r"xchat://\S+t=[\w-]{22}", invited)
    assert link
    (join,) = there
    words = shlex.split(join)
    assert masked(words[-1]) == masked(link[0])
    anna = laptop.start(*words[:-1], link[0])
    anna.wait_for("in #lobby .*\n")
    told = anna.output.replace(str(laptop.home), "/home/anna")
    assert masked(told) == masked("\n".join(there[join]))
    anna.type("/exit")
    assert anna.wait() == 0
    assert "connected to XChat as anna" in laptop.run("xchat-client", stdin="hello\n").stdout
