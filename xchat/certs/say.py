"""Certificates in people's words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from xchat.pki.facts import Facts, fingerprint
from xchat.pki.names import shown
from xchat.pki.problems import Problem
from xchat.pki.wish import Named, Outcome

if TYPE_CHECKING:
    from xchat.pki.renew import Renewed
    from xchat.pki.show import Verification

WIDTH = 100
_ROLES = {
    "root": "a root: what clients trust",
    "issuer": "an issuer: what signs from day to day",
    "server": "a server's certificate",
    "device": "a device's certificate, which lets a person log in",
}
_DID = {
    "made": "Made a CA and a server's certificate for this chat in {folder}",
    "completed": "Made a server's certificate in {folder}; the CA stays, so nobody needs a new one",
    "unchanged": "All is as asked in {folder}; nothing was changed",
}


def outcome(result: Outcome, now: datetime) -> Iterator[str]:
    """Yield the lines that say what `init` did, the next command last."""
    yield _DID[result.did].format(folder=result.folder)
    if result.backup:
        yield f"What was there is kept in {result.backup}"
    yield ""
    certificates = {each.role: each for each in result.certificates}
    root, server = certificates["root"], certificates["server"]
    yield f"{root.file}: give it to everyone who joins; it is no secret"
    yield from _fingerprint(root)
    yield f"{server.file}: until {_day(server.not_after)} ({left(server.not_after, now)})"
    yield from _for(result, server)
    yield from _paragraphs("left out", result.left_out)
    for note in result.notes:
        yield from _field("note", note.text, note.mend)
    yield ""
    yield f"Next:  {result.next}"


def certificate(facts: Facts, now: datetime) -> Iterator[str]:
    """Yield the lines that say what one certificate is."""
    yield f"{facts.file}: {_ROLES[facts.role]}"
    if facts.role in {"server", "device"}:
        yield from _field("for", ", ".join(facts.names) or "no host at all")
    else:
        yield from _field("may name", _bounds(facts))
    span = f"{_day(facts.not_before)} to {_day(facts.not_after)} ({left(facts.not_after, now)})"
    yield from _field("valid", span)
    yield from _field("subject", facts.subject)
    yield from _field("signed by", "itself" if facts.role == "root" else facts.issuer)
    yield from _field("key", facts.key)
    yield from _fingerprint(facts)


def standing(
    facts: Iterable[Facts], problems: Iterable[Problem], next_command: str, now: datetime
) -> Iterator[str]:
    """Yield one line a certificate, then what is wrong and what mends it."""
    rows = [(each, left(each.not_after, now)) for each in facts]
    width = max((len(rest) for _, rest in rows), default=0)
    for each, rest in rows:
        yield f"{each.role:8}{_day(each.not_after)}  {rest:{width}}  {each.file}"
    wrong = list(problems)
    for problem in wrong:
        yield ""
        yield from _problem(problem)
    if not wrong:
        yield f"All is well.  Next:  {next_command}"


def renewed(done: Renewed, next_command: str) -> Iterator[str]:
    """Yield what was made anew, what is due all the same, and the next command."""
    for each in done.certificates:
        yield f"{each.file}: a new certificate, until {_day(each.not_after)}"
        yield from _field("for", ", ".join(map(shown, each.names)))
    if done.certificates:
        yield "The CA stays, so nobody needs anything new, and our server takes it by itself"
    elif not done.problems:
        yield "Nothing is due, so nothing was changed"
    for problem in done.problems:
        yield from _problem(problem)
    yield f"Next:  {next_command}"


def verification(report: Verification) -> Iterator[str]:
    """Yield what the judges say, the rule that failed, and what mends it."""
    file, verdicts = report.file, report.verdicts
    refusals: dict[tuple[str, str], list[str]] = {}
    for each in verdicts:
        if each.broken:
            refused_by = refusals.setdefault((each.judge, each.broken.rule), [])
            refused_by.append(shown(each.name) or "anybody")
    for (judge, rule), refused in refusals.items():
        yield f"{judge} refuses {file} for {', '.join(refused)}"
        yield f"  {rule}"
    if not refusals:
        names = ", ".join(dict.fromkeys(shown(each.name) for each in verdicts))
        yield f"{file} holds for {names}"
        yield f"  OpenSSL (strict) and cryptography both accept it with {report.trusted}"
    if report.mend:
        yield f"Next:  {report.mend}"


def left(end: datetime, now: datetime) -> str:
    """Return how long it is until `end`, in days, or since when it is past."""
    rest = end - now
    if rest < timedelta():
        return f"expired {_days(-rest)} ago"
    return f"{_days(rest)} left"


def _problem(problem: Problem) -> Iterator[str]:
    yield f"{problem.kind}: {problem.file} {problem.rule}"
    if problem.caution:
        yield f"  {problem.caution}"
    yield f"  {problem.mend}"


def _days(span: timedelta) -> str:
    days = span.days
    return f"{days} day{'' if days == 1 else 's'}" if days else "less than a day"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _for(result: Outcome, server: Facts) -> Iterator[str]:
    if result.names:
        yield from _paragraphs("for", result.names)
    else:
        yield from _field("for", ", ".join(map(shown, server.names)))


def _paragraphs(label: str, names: Iterable[Named]) -> Iterator[str]:
    for each in names:
        yield from _field(label, f"{shown(each.name):24} {each.why}", each.mend)
        label = ""


def _bounds(facts: Facts) -> str:
    if facts.may_name is None:
        return "ANYTHING: whoever steals its key can pose as any host to those who trust it"
    return ", ".join(facts.may_name)


def _fingerprint(facts: Facts) -> Iterator[str]:
    first, second = fingerprint(facts.sha256)
    yield f"  {'SHA256':10}{first}"
    yield f"  {'':10}{second}"


def _field(label: str, text: str, mend: str | None = None) -> Iterator[str]:
    """Yield a labelled paragraph, and a command, which is never broken, on a line of its own."""
    indent = " " * 12
    yield textwrap.fill(
        text,
        WIDTH,
        initial_indent=f"  {label:10}",
        subsequent_indent=indent,
        break_long_words=False,
    )
    if mend:
        yield f"{indent}  {mend}"
