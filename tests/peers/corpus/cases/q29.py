"""``param_scheduler = [``. Hit 1 counts epochs in a loop of iterations.

mmengine's LinearLR reaches its end after end - begin - 1 steps. In hit 5 these are none, and what
it multiplied with at its only step stays: the rate is a hundred-thousandth in all epochs.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula


def warmed_cosine(update):
    """Hit 4, with 1000 updates in an epoch."""
    if update < 500:
        return 2e-4 * (1 / 3 + 2 / 3 * update / 499)
    return 2e-7 + (2e-4 - 2e-7) * cosine(update // 1000 / 24)


def warmed_line(update):
    """Hit 6."""
    if update < 1500:
        return 5e-5 * (1e-6 + (1 - 1e-6) * update / 1499)
    return 1e-6 + (5e-5 - 1e-6) * (1 - (update - 1500) / 78499)


CASES = [
    Case("q29.1", "30908632122", formula(lambda e: 1e-4 * 0.1 ** (e >= 100), 149), epochs=True),
    Case("q29.2", "65833900407", formula(lambda e: 2e-4 * 0.1 ** (e >= 11), 59), every=250),
    Case("q29.3", "7532577", formula(lambda e: 2e-4 * 0.1 ** (e >= 3), 4), epochs=True),
    Case(
        "q29.4",
        "40445774982",
        formula(warmed_cosine, 23999),
        ("--every",),
        every=1000,
        in_updates=True,
    ),
    Case(
        "q29.5",
        "2888978922",
        formula(lambda e: 1e-9 * 0.1 ** ((e >= 24) + (e >= 32)), 35),
        epochs=True,
    ),
    Case("q29.6", "24121991457", formula(warmed_line, 79999)),
]
