"""``lr_scheduler.ReduceLROnPlateau(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import plateau

CASES = [
    Case(
        "h05.1",
        "53004138639",
        plateau(1e-4, mode="max", factor=0.5, patience=4),
        ("args.", "--at"),
        {
            "args.scheduler": "plateau",
            "args.learning_rate": 1e-4,
            "args.scheduler_factor": 0.5,
            "args.scheduler_patience": 4,
        },
        at="lr_scheduler.ReduceLROnPlateau(",
        may_ask=True,
        size=6000,
    ),
    Case(
        "h05.2",
        "71648072394",
        plateau(
            1e-3,
            mode="max",
            factor=0.5,
            patience=3,
            threshold=1e-3,
            threshold_mode="abs",
            cooldown=1,
            min_lr=1e-5,
        ),
        ("sched[", "config[", "--lr"),
        {
            'config["scheduler"]["factor"]': 0.5,
            'config["scheduler"]["patience"]': 3,
            'config["scheduler"]["threshold"]': 1e-3,
            'config["scheduler"]["threshold_mode"]': "abs",
            'config["scheduler"]["cooldown"]': 1,
            'config["scheduler"]["min_lr"]': 1e-5,
            'config["scheduler"]["eps"]': 1e-8,
        },
        lr=1e-3,
        pasted=True,
    ),
    Case("h05.3", "26183817699", plateau(1e-3, factor=0.2, patience=10, min_lr=1e-7), size=3000),
    Case("h05.4", "16981053504", plateau(1e-3, mode="max", patience=10), size=5000),
]
