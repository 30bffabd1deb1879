"""`xchat.pki.invite.qr`: a code that a camera reads, and that a terminal has room for."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from xchat.chat.tokens import Token
from xchat.pki.invite.invitation import Link, format_capitals, format_link, parse_link
from xchat.pki.invite.qr import can_show, qr_lines

SQUARE = 6
_INK = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0)}


def link_to(host: str) -> Link:
    return Link(host=host, port=8080, ca=bytes(range(100, 132)), token=Token(bytes(range(16))))


def picture(lines: Iterable[str], *, dark_terminal: bool) -> bytes:
    """Return what a terminal shows as a picture (PGM), light being 255."""
    rows: list[list[int]] = []
    for line in lines:
        bare = re.sub("\x1b\\[[0-9;]*m", "", line)
        for half in (0, 1):
            ink = [_INK[char][half] for char in bare]
            rows.append([255 * (mark if dark_terminal else 1 - mark) for mark in ink])
    scaled = [
        [value for value in row for _ in range(SQUARE)] for row in rows for _ in range(SQUARE)
    ]
    head = f"P5 {len(scaled[0])} {len(scaled)} 255\n".encode()
    return head + b"".join(map(bytes, scaled))


def read_back(tmp_path: Path, image: bytes) -> str:
    file = tmp_path / "code.pgm"
    file.write_bytes(image)
    words = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(file)]
    found = subprocess.run(words, capture_output=True, check=True, timeout=30, text=True)
    return found.stdout.strip()


@pytest.mark.needs("zbarimg")
@pytest.mark.parametrize("colours", [True, False])
@pytest.mark.parametrize(
    "host",
    ["chat.lan", "192.168.1.20", "fd12:3456:789a:bcde:f012:3456:789a:bcde", "xn--moded2d.lan"],
)
def test_another_program_reads_what_the_terminal_shows(
    tmp_path: Path, host: str, colours: bool
) -> None:
    """Read back by a real decoder, from what is printed, in both of the ways it is."""
    link = link_to(host)
    lines = qr_lines(format_capitals(link), colours=colours)
    text = read_back(tmp_path, picture(lines, dark_terminal=not colours))
    assert parse_link(text) == link


@pytest.mark.parametrize(
    "host",
    ["chat.lan", "192.168.1.20", "a" * 50 + ".lan", "fd12:3456:789a:bcde:f012:3456:789a:bcde"],
)
def test_a_code_has_room_on_a_terminal(host: str) -> None:
    """It fits 80x24."""
    lines = list(qr_lines(format_capitals(link_to(host)), colours=False))
    assert len(lines) < 24
    assert {len(line) for line in lines} <= set(range(80))


def test_capitals_make_a_smaller_code() -> None:
    """The upper-case base32 form: 4-L, 18 lines, and the quiet zone; as it is typed, 5-L."""
    link = link_to("192.168.1.20")
    capitals, typed = (
        len(list(qr_lines(form(link), colours=False))) for form in (format_capitals, format_link)
    )
    assert (capitals, typed) == (19, 21)


@pytest.mark.parametrize(
    ("encoding", "can"),
    [("utf-8", True), ("ascii", False), ("latin-1", False), ("nonsense", False)],
)
def test_a_stream_that_cannot_spell_the_blocks_is_known(encoding: str, can: bool) -> None:
    assert can_show(encoding) is can
