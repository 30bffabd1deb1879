"""Measure XChat: its start, its echo, its idle clients, its load beside other servers.

    scripts/bench all [--rounds 3]                  every mark, in one table
    scripts/bench start | echo | idle | commands | history    one of them
    scripts/bench load [--rounds 3] [--pin] [--scenario busy-100,...] [--only xchat,...]

All of it on loopback, bounded in time, with history and commits on. Servers that this machine
lacks (inspircd, ngircd) are left out and named. Everything it makes is in .bench/.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import history
import measures
from measures import SHAPES, Results, median
from peers import MAKERS, which
from servers import WORK, prepare

CPU = "server_cpu_us_per_delivery"
COLUMNS = (("deliveries_per_s", "deliveries/s"), ("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"))
IDLE_SECONDS = 5
# shape, whose CPU per delivery ours is compared with, and how many times that it may be
RATIOS = (
    ("busy-100", "inspircd", 1.5),
    ("burst-100", "inspircd", 1.5),
    ("rooms-1000", "ngircd", 1),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its mark."""

    what: str
    figure: float | None
    unit: str
    at_most: float | None = None

    def show(self) -> str:
        """Return the row of the table."""
        mark = "" if self.at_most is None else f"<= {self.at_most:g} {self.unit}"
        figure = "-" if self.figure is None else f"{self.figure:.4g} {self.unit}"
        return f"{self.what:<44}{figure:>16}{mark:>16}  {self.verdict}"

    @property
    def verdict(self) -> str:
        """Say whether the figure is within its mark."""
        if self.figure is None or self.at_most is None:
            return "" if self.at_most is None else "NOT MEASURED"
        return "kept" if self.figure <= self.at_most else "MISSED"


def start_rows(_: argparse.Namespace) -> list[Row]:
    """Measure from the start to the first login."""
    taken = measures.start()
    return [Row("start to first accepted login, median", taken[len(taken) // 2], "s", 0.6)]


def echo_rows(_: argparse.Namespace) -> list[Row]:
    """Measure one message's echo on an idle server."""
    taken = [1000 * seconds for seconds in measures.echo()]
    return [
        Row("echo on an idle server, commit included, p50", taken[len(taken) // 2], "ms", 5),
        Row("the same, p99", taken[int(len(taken) * 0.99)], "ms"),
    ]


def idle_rows(_: argparse.Namespace) -> list[Row]:
    """Measure what idle clients cost, and whether many stay."""
    thousand = measures.idle(1000, IDLE_SECONDS)
    many = measures.idle(5000, IDLE_SECONDS)
    return [
        Row("memory per idle client, of 1,000", thousand["rss_kb_per_client"], "KB", 25),
        Row("memory per idle client, of 5,000", many["rss_kb_per_client"], "KB"),
        Row("of 5,000 clients, those that did not stay", 5000 - many["stayed"], "", 0),
        Row("server CPU per connection, of 5,000", many["server_cpu_ms_per_connect"], "ms"),
    ]


def history_rows(_: argparse.Namespace) -> list[Row]:
    """Measure what a message costs the store, and how soon the latest of a million are read."""
    taken = history.figures()
    return [
        Row("latest 50 of a channel with 1,000,000", 1000 * taken["latest"], "ms", 1),
        Row("the same, read and written out", 1000 * taken["told"], "ms"),
        Row("store, per message, 4,000 a commit", 1e6 * taken["together"], "us"),
        Row("store, per message, each a commit", 1e6 * taken["alone"], "us"),
        Row("search index, per message, beside the commit", 1e6 * taken["index"], "us"),
        Row("search index, per message, on the disk", taken["index_bytes"], "bytes"),
    ]


def commands_rows(_: argparse.Namespace) -> list[Row]:
    """Measure how long a command takes to say what it is."""
    return [
        Row(name, 1000 * seconds, "ms", None if name.startswith("python") else 300)
        for name, seconds in measures.commands().items()
    ]


def load_rows(options: argparse.Namespace) -> list[Row]:
    """Measure CPU per delivery beside the others; show all figures, return those with a mark."""
    shapes = options.scenario or list(SHAPES)
    cores = (0, 1) if options.pin else (None, None)
    results = measures.load(shapes, options.only, options.rounds, cores, progress)
    show_load(results, shapes)
    (WORK / "load.json").write_text(
        json.dumps({" ".join(key): runs for key, runs in results.items()})
    )
    return [
        Row(f"{shape}: CPU per delivery to {peer}'s", ratio(results, shape, peer), "x", most)
        for shape, peer, most in RATIOS
        if shape in shapes
    ]


def ratio(results: Results, shape: str, peer: str) -> float | None:
    """Return our CPU per delivery by a peer's, None where one of them was not measured."""
    own, other = (median(results, shape, server, CPU) for server in ("xchat", peer))
    return own / other if own and other else None


def show_load(results: Results, shapes: list[str]) -> None:
    """Print the medians of every server in every shape."""
    servers = list(dict.fromkeys(server for _, server in results))
    titles = "".join(f"{title:>14}" for _, title in COLUMNS)
    print(f"\n{'shape':<12}{'server':<10}{'CPU us/delivery':>16}{'x floor':>9}{titles}")
    for shape in shapes:
        for server in servers:
            cpu = median(results, shape, server, CPU)
            floor = median(results, shape, "floor", CPU)
            times = f"{cpu / floor:9.2f}" if cpu and floor else " " * 9
            rest = "".join(f"{cell(median(results, shape, server, key)):>14}" for key, _ in COLUMNS)
            print(f"{shape:<12}{server:<10}{cell(cpu):>16}{times}{rest}")
    print()


def cell(figure: float | None) -> str:
    """Return a figure with four digits that count, a dash where there is none."""
    return "-" if figure is None else f"{figure:.4g}" if figure < 10_000 else f"{figure:.0f}"


def progress(text: str) -> None:
    """Say what is going on, where a person may be waiting for it."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


MEASURES: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "start": start_rows,
    "echo": echo_rows,
    "idle": idle_rows,
    "commands": commands_rows,
    "history": history_rows,
    "load": load_rows,
}


def names(text: str) -> list[str]:
    """Take `a,b` apart."""
    return text.split(",") if text else []


def read_options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["all", *MEASURES])
    parser.add_argument("--rounds", type=int, default=3, help="of load, medians count")
    parser.add_argument("--scenario", type=names, default=[], help=",".join(SHAPES))
    parser.add_argument("--only", type=names, default=[], help="xchat,floor,inspircd,ngircd")
    parser.add_argument("--pin", action="store_true", help="the server to core 0, the load to 1")
    options = parser.parse_args()
    if unknown := set(options.scenario) - set(SHAPES):
        parser.error(f"no scenario {', '.join(unknown)}: there are {', '.join(SHAPES)}")
    return options


def main() -> int:
    """Measure; return 1 when a mark was missed, or not measured at all."""
    options = read_options()
    prepare()
    for peer in MAKERS:
        if which(peer) is None:
            print(f"{peer} is not here and is left out (on Debian: apt install {peer})")
    chosen = MEASURES if options.what == "all" else {options.what: MEASURES[options.what]}
    rows: list[Row] = []
    for name, measure in chosen.items():
        progress(f"measuring {name}")
        rows += measure(options)
    progress("")
    for row in rows:
        print(row.show())
    return int(any(row.verdict not in ("", "kept") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
