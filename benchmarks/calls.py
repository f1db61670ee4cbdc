"""What asking a schedule costs: one number, far out, in a long join; and what a state weighs."""

import json
import math
import time

from interleaved import machine, nanoseconds, show

from gradatim import Constant, Driver, Plateau, cosine_restarts, join, warmup_cosine, wsd

SCHEDULE = warmup_cosine(peak=3e-4, steps=100_000, warmup=2_000)


def closure(step):
    """What people write by hand."""
    if step < 2_000:
        return 3e-4 * step / 2_000
    return 3e-4 * 0.5 * (1.0 + math.cos(math.pi * (step - 2_000) / 98_000))


def asking(function, steps):
    def block():
        for step in steps:
            function(step)

    return block


def one_number():
    steps = range(5_000, 6_000)
    times = nanoseconds(
        {
            "a closure with math.cos, by hand": asking(closure, steps),
            "schedule(step)": asking(SCHEDULE, steps),
        },
        len(steps),
    )
    floor = times["a closure with math.cos, by hand"]
    rows = [(name, ns, ns / floor) for name, ns in times.items()]
    show("One value of warm-up and cosine", ("", "ns", "ratio"), rows)


def far_out():
    rows = []
    for name, schedule in (
        ("warm-up, stable, decay", wsd(peak=1.0, steps=2 * 10**9, warmup=100)),
        ("restarts, all alike", cosine_restarts(peak=1.0, cycle=1_000, factor=0.99)),
        ("restarts, growing", cosine_restarts(peak=1.0, cycle=1_000, stretch=2)),
    ):
        times = nanoseconds(
            {
                "0": asking(schedule, range(200, 1_200)),
                "far": asking(schedule, range(10**9 + 200, 10**9 + 1_200)),
            },
            1_000,
        )
        rows.append((name, times["0"], times["far"], times["far"] / times["0"]))
    show("At position 10^9", ("", "ns at 0", "ns at 10^9", "ratio"), rows)


def many_pieces():
    rows = []
    for pieces in (10, 1_000, 20_000):
        each = [Constant(value=1.0 / (1 + k % 7), steps=1 + k % 5) for k in range(min(pieces, 35))]
        begin = time.process_time()
        long = join(*(each[k % len(each)] for k in range(pieces)))
        last = long.length
        built = (time.process_time() - begin) * 1e3
        steps = [last * k // 1_000 for k in range(1_000)]
        ns = nanoseconds({"": asking(long, steps)}, len(steps), rounds=31)[""]
        rows.append((f"{pieces:,} pieces", built, ns))
    show("A long join", ("", "ms to build", "ns a step"), rows)


def sizes():
    driver = Driver({"lr": SCHEDULE}, {"lr": Plateau(mode="min")})
    driver.advance(10**9)
    rows = [
        ("the position alone", len(json.dumps({"position": driver.position}))),
        ("all: schedule, rule, its state", len(json.dumps(driver.state()))),
    ]
    show("Saved state as JSON", ("", "bytes"), rows)


if __name__ == "__main__":
    machine()
    one_number()
    far_out()
    many_pieces()
    sizes()
