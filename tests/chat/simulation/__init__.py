"""A seeded simulation of a whole server: many clients, a real log and store, faults at random.

Everything that happens is drawn from one seed, so a failure is played again by
its number: `python -m tests.chat.simulation SEED`. The parts:

    world     one run: people, turns, crashes, the clock, the file
    edges     limits small enough to be met
    talk      what people do, as a table of commands and weights
    wire      one connection as its client sees it: what it was told, what it believes since
    referee   the truth: what the file holds, and who has to hear it
    faults    a real store whose commits fail in real ways
"""
