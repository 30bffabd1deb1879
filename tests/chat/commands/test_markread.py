"""MARKREAD (draft/read-marker): what is refused, and what is bounded."""

from __future__ import annotations

import pytest

from tests.chat.pair import Server

CAP = "draft/read-marker"
OLDER = "timestamp=2019-01-04T14:33:26.123Z"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("MARKREAD", "FAIL MARKREAD NEED_MORE_PARAMS"),
        ("MARKREAD #a *", "FAIL MARKREAD INVALID_PARAMS #a *"),
        ("MARKREAD #a timestamp=x", "FAIL MARKREAD INVALID_PARAMS #a timestamp=x"),
        ("MARKREAD #a 2019-01-04T14:33:26.123Z", "FAIL MARKREAD INVALID_PARAMS #a 2019"),
        ("MARKREAD #\x01 timestamp=x", "FAIL MARKREAD INVALID_PARAMS #"),
    ],
)
def test_bad_input(server: Server, line: str, told: str) -> None:
    """FAIL MARKREAD NEED_MORE_PARAMS and INVALID_PARAMS."""
    (answer,) = server.client("ana", CAP).ask(line)
    assert answer.startswith(told)


def test_markers_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xchat.chat.apply.markers.READ_MARKERS_MAX", 2)
    ana = server.client("ana", CAP)
    for name in ("#a", "#b", "#c"):
        ana.ask(f"MARKREAD {name} {OLDER}")
    assert ana.ask("MARKREAD #a", "MARKREAD #b") == ["MARKREAD #a *", f"MARKREAD #b {OLDER}"]
