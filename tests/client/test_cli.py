"""The words of the command line: help that helps, refusals in two lines."""

from __future__ import annotations

import pytest

from tests.e2e.programs import run


def test_both_words_for_help_show_the_same() -> None:
    shown = run("xchat-client", "--help").stdout
    assert run("xchat-client", "-h").stdout == shown
    for option in ("--ca FILE", "--tls-min", "--password-file FILE", "[CHANNEL]"):
        assert option in shown


def test_help_of_tail_shows_the_fields_in_a_table() -> None:
    shown = run("xchat-client", "tail", "--help").stdout
    assert "\\b" not in shown
    for field in ("time  ", "msgid ", "nick  ", "target", "kind  ", "text  "):
        assert f"\n    {field}  " in shown


def test_help_of_talk_shows_what_may_be_left_out() -> None:
    assert "[NICK@]HOST[:PORT] [CHANNEL]\n" in run("xchat-client", "talk", "--help").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("send",), "xchat-client send"),
        (("tail", "localhost", "lobby", "--count", "many"), "xchat-client tail"),
        (("localhost", "--bogus"), "xchat-client talk"),
    ],
)
def test_wrong_words_are_refused_in_two_lines(words: tuple[str, ...], told: str) -> None:
    """`NAME: what`, and what to type next."""
    done = run("xchat-client", *words)
    assert done.returncode == 2
    what, mend = done.stderr.splitlines()
    assert what.startswith("xchat-client: ")
    assert mend == f"  {told} --help"


def test_plain_is_what_it_is_in_any_case() -> None:
    """Scripts that say --plain outlive a screen."""
    done = run("xchat-client", "--plain", "--ca", "nowhere.pem", "ana@localhost")
    assert done.returncode == 3
    assert "nowhere.pem" in done.stderr


def test_the_version_is_a_name_and_a_number() -> None:
    assert run("xchat-client", "--version").stdout.split()[0] == "xchat-client"
