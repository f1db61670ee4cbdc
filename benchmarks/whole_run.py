"""A whole run as one float64 array of 10^6 values."""

import numpy
from interleaved import machine, nanoseconds, show

from gradatim import Cosine, Linear, warmup_cosine, wsd

STEPS = 1_000_000
ALL = numpy.arange(STEPS)


def by_hand():
    """The textbook's formula as one writes it with NumPy."""
    t = ALL.astype(numpy.float64)
    cosine = 3e-4 * 0.5 * (1.0 + numpy.cos(numpy.pi * (t - 20_000) / 980_000))
    return numpy.where(t < 20_000, 3e-4 * t / 20_000, cosine)


def by_hand_in_pieces():
    """The same, computing of each piece only what is used."""
    values = numpy.empty(STEPS)
    values[:20_000] = ALL[:20_000] * (3e-4 / 20_000)
    angle = (ALL[20_000:] - 20_000) * (numpy.pi / 980_000)
    values[20_000:] = (1.0 + numpy.cos(angle)) * 1.5e-4
    return values


def main():
    filled = numpy.empty(STEPS)
    schedules = {
        "warm-up and cosine": warmup_cosine(peak=3e-4, steps=STEPS, warmup=20_000),
        "cosine alone": Cosine(start=3e-4, end=0.0, steps=STEPS),
        "a line": Linear(start=3e-4, end=0.0, steps=STEPS),
        "warm-up, stable, decay": wsd(peak=3e-4, steps=STEPS, warmup=20_000),
    }
    blocks = {
        "filling the array": lambda: filled.fill(3e-4),
        "warm-up and cosine by hand, with where": by_hand,
        "warm-up and cosine by hand, in pieces": by_hand_in_pieces,
    }
    blocks |= {
        name: lambda schedule=schedule: schedule(ALL) for name, schedule in schedules.items()
    }
    times = nanoseconds(blocks, 1_000_000, rounds=15)
    floor, hand = times["filling the array"], times["warm-up and cosine by hand, with where"]
    rows = [(name, ns, ns / floor, ns / hand) for name, ns in times.items()]
    show("10^6 values", ("", "ms", "of filling", "of the form by hand"), rows)


if __name__ == "__main__":
    machine("numpy")
    main()
