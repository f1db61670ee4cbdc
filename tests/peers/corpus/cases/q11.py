"""``def get_lr(it``. Hits 6, 8 and 9 are the function of hit 4 or 7 again."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula


def gpt(peak, floor, warmup, last, first=0, beyond=0):
    """The function of nanoGPT: the warm-up begins at ``first`` of ``warmup + beyond``."""

    def rate(it):
        if it < warmup:
            return peak * (it + first) / (warmup + beyond)
        return (
            floor + cosine((it - warmup) / (last - warmup)) * (peak - floor)
            if it <= last
            else floor
        )

    return rate


CASES = [
    Case(
        "q11.1",
        "53701975727",
        formula(gpt(1e-3, 1e-4, 100, 2000, 1, 1), 2100),
        ("config.",),
        {
            "config.learning_rate": 1e-3,
            "config.min_lr": 1e-4,
            "config.warmup_iters": 100,
            "config.max_iters": 2000,
        },
        pasted=True,
    ),
    Case("q11.2", "1389653387", formula(gpt(5e-4, 0.0, 1000, 100000), 100500)),
    Case(
        "q11.3",
        "34421111657",
        formula(gpt(6e-4, 6e-5, 200, 3000, 1), 3000),
        ("WARMUP_ITERS", "TRAIN_ITERS", "LEARNING_RATE", "MIN_LR"),
        {"WARMUP_ITERS": 200, "TRAIN_ITERS": 3000, "LEARNING_RATE": 6e-4, "MIN_LR": 6e-5},
        pasted=True,
    ),
    Case(
        "q11.4",
        "26108545202",
        formula(gpt(1e-4, 1e-5, 500, 5000), 5100),
        ("settings", "learning_rate", "warmup_iters", "lr_decay_iters", "min_lr"),
        {
            'settings["learning_rate"]': 1e-4,
            'settings["max_iters"]': 5000,
            'settings["warmup_iters"]': 500,
            'settings["lr_decay_iters"]': 5000,
            'settings["min_lr"]': 1e-5,
            'settings["decay_lr"]': True,
        },
        size=20000,
    ),
    Case(
        "q11.5",
        "9180364472",
        formula(gpt(1.8e-3, 1.8e-4, 715, 19073, 1), 19200),
        ("max_lr", "min_lr", "warmup_steps", "max_steps"),
        {"max_lr": 1.8e-3, "min_lr": 1.8e-4, "warmup_steps": 715, "max_steps": 19073},
        pasted=True,
    ),
    Case(
        "q11.7",
        "16819185392",
        formula(gpt(6e-4, 6e-5, 2000, 50000, 1, 1), 50000),
        size=16000,
    ),
]
