"""``!new:speechbrain.nnet.schedulers.``. Hits 2, 5, 6 and 7 repeat others.

The line of LinearScheduler is of single precision there. ReduceLROnPlateau lowers nothing in its
first epochs, which has to be said.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import METRICS, formula, newbob


def line(epoch):
    """LinearScheduler(1e-4, 1e-5, 30): torch's linspace over the epochs, then the last value."""
    return 1e-4 + (1e-5 - 1e-4) * min(epoch, 29) / 29


def plateau(lr, factor, patience):
    """ReduceLROnPlateau, after each of METRICS, shown from the epoch on that it looks at them."""

    def values():
        rates, best, bad = [lr], 99999, 0
        for metric in METRICS:
            rate = rates[-1]
            if metric <= best:
                bad, best = 0, metric
            elif bad < patience:
                bad += 1
            else:
                rate, bad = rate * factor, 0
            rates.append(max(rate, 1e-8))
        return rates

    return values


CASES = [
    Case(
        "h15.1",
        "20564673865",
        formula(line, 29),
        ("lr_start", "lr_final", "number_of_epochs"),
        {"lr_start": 1e-4, "lr_final": 1e-5, "number_of_epochs": 30},
        pasted=True,
    ),
    Case("h15.3", "14025628700", plateau(1.5e-4, 0.5, 2), says="35"),
    Case("h15.4", "13963948825", formula(line, 29), epochs=True),
    Case("h15.8", "29579974118", plateau(1e-4, 0.8, 2), says="65"),
    Case("h15.9", "20595476104", newbob(3e-4, 0.8), ("lr",), {"lr": 3e-4}, pasted=True),
]
