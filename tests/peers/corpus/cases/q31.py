"""``--lr-warmup-fraction``. Hit 6 has the schedule of the 8th hit of query 30."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import megatron

CASES = [
    Case("q31.1", "9893648487", megatron(1.5e-4, 5000, 10000, low=1e-5, warmup=50)),
    Case("q31.2", "60800537082", megatron(6e-5, 430000, 500000, low=6e-6, warmup=430)),
    Case("q31.3", "51779236377", megatron(1e-5, 2000, 2000, warmup=60)),
    Case("q31.4", "23143923642", megatron(1e-5, 3, 3, warmup=0.3)),
    Case(
        "q31.5",
        "17611953627",
        megatron(3e-4, 40000, 40000, low=1.25e-7, warmup=400),
        ("TRAIN_ITERS", "--set 1"),
        {"TRAIN_ITERS": 40000, "1": 40000},
    ),
    Case(
        "q31.7",
        "71187508992",
        megatron(3e-4, 10000, 10000, low=3e-5, warmup=100),
        ("--steps", "train-iters", "decay-iters"),
        steps=10000,
        pasted=True,
    ),
]
