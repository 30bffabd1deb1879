"""Every verb, as it answers and as it refuses: the rows are in tests/certs/cases.py.

"`--json` of every verb validates against a committed schema; every error names the file, the rule
and the next command."
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import jsonschema
import msgspec
import pytest

from tests.certs.cases import ANSWERS, ERRORS, Answered, First, Refused
from tests.certs.faults import FAULTS
from tests.pki.conftest import tree
from xchat.certs.cli import main
from xchat.certs.command import Failure
from xchat.certs.schemas import SHAPES, file_of, make_schema, schema_of
from xchat.certs.table import VERBS
from xchat.pki.disk.folder import Folder

SCHEMAS = Path(__file__).parents[2] / "xchat/certs/schemas"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(made: Folder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process, in the folder above `certs/`."""
    monkeypatch.chdir(made.path.parent)
    monkeypatch.setenv("HOME", str(made.path.parent))
    monkeypatch.delenv("SUDO_UID", raising=False)

    def words_said(*words: str) -> Said:
        with pytest.raises(SystemExit) as left:
            main(list(words))
        return Said(int(left.value.code or 0), *capsys.readouterr())

    return words_said


def do_first(run: Run, steps: tuple[First, ...]) -> None:
    for step in steps:
        if callable(step):
            step(Path.cwd())
        else:
            done = run(*step)
            assert done.code == 0, done.err or done.out


def leaves() -> Iterator[str]:
    """Yield the words of every verb, those of groups too: `device add`."""
    ctx = click.Context(main, info_name="xchat-certs")
    for name in VERBS:
        found = main.get_command(ctx, name)
        if isinstance(found, click.Group):
            yield from (f"{name} {each}" for each in found.commands)
        else:
            yield name


def closed(part: Any) -> Any:
    """Return a schema that allows no field it does not name: ours are to name them all."""
    if isinstance(part, list):
        return [closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: closed(value) for key, value in part.items()}
    return inner | {"additionalProperties": False} if "properties" in part else inner


@pytest.mark.parametrize("table", [SHAPES, {c.verb for c in ANSWERS}, {c.verb for c in ERRORS}])
def test_every_verb_has_a_row_in_each_table(table: object) -> None:
    """Add the missing one: `SHAPES` in xchat/certs/schemas, `ANSWERS`, `ERRORS` in cases.py."""
    assert set(table) == set(leaves())  # type: ignore[call-overload]


@pytest.mark.parametrize("verb", SHAPES)
def test_the_committed_schema_is_that_of_the_struct(verb: str) -> None:
    assert schema_of(verb) == make_schema(verb), "mend it with: python -m xchat.certs.schemas"
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_of(verb)))


def test_no_schema_is_of_a_verb_that_is_no_more() -> None:
    assert {path.name for path in SCHEMAS.glob("*.json")} == set(map(file_of, SHAPES))


@pytest.mark.parametrize("verb", SHAPES)
def test_a_verb_prints_its_schema(verb: str, run: Run) -> None:
    assert run(*verb.split(), "--json-schema") == Said(0, schema_of(verb), "")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case, id=" ".join((case.verb, *case.words)), marks=pytest.mark.needs(*case.needs)
        )
        for case in ANSWERS
    ],
)
def test_an_answer_validates_against_the_schema(case: Answered, run: Run) -> None:
    do_first(run, case.first)
    said = run(*case.verb.split(), *case.words, "--json")
    assert (said.code, said.err) == (case.code, ""), said.out
    value, schema = json.loads(said.out), closed(json.loads(schema_of(case.verb)))
    jsonschema.validate(value, schema, jsonschema.Draft202012Validator)
    assert value.keys() != {"error", "mend", "exit_code"}


