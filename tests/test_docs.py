"""What the pages say is so: each fact that they repeat is compared with its one home."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.docs import BEGIN, with_tables
from xchat.config import Config

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "certs",
    "pyproject.toml",
    "scripts",
    "tests",
    "xchat",
}
PLACES = "xchat|tests|scripts|certs|chat|client|irc|pki|server|store"
NOT_FILES = {"certs/ca.pem", "tests/chat/commands/test_NAME.py", "store/database.MIGRATIONS"}
PAGES = ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "certs/README.md")


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def committed() -> list[str]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    return listed.stdout.splitlines()


def test_nothing_else_lies_at_the_top() -> None:
    top = {name.split("/")[0] for name in committed()}
    assert {name for name in top if not name.startswith(".")} == TOP_LEVEL


def test_no_key_and_no_certificate_is_committed() -> None:
    assert [name for name in committed() if name.endswith((".pem", ".key", ".p12"))] == []
    assert [name for name in committed() if name.startswith("certs/")] == [
        "certs/.gitignore",
        "certs/README.md",
    ]


def test_the_architecture_fits_on_its_page() -> None:
    assert len(read("ARCHITECTURE.md").splitlines()) <= 120


def test_the_readme_has_the_tables_of_commands_and_capabilities() -> None:
    page = read("README.md")
    assert BEGIN in page
    assert with_tables(page) == page, "mend it with: python -m tests.docs"


def test_the_layers_in_the_architecture_are_those_that_are_checked() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    assert "".join(f"    {layer}\n" for layer in layers) in read("ARCHITECTURE.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(rf"[`(]((?:{PLACES})/[\w/.-]*\w)[`)]", read(page)))
    there = {name for name in named if (ROOT / name).exists() or (ROOT / "xchat" / name).exists()}
    assert named - there - NOT_FILES == set()


def test_every_setting_that_the_readme_sets_is_one() -> None:
    for section, key in re.findall(r"--set '(\w+)\.(\w+)=", read("README.md")):
        assert hasattr(getattr(Config(), section), key)


def test_the_version_is_in_the_changelog() -> None:
    from xchat import __version__

    assert f"## {__version__}" in read("CHANGELOG.md")
