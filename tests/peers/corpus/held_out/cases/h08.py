"""``get_constant_schedule_with_warmup(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula

CASES = [
    Case(
        "h08.1",
        "545175901",
        formula(lambda k: 2e-4 * min(1, k / 500), 2000),
        ("config[",),
        {'config["lr"]': 2e-4, 'config["lr_warmup_steps"]': 500},
        size=6000,
    ),
    Case(
        "h08.2",
        "34351532461",
        formula(lambda k: 1e-5 * min(1, k / 300), 900),
        ("args.",),
        {"args.lr": 1e-5, "args.lr_decay_style": "constant", "args.warmup_iters": 300},
        may_ask=True,
        size=7000,
    ),
    Case(
        "h08.3",
        "46251675136",
        formula(lambda k: 9e-6 * min(1, k / 60), 1200),
        ("lr", "total_steps", "warmup_ratio", "cfg."),
        {
            "lr": 9e-6,
            "total_steps": 2000,
            "warmup_ratio": 0.03,
            "cfg.lr": 9e-6,
            "cfg.epochs": 2,
            "cfg.steps_per_epoch": 1000,
            "cfg.warmup_ratio": 0.03,
        },
        size=5000,
    ),
]
