"""``--min-lr 1``. Hit 6 is prose, 7 and 8 repeat the 8th hit of query 30.

Hit 2 is of timm, whose train.py takes the cosine unless it is told otherwise; 9 is of fairseq.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula, megatron, plateau, timm

CASES = [
    Case("h13.1", "66472563372", megatron(1.5e-5, 3000, 3000, low=1.5e-6, warmup=30)),
    Case(
        "h13.2",
        "9016916847",
        timm(1e-3, 300, sched="cosine", warmup_epochs=10, warmup_lr=1e-7, min_lr=1e-7),
        epochs=True,
        every=1251,
    ),
    Case("h13.3", "54188220642", megatron(1.25e-6, 5000, 5000, low=1.25e-7, warmup=50)),
    Case("h13.4", "71525903622", formula(lambda k: 1e-6 + 9.9e-5 * (1 - k / 10), 10)),
    Case("h13.5", "51878786487", megatron(1e-4, 320000, 100, low=1e-5, warmup=3200)),
    Case("h13.9", "41600151447", plateau(0.25, factor=0.5, patience=0), ("min-lr",)),
    Case(
        "h13.10",
        "19567442112",
        megatron(1e-4, 300000, 3750, low=1e-5, warmup=3000, counted=lambda k: 80 * k),
    ),
]
