"""``optax.cosine_decay_schedule(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula

CASES = [
    Case(
        "h18.1",
        "4952625197",
        formula(lambda k: 1e-3 * (0.01 + 0.99 * cosine(min(1, k / 20000))), 20000),
        ("args.",),
        {"args.train_steps": 20000, "args.lr0": 1e-3, "args.alpha": 0.01},
        may_ask=True,
        size=6000,
    ),
    Case(
        "h18.2",
        "17424408722",
        formula(lambda k: 1e-3 * cosine(k / 1000), 1000),
        ("schedule_type", "base_lr", "num_steps", "warmup_steps", "min_lr"),
        {
            "schedule_type": "cosine",
            "base_lr": 1e-3,
            "num_steps": 1000,
            "warmup_steps": 0,
            "min_lr": 0,
        },
        size=3000,
    ),
    Case(
        "h18.3",
        "429684467",
        formula(lambda k: 0.1 * (k / 250 if k < 250 else cosine((k - 250) / 4750)), 5000),
        ("args.", "trn_steps_per_epoch", "len(loader)"),
        {
            "args.learning_rate": 0.1,
            "args.num_epochs": 100,
            "args.num_warmup_epochs": 5,
            "trn_steps_per_epoch": 50,
            "len(loader)": 50,
        },
        size=8000,
    ),
]
