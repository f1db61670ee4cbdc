"""``--lr-decay-iters``. Hit 1 has flags of its own; ``--warmup`` of 3 and 8 is of an old Megatron.

That one counted the warm-up as a share of the iterations, and today's does not know the flag.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula, megatron


def line(lr, low, warmup, decay):
    """Megatron's linear decay."""

    def rate(k):
        if k <= warmup:
            return lr * k / warmup
        return low + (lr - low) * (1 - (k - warmup) / (decay - warmup)) if k <= decay else low

    return rate


CASES = [
    Case("h12.1", "61942368984", None, ("lr", "rate")),
    Case(
        "h12.2",
        "459538269",
        formula(line(2e-4, 1e-5, 1907, 95367), 95367),
        ("LR", "MIN_LR", "TRAIN_TOKENS", "GLOBAL_BATCH_SIZE", "--set 5", "--set 6", "--set 9"),
        {
            "LR": 2e-4,
            "MIN_LR": 1e-5,
            "SEQ_LEN": 2048,
            "TRAIN_TOKENS": 50000000000,
            "WARMUP_TOKENS": 1000000000,
            "GLOBAL_BATCH_SIZE": 256,
            "5": 256,
            "6": 2e-4,
            "7": 1e-5,
            "8": 2048,
            "9": 50000000000,
            "10": 1000000000,
        },
    ),
    Case("h12.3", "66422711274", None, ("warmup",)),
    Case(
        "h12.4",
        "49522549254",
        formula(line(6e-5, 0, 2, 45), 50),
        ("--lr",),
        lr=6e-5,
        pasted=True,
    ),
    Case("h12.5", "27572219124", megatron(1e-3, 9450, 10500, low=1e-6, warmup=1050)),
    Case("h12.6", "54915275004", megatron(1e-4, 25000, 30000, low=1e-5, warmup=5000)),
    Case("h12.7", "19550135094", megatron(1.5e-4, 100000, 100000, low=1e-5, warmup=1000)),
    Case("h12.8", "41935683399", None, ("warmup",)),
]