@pytest.mark.parametrize(
    "case", [*ERRORS, *FAULTS], ids=lambda c: f"{' '.join((c.verb, *c.words))}: {c.rule}"
)
def test_an_error_names_the_file_the_rule_and_the_next_command(case: Refused, run: Run) -> None:
    do_first(run, case.first)
    said = run(*case.verb.split(), *case.words)
    assert (said.code, said.out) == (case.code, ""), said.err
    what, mend = said.err.splitlines()
    assert what.startswith("xchat-certs: ")
    assert case.names in what
    assert case.rule in what
    assert case.mend in mend
    told = run(*case.verb.split(), *case.words, "--json")
    schema = closed(json.loads(schema_of(case.verb)))
    jsonschema.validate(json.loads(told.out), schema, jsonschema.Draft202012Validator)
    failure = msgspec.json.decode(told.out, type=Failure)
    assert (what, mend) == (f"xchat-certs: {failure.error}", f"  {failure.mend}")
    assert told.code == failure.exit_code == case.code


def test_a_folder_whose_name_is_not_utf8_has_its_place_in_json(run: Run) -> None:
    """Its bytes are escaped as Python reads them back (PEP 383)."""
    said = run("init", "--dir", "\udcff", "--json")
    assert said.code == 0
    assert "--cert '\udcff/live/server.pem'" in json.loads(said.out)["next"]
    assert Path("\udcff").is_dir()


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: " ".join((case.verb, *case.words)))
def test_prose_ends_in_the_next_command(case: Answered, run: Run) -> None:
    """ "prose that ends in the next command": one that is there, or a program that is asked."""
    if any(shutil.which(program) is None for program in case.needs):
        pytest.skip(f"needs {', '.join(case.needs)}")
    do_first(run, case.first)
    said = run(*case.verb.split(), *case.words)
    assert (said.code, said.err) == (case.code, "")
    last = said.out.splitlines()[-1]
    command = re.search(r"(xchat-(?:certs|server|client|admin)|openssl)( .*)?$", last)
    assert command, last
    assert re.match(r"(.*(Next|Undo): )? +", last), "it stands by itself"
    program, *words = shlex.split(command[0])
    if program == "xchat-certs":
        assert any(" ".join(words).startswith(verb) for verb in leaves())


ONLY_TOLD = ("status", "doctor", "verify", "show", "device list", "invite")
"""What changes nothing in the folder; an invite is an account's, so it is in the audit log."""
SECRETS = re.compile(r"PRIVATE KEY|a b c d e|sesame|passphrase", re.IGNORECASE)


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: " ".join((case.verb, *case.words)))
def test_every_act_is_in_the_journal_and_no_secret(case: Answered, run: Run) -> None:
    """ "journal.jsonl (append-only: every act, serial, who, when)": what changed something adds
    lines, each complete; what changed nothing adds none."""
    if any(shutil.which(program) is None for program in case.needs):
        pytest.skip(f"needs {', '.join(case.needs)}")
    do_first(run, case.first)
    journal = Path("certs/journal.jsonl")
    told, before = journal.read_bytes() if journal.exists() else b"", files()
    said = run(*case.verb.split(), *case.words)
    now = journal.read_bytes()
    assert now.startswith(told)
    added = [json.loads(line) for line in now[len(told) :].splitlines()]
    assert all({"at", "act", "by"} < each.keys() for each in added)
    assert all("serial" in each for each in added if each["act"].endswith(("minted", "renewed")))
    assert bool(added) == (files() != before)
    assert not (added and case.verb in ONLY_TOLD)
    assert not SECRETS.search(now.decode())
    secret = re.search(r"(?:passphrase|opened by) +(\S+)", said.out)
    assert secret is None or secret[1] not in now.decode()


def files() -> dict[str, tuple[int, bytes | str, int]]:
    """Return what lies here, with when it was written; an account's store is not the folder's."""
    return {
        name: (*each, (Path.cwd() / name).lstat().st_mtime_ns if each[1] else 0)
        for name, each in tree(Path.cwd()).items()
        if not name.startswith("data") and not name.endswith("journal.jsonl")
    }
