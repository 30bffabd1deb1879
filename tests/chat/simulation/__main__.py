"""Play seeds of the simulation: `python -m tests.chat.simulation SEED [--steps N] [--count N]`."""

from __future__ import annotations

import argparse
import sys
import time

from tests.chat.simulation.world import run


def main() -> None:
    """Play the seeds asked for, and say what was in them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--count", type=int, default=1)
    asked = parser.parse_args()
    started = time.perf_counter()
    for seed in range(asked.seed, asked.seed + asked.count):
        world = run(seed, asked.steps)
        print(
            f"seed {seed}: {world.referee.seq} events, {len(world.referee.history)} messages,"
            f" {world.crashes} crashes, {world.refusals} failed commits,"
            f" told {world.digest.hexdigest()[:16]}"
        )
    print(f"{time.perf_counter() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
