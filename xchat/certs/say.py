"""Certificates in people's words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from xchat.pki.facts import Facts, fingerprint
from xchat.pki.judge.problems import Problem
from xchat.pki.mint.names import shown
from xchat.pki.wish import Named, Outcome

if TYPE_CHECKING:
    from xchat.pki.judge.doctor import Health
    from xchat.pki.renew import Renewed
    from xchat.pki.show import Report, Verification

WIDTH = 100
_ROLES = {
    "root": "a root: what clients trust",
    "bridge": "a new root as the old one vouches for it: for clients that were away",
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
        yield from field("note", note.text, note.mend)
    yield ""
    yield f"Next:  {result.next}"


def certificate(facts: Facts, now: datetime) -> Iterator[str]:
    """Yield the lines that say what one certificate is."""
    yield f"{facts.file}: {_ROLES[facts.role]}"
    if facts.role in {"server", "device"}:
        yield from field("for", _whose(facts))
    else:
        yield from field("may name", _bounds(facts))
    span = f"{_day(facts.not_before)} to {_day(facts.not_after)} ({left(facts.not_after, now)})"
    yield from field("valid", span)
    yield from field("subject", facts.subject)
    yield from field("signed by", "itself" if facts.role == "root" else facts.issuer)
    yield from field("key", facts.key)
    yield from _fingerprint(facts)


def standing(report: Report, now: datetime) -> Iterator[str]:
    """Yield one line a certificate, then what is wrong and what mends it."""
    new = report.rotation.new_root if report.rotation else None
    rows = [
        (
            str(each.role),
            each.not_after,
            each.file + (" (the new one)" if each.sha256 == new else ""),
        )
        for each in report.certificates
    ]
    if report.revoked:
        rows.append(("revoked", report.revoked.not_after, report.revoked.file))
    width = max((len(left(end, now)) for _, end, _ in rows), default=0)
    for role, end, file in rows:
        yield f"{role:8}{_day(end)}  {left(end, now):{width}}  {file}"
    for problem in report.problems:
        yield ""
        yield from _problem(problem)
    count = f"{report.devices} device{'' if report.devices == 1 else 's'} in force"
    if not report.problems:
        yield f"All is well; {count}.  Next:  {report.next}"


def health(found: Health) -> Iterator[str]:
    """Yield one line for each thing looked at; beneath it what was done and what mends it."""
    for each in found.checks:
        yield f"{each.state:8}{each.name:14}{each.said}"
        yield from (f"{'':22}{line}" for line in (*each.done, *_mending(each.problems)))
    is_well = not any(each.state == "wrong" for each in found.checks)
    yield f"{'All is well.  ' if is_well else ''}Next:  {found.next}"


def _mending(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield each problem but the first, which was said, and what mends those before it."""
    for at, problem in enumerate(problems):
        if at:
            yield f"{problem.file} {problem.rule}"
        if problem.mend not in [each.mend for each in problems[at + 1 :]]:
            yield from filter(None, (problem.caution, problem.mend))


def renewed(done: Renewed, next_command: str) -> Iterator[str]:
    """Yield what was made anew, what is due all the same, and the next command."""
    for each in done.certificates:
        yield f"{each.file}: a new certificate, until {_day(each.not_after)}"
        if each.names:
            yield from field("for", ", ".join(map(shown, each.names)))
    if done.certificates:
        yield "The CA stays, so nobody needs anything new, and our server takes it by itself"
    if done.list_until:
        yield f"The list of the revoked is signed anew, until {_day(done.list_until)}"
    if not (done.certificates or done.list_until or done.problems):
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
    yield f"Next:  {report.next}"


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
        yield from field("for", ", ".join(map(shown, server.names)))


def _paragraphs(label: str, names: Iterable[Named]) -> Iterator[str]:
    for each in names:
        yield from field(label, f"{shown(each.name):24} {each.why}", each.mend)
        label = ""


def _whose(facts: Facts) -> str:
    if facts.account:
        return f"{facts.account}, on {facts.device or 'some device'}"
    return ", ".join(facts.names) or "no host at all"


def _bounds(facts: Facts) -> str:
    if facts.may_name is None:
        return "ANYTHING: whoever steals its key can pose as any host to those who trust it"
    return ", ".join(facts.may_name)


def _fingerprint(facts: Facts) -> Iterator[str]:
    first, second = fingerprint(facts.sha256)
    yield f"  {'SHA256':10}{first}"
    yield f"  {'':10}{second}"


def field(label: str, text: str, mend: str | None = None) -> Iterator[str]:
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
