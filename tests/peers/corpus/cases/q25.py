"""``"WarmupLR"``. Hit 1 is a test, 3 is code about it, 8 repeats 6."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import deepspeed

CASES = [
    Case("q25.2", "28338861042", deepspeed(1e-7, 2e-4, 10, None, 60)),
    Case(
        "q25.4",
        "11414812707",
        deepspeed(0, 5e-5, 100, None, 300),
        ("auto",),
        {
            "scheduler.params.warmup_min_lr": 0,
            "scheduler.params.warmup_max_lr": 5e-5,
            "scheduler.params.warmup_num_steps": 100,
        },
        pasted=True,
    ),
    Case(
        "q25.5",
        "71010478287",
        deepspeed(0, 1e-3, 200, None, 600),
        ("args.lr", "args.warmup"),
        {"args.lr": 1e-3, "args.warmup": 200},
    ),
    Case("q25.6", "1268289927", deepspeed(0, 1e-4, 500, None, 1500)),
    Case(
        "q25.7",
        "49012476777",
        deepspeed(0, 2e-5, 50, None, 150),
        ("config.learning_rate",),
        {"config.learning_rate": 2e-5},
        pasted=True,
    ),
]
