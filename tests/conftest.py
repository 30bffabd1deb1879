"""What every test may lean on: the markers `needs` and `long`, timings, and an honest last word.

`@pytest.mark.needs("irssi", "tmux")` leaves a test out where a program is missing, and the end of
the run names each such test with the program it wanted; with CI=true a missing program is a
failure. `@pytest.mark.long` runs only with `--long` (`scripts/test --all`). What a test hands to
the fixture `timing` is summed up at the end: how many, p50, p99, the longest.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator

import hypothesis
import pytest

hypothesis.settings.register_profile("patient", deadline=None)
"""How long one example takes says how busy the machine is, and nothing of what is tested."""
hypothesis.settings.load_profile("patient")

WANTED = "wanted program"
TIMING = "timing of "

RecordTiming = Callable[[str, float], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the tests marked `long` too")


def pytest_configure() -> None:
    """Let programs hear Ctrl-C also where the tests run in the background of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    chosen = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_runtest_setup(item: pytest.Item) -> None:
    missing = [program for program in wanted_by(item) if shutil.which(program) is None]
    if not missing:
        return
    item.user_properties += [(WANTED, program) for program in missing]
    reason = f"needs {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}: not installed, and with CI=true nothing is left out", pytrace=False)
    pytest.skip(reason)


def wanted_by(item: pytest.Item) -> Iterator[str]:
    """Yield the programs that a test asks for, on itself, its class and its module."""
    for marker in item.iter_markers("needs"):
        yield from marker.args


@pytest.fixture
def timing(record_property: Callable[[str, object], None]) -> RecordTiming:
    """Take a name and the seconds something took, to be summed up at the end of the run."""
    return lambda name, seconds: record_property(TIMING + name, seconds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    show_timings(terminalreporter)
    show_left_out(terminalreporter)


def properties(
    reporter: pytest.TerminalReporter, *outcomes: str
) -> Iterator[tuple[str, str, object]]:
    """Yield test, name and value of what tests of these outcomes recorded."""
    for outcome in outcomes:
        for report in reporter.stats.get(outcome, []):
            for name, value in getattr(report, "user_properties", ()):
                yield report.nodeid, name, value


def show_timings(reporter: pytest.TerminalReporter) -> None:
    taken = defaultdict(list)
    for _, name, value in properties(reporter, "passed", "failed"):
        if name.startswith(TIMING) and isinstance(value, float):
            taken[name.removeprefix(TIMING)].append(value * 1000)
    if taken:
        reporter.section("timings in ms")
    for name, values in sorted(taken.items()):
        values.sort()
        p50, p99 = (values[int((len(values) - 1) * share)] for share in (0.5, 0.99))
        reporter.line(f"{name}: {len(values)}, p50 {p50:.1f}, p99 {p99:.1f}, max {values[-1]:.1f}")


def show_left_out(reporter: pytest.TerminalReporter) -> None:
    left_out = [
        (test, program) for test, name, program in properties(reporter, "skipped") if name == WANTED
    ]
    if not left_out:
        return
    reporter.section("left out, for want of a program")
    for test, program in sorted(left_out, key=str):
        reporter.line(f"{test} wanted {program}")
