"""``CosineAnnealingWithWarmupScheduler(``. Hit 3 is prose about the library."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import composer, cosine

CASES = [
    Case(
        "q37.1",
        "16929736579",
        composer(6e-4, 100, 2000, 0.1, cosine),
        ("scheduler_config.", "optimizer_config.", "--lr", "--at"),
        {
            "optimizer_config.lr": 6e-4,
            "scheduler_config.name": "cosine",
            "scheduler_config.t_warmup": "100ba",
            "scheduler_config.t_max": "2000ba",
            "scheduler_config.alpha_f": 0.1,
        },
        lr=6e-4,
        at="lr_scheduler = CosineAnnealingWithWarmupScheduler(",
        pasted=True,
    ),
    Case(
        "q37.2",
        "11038293560",
        composer(5e-4, 60, 1000, 0.1, cosine),
        ("config[", "run_warmup_pct", "--lr", "--steps"),
        {
            'config["run"]["schedule"]': "cosine-warmup",
            'config["run"]["max_lr"]': 5e-4,
            'config["run"]["warmup_pct"]': 0.06,
        },
        lr=5e-4,
        steps=1000,
    ),
    Case(
        "q37.4",
        "31059620256",
        composer(2e-4, 50, 500, 0.02, cosine),
        ("cfg.", "--lr", "--steps", "--at"),
        {"cfg.name": "cosine_with_warmup", "cfg.t_warmup": "50ba", "cfg.alpha_f": 0.02},
        lr=2e-4,
        steps=500,
        at="return CosineAnnealingWithWarmupScheduler(",
        pasted=True,
    ),
]
