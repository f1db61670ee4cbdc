"""``"WarmupDecayLR"``. Hits 1 and 8 are code about it, 6 and 9 repeat 5."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import deepspeed, formula

CASES = [
    Case("q24.2", "39968187262", deepspeed(0, 1e-4, 2000, 100000, 100000), pasted=True),
    Case(
        "q24.3",
        "61933692967",
        formula(lambda k: 1e-6 + (2e-4 - 1e-6) * (k / 300 if k < 300 else (5000 - k) / 4700), 5000),
        ("self.", "args."),
        {
            "self.use_layerwise_lr": False,
            "self.lr": 2e-4,
            "self.epochs": 5,
            "self.steps_per_epoch": 1000,
            "self.warmup_min_lr": 1e-6,
            "self.warmup_num_steps": 300,
            "self.warmup_type": "linear",
        },
    ),
    Case(
        "q24.4",
        "38331460807",
        deepspeed(0, 3e-5, 100, 2000, 2000),
        ("config.learning_rate", "total_steps", "warmup_steps"),
        {"config.learning_rate": 3e-5, "total_steps": 2000, "warmup_steps": 100},
        pasted=True,
    ),
    Case(
        "q24.5",
        "1434263497",
        deepspeed(0, 1e-3, 50, 1000, 1000),
        ("auto",),
        {
            "scheduler.params.total_num_steps": 1000,
            "scheduler.params.warmup_min_lr": 0,
            "scheduler.params.warmup_max_lr": 1e-3,
            "scheduler.params.warmup_num_steps": 50,
        },
        pasted=True,
    ),
    Case("q24.7", "13746709222", deepspeed(0, 2e-5, 500, 10000, 10000), size=14000),
]
