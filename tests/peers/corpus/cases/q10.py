"""``LambdaLR(optimizer, lr_lambda``."""

import math

from torch.optim.lr_scheduler import LambdaLR, MultiStepLR, SequentialLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula, torch


def floored(step):
    """Hit 6, for 50 and 1000 steps."""
    return max(1e-8, step / 50) if step < 50 else cosine((step - 50) / 950)


def warmed_multistep(optimizer):
    first = LambdaLR(optimizer, lambda k: (k + 1) / 101)
    return SequentialLR(
        optimizer, [first, MultiStepLR(optimizer, [500, 800], 0.1)], milestones=[100]
    )


CASES = [
    Case(
        "q10.1",
        "41654215302",
        formula(lambda e: 0.01 * (1 - e / 100) ** 0.9 if e < 100 else 0.0, 120),
        ("max_epochs", "min_lr", "power", "--lr"),
        {"max_epochs": 100, "min_lr": 0, "power": 0.9},
        lr=0.01,
        pasted=True,
    ),
    Case(
        "q10.2",
        "57424160877",
        formula(
            lambda e: 1e-3 * (e + 1) / 5 if e < 5 else 1e-5 + (1e-3 - 1e-5) * cosine((e - 5) / 75),
            80,
        ),
        ("c[", "epochs"),
        {'c["lr"]': 1e-3, 'c["lr_min"]': 1e-5, 'c["epochs"]': 80},
        epochs=True,
    ),
    Case(
        "q10.3",
        "71517803577",
        formula(
            lambda s: 3e-4 * ((s + 1) / 200 if s < 200 else cosine(min(1.0, (s - 200) / 1800))),
            2100,
        ),
        ("cfg.", "steps_per_epoch", "--lr"),
        {"cfg.epochs": 20, "cfg.warmup_epochs": 2, "steps_per_epoch": 100},
        lr=3e-4,
        pasted=True,
    ),
    Case(
        "q10.4",
        "9406340547",
        formula(
            lambda e: 0.001 * ((e + 1) / 36 if e < 35 else math.cos((e - 35) / 265 * math.pi / 2)),
            299,
        ),
        epochs=True,
    ),
    Case(
        "q10.5",
        "62291116662",
        formula(
            lambda s: 1e-3 * (s / 100 if s < 100 else 0.1 + 0.9 * cosine((s - 100) / 900)), 1000
        ),
        ("warmup_steps", "total_steps", "--lr"),
        {"warmup_steps": 100, "total_steps": 1000},
        lr=1e-3,
        pasted=True,
    ),
    Case(
        "q10.6",
        "52166723307",
        formula(lambda s: 1e-4 * floored(s), 1000),
        ("total_steps", "warmup_steps", "--lr"),
        {"warmup_steps": 50, "total_steps": 1000},
        lr=1e-4,
    ),
    Case(
        "q10.7",
        "21192487287",
        torch(1e-4, warmed_multistep, 1000),
        ("lr_schedule", "self.", "--lr", "--at"),
        {
            "lr_schedule": "step",
            "self.linear_warmup_steps": 100,
            "self.lr_schedule_steps": "[500, 800]",
            "self.lr_schedule_gamma": 0.1,
        },
        lr=1e-4,
        at="return SequentialLR(",
        pasted=True,
    ),
    Case(
        "q10.8",
        "36619962",
        formula(lambda e: 0.05 * (0.05 + 0.95 * cosine(e / 100)), 100),
        ("total_epochs", "warmup_epochs", "--lr"),
        {"total_epochs": 100, "warmup_epochs": 0, "min_lr_ratio": 0.05},
        lr=0.05,
        every=391,
    ),
]
