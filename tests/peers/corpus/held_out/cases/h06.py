"""``def cosine_lr(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula

CASES = [
    Case(
        "h06.1",
        "283975405",
        formula(
            lambda k: 5e-4 * ((k + 1) / 100 if k < 100 else cosine((k - 100) / 1900)),
            1999,
        ),
        ("base_lrs", "warmup_length", "steps"),
        {"base_lr": 5e-4, "base_lrs": 5e-4, "warmup_length": 100, "steps": 2000},
        pasted=True,
    ),
    Case(
        "h06.2",
        "68870194855",
        formula(
            lambda k: 1e-3 * ((k + 1) / 50 if k < 50 else 0.1 + 0.9 * cosine((k - 50) / 950)),
            999,
        ),
        ("cfg.", "total"),
        {
            "cfg.steps": 1000,
            "total": 1000,
            "cfg.warmup_ratio": 0.05,
            "cfg.learning_rate": 1e-3,
            "cfg.min_lr_ratio": 0.1,
        },
        size=6000,
    ),
    Case(
        "h06.3",
        "71008488205",
        formula(
            lambda k: 6e-4 * k / 200 if k < 200 else 6e-5 + 5.4e-4 * cosine((k - 200) / 3800),
            3999,
        ),
        ("total_steps", "warmup_steps", "peak_lr", "min_lr"),
        {"total_steps": 4000, "warmup_steps": 200, "peak_lr": 6e-4, "min_lr": 6e-5},
        may_ask=True,
        size=4000,
    ),
]
