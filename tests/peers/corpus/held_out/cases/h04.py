"""``scheduler = LambdaLR(``."""

import math

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula


def quarter(x):
    """Hit 3: a quarter of a cosine, from the whole rate to a tenth of it."""
    if x < 2000:
        return 5e-4 * x / 2000
    return 5e-5 + 4.5e-4 * math.cos((min(x, 100000) - 2000) / 98000 * math.pi / 2)


def warmed(step):
    """Hit 4, whose length is 100000 unless it is handed another."""
    if step < 500:
        return 1e-6 + (1e-3 - 1e-6) * step / 500
    return 1e-5 + (1e-3 - 1e-5) * cosine(min(1.0, (step - 500) / 99500))


CASES = [
    Case("h04.1", "45618651481", formula(lambda e: 1e-3 / (1 + 0.05 * e), 40), epochs=True),
    Case(
        "h04.2",
        "15987020026",
        formula(lambda k: 3e-4 * (k / 500 if k < 500 else cosine((k - 500) / 19500)), 20000),
        ("args.",),
        {
            "args.scheduler_type": "cosine",
            "args.learning_rate": 3e-4,
            "args.warmup_steps": 500,
            "args.num_steps": 20000,
        },
        may_ask=True,
        size=10000,
    ),
    Case("h04.3", "30616093066", formula(quarter, 110000), size=5000),
    Case(
        "h04.4",
        "24416010751",
        formula(warmed, 100000),
        ("opt_config", "sched_config", "total", "warm"),
        {
            "self.opt_config.learning_rate": 1e-3,
            "self.sched_config.scheduler_type": "cosine",
            "self.sched_config.warmup_batches": 500,
            "self.sched_config.warmup_start_lr": 1e-6,
            "self.sched_config.min_lr": 1e-5,
            "total_training_batches": 100000,
            "self.total_training_batches": 100000,
            "total": 100000,
        },
        size=8000,
    ),
]
