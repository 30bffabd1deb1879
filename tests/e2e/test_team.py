"""README, "A team of your own": its commands, as they stand there, make a private chat."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack
from pathlib import Path

from tests.e2e.programs import Program, run, until

README = Path(__file__).resolve().parents[2] / "README.md"
COMMANDS_MAX = 5


def commands() -> list[list[str]]:
    """Return the commands of the section, comments left out, as a shell reads them."""
    section = README.read_text("utf-8").partition("## A team of your own")[2].partition("\n## ")[0]
    block = re.search(r"\n\n((?:    xchat-.*\n)+)", section)
    assert block is not None
    return [shlex.split(line, comments=True) for line in block[1].splitlines()]


def test_a_team_chats_with_accounts_required(tmp_path: Path, closing: ExitStack) -> None:
    """A section that gets a team going in private mode in at most five commands."""
    init, serve, invite, add = commands()
    env = {name: str(tmp_path / "server") for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    made = run(*init, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    server = Program(tmp_path, "server", [*serve, "--port", "0", "--host", "127.0.0.1"], env)
    closing.callback(server.close)
    server.start()
    port = until(
        lambda: re.search(r'"port": (\d+)', server.errors), "the server listens", seconds=20
    )[1]
    invited = run(*invite, env=env, cwd=tmp_path)
    link = re.search(r"xchat://\S+t=[\w-]{22}", invited.stdout)
    assert link, invited.stderr
    added = run(*add, stdin="correct horse\n", env=env, cwd=tmp_path)
    assert (added.returncode, "bea" in added.stdout) == (0, True), added.stderr
    home = {name: str(tmp_path / "anna") for name in ("HOME", "XDG_CONFIG_HOME")}
    anna = run("xchat-client", "join", link[0], "#team", stdin="hello, team\n", env=home)
    assert (anna.returncode, "anna: hello, team" in anna.stdout) == (0, True), anna.stderr
    by_hand = ["xchat-client", "--ca", "certs/ca.pem", f"bea@localhost:{port}", "#team"]
    alone = run(*by_hand, cwd=tmp_path)
    assert alone.returncode == 22, "nobody without an account gets a word in"
    assert "--account NAME" in alone.stderr
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    words = ["--account", "bea", "--account-password-file", str(password)]
    bea = run(*by_hand, *words, stdin="and me\n", cwd=tmp_path)
    assert bea.returncode == 0, bea.stderr
    assert re.search("anna: hello, team\n(?s:.*)bea: and me\n", bea.stdout)
