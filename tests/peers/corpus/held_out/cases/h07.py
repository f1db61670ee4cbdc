"""``math.cos(math.pi * progress)``. Hit 3 is a temperature.

Hit 1 starts again at each stage; its options are those of the first. In hit 4 the first epoch is 1.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula


def stage(k):
    """Hit 1, whose first stage starts at 0."""
    if k < 100:
        return 1e-3 * max(k, 1) / 100
    return max(1e-5, 1e-3 * cosine((k - 100) / 900))


def of_epoch(e):
    """Hit 4."""
    if e <= 5:
        return 1e-3 * e / 5
    return 1e-6 + (1e-3 - 1e-6) * cosine((e - 5) / 45)


CASES = [
    Case(
        "h07.1",
        "63112117443",
        formula(stage, 999),
        ("cfg.", "stage_start_step"),
        {
            "cfg.lr_max": 1e-3,
            "cfg.warmup_steps": 100,
            "cfg.stage_steps": 1000,
            "cfg.cycles": 1,
            "stage_start_step[0]": 0,
        },
        at="def lr_schedule(step)",
        size=4000,
    ),
    Case(
        "h07.2",
        "71654082513",
        formula(lambda k: 1e-5 + 9e-5 * cosine((k + 1) / 1000), 999),
        size=3000,
    ),
    Case(
        "h07.4",
        "67454220633",
        formula(lambda n: of_epoch(n + 1), 49),
        ("args.", "warmup_epochs", "total_epochs", "base_lr"),
        {
            "args.warmup_epochs": 5,
            "args.epochs": 50,
            "args.lr": 1e-3,
            "self.warmup_epochs": 5,
            "self.total_epochs": 50,
            "self.base_lr": 1e-3,
            "self.min_lr": 1e-6,
        },
        size=5000,
    ),
    Case(
        "h07.5",
        "53314063098",
        formula(lambda e: 0.01 * ((e + 1) / 3 if e < 3 else cosine((e - 3) / 27)), 30),
        ("warmup_epochs", "total_epochs", "--lr"),
        {"warmup_epochs": 3, "total_epochs": 30},
        lr=0.01,
        pasted=True,
    ),
]
