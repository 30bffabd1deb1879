"""What README says of commands, capabilities and modes, made from the code's own tables.

`python -m tests.docs` writes it, and the schemas of `xchat-certs --json`; tests/test_docs.py and
tests/certs/test_answers.py compare.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from xchat.certs.schemas.__main__ import write_all
from xchat.chat.commands.table import COMMANDS, Command
from xchat.chat.modes import mode_rows, user_mode_rows
from xchat.irc.capabilities import CAPABILITIES

SCHEMAS = Path(__file__).parents[1] / "xchat/certs/schemas"
README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- made by python -m tests.docs -->", "<!-- end -->"


def tables() -> str:
    """Return the block that stands between BEGIN and END."""
    capabilities = ", ".join(f"`{capability.name}`" for capability in CAPABILITIES)
    rows = "\n".join(_row(command) for command in COMMANDS.values())
    modes = "\n".join(f"| `{how}` | {what} |" for how, what in mode_rows())
    user_modes = "\n".join(f"| `{how}` | {what} |" for how, what in user_mode_rows())
    listed = textwrap.fill(capabilities, 110, break_on_hyphens=False, break_long_words=False)
    return f"""{BEGIN}
{len(CAPABILITIES)} capabilities: {listed}.

| command | |
| --- | --- |
{rows}

| in a channel | |
| --- | --- |
{modes}

| of a user | |
| --- | --- |
{user_modes}
{END}"""


def _row(command: Command) -> str:
    usage = f"{command.name} {command.usage}".strip().replace("|", "\\|")
    return f"| `{usage}` | {command.about} |"


def with_tables(page: str) -> str:
    """Return a page with the block in its place."""
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: tables(), page)


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
    write_all(SCHEMAS)
