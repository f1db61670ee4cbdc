"""``optax.warmup_cosine_decay_schedule(``. Hit 4 is a test."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula


def warmed(peak, warmup, last, end=0.0):
    """optax.warmup_cosine_decay_schedule from 0, which counts its warm-up in decay_steps."""

    def rate(k):
        if k < warmup:
            return peak * k / warmup
        return end + (peak - end) * cosine(min(1.0, (k - warmup) / (last - warmup)))

    return rate


CASES = [
    Case(
        "q36.1",
        "4574181936",
        formula(warmed(5e-4, 100, 2000, 1e-4), 2500),
        ("num_iters", "accum_k"),
        {"num_iters": 10000, "accum_k": 4},
        pasted=True,
    ),
    Case("q36.2", "55852368906", formula(warmed(2e-4, 1000, 100000, 2e-4 * 0.05), 100000)),
    Case(
        "q36.3",
        "70997731671",
        formula(warmed(1e-3, 100, 4000, 1e-5), 4000),
        ("warmup_steps", "total_steps", "learning_rate", "lr_min", "lr_schedule_name", "--at"),
        {
            "lr_schedule_name": "cosine",
            "warmup_steps": 100,
            "total_steps": 4000,
            "learning_rate": 1e-3,
            "lr_min": 1e-5,
        },
        at="optax.warmup_cosine_decay_schedule(",
        pasted=True,
    ),
    Case(
        "q36.5",
        "49070843841",
        formula(warmed(1e-2, 32, 8192), 8192),
        ("learning_rate", "n_steps"),
        {"learning_rate": 1e-2, "n_steps": 8192},
        may_ask=True,
    ),
]
