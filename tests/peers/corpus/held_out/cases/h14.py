"""``"warmup_max_lr":``. Hit 4 is code, hit 5 repeats another. Hit 7 is not DeepSpeed's."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import deepspeed, formula

CASES = [
    Case("h14.1", "41745907933", deepspeed(0, 5e-5, 500, None, 1500), size=6000),
    Case("h14.2", "47904664273", deepspeed(0, 1e-4, 1000, 100000, 100000), pasted=True),
    Case("h14.3", "20544618463", deepspeed(0, 1e-5, 1000, None, 3000)),
    Case("h14.6", "1509958033", deepspeed(0, 1e-3, 1000, None, 3000)),
    Case("h14.7", "33199041418", None, ("lr_scheduler", "decay_style")),
    Case(
        "h14.8",
        "18720140803",
        formula(lambda k: 3e-4 * (k / 100 if k < 100 else (2000 - k) / 1900), 2000),
        ("self.", "args.", "len("),
        {
            "self.epochs": 20,
            "self.steps_per_epoch": 100,
            "self.lr": 3e-4,
            "args.epochs": 20,
            "args.lr": 3e-4,
            "args.batch_size": 16,
            "len(self.data)": 1600,
        },
        size=5000,
    ),
    Case(
        "h14.9",
        "5028578368",
        deepspeed(0, 2e-4, 50, None, 200),
        ("auto", "warmup_num_steps"),
        {"scheduler.params.warmup_num_steps": 50},
    ),
]
