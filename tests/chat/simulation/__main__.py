"""Play seeds of the simulation: `python -m tests.chat.simulation SEED [--steps N] [--count N]`."""

from __future__ import annotations

import argparse
import time

from tests.chat.simulation.world import run


def main() -> None:
    """Play the seeds asked for, and say what was in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--count", type=int, default=1)
    asked = parser.parse_args()
    for seed in range(asked.seed, asked.seed + asked.count):
        started = time.perf_counter()
        world = run(seed, asked.steps)
        took = (time.perf_counter() - started) * 1000
        print(  # noqa: T201
            f"seed {seed}: {world.referee.seq} events, {len(world.referee.history)} messages,"
            f" {world.crashes} crashes, {world.refusals} failed commits, {took:.0f} ms"
        )


if __name__ == "__main__":
    main()
