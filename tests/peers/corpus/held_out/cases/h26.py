"""``keras.optimizers.schedules.``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula

CASES = [
    Case(
        "h26.1",
        "51965165",
        formula(lambda k: 1e-3 * 0.9 ** (k / 500), 2000),
        ("TrainConfig",),
        {
            "TrainConfig.getDefault().initial_learning_rate": 1e-3,
            "TrainConfig.getDefault().decay_steps": 500,
            "TrainConfig.getDefault().decay_rate": 0.9,
        },
        pasted=True,
    ),
    Case(
        "h26.2",
        "18073524620",
        formula(lambda k: 1e-3 / (1 + 0.05 * (k // 100)), 2000),
        ("args.dataset_size", "args.batch_size"),
        {"args.dataset_size": 6400, "args.batch_size": 64},
        pasted=True,
    ),
    Case(
        "h26.3",
        "31389147155",
        formula(lambda k: 1e-3 * 0.95 ** (k / 1000), 5000),
        ("LEARNING_RATE", "DECAY_RATE"),
        {"LEARNING_RATE": 1e-3, "DECAY_RATE": 0.95},
        pasted=True,
    ),
    Case(
        "h26.4",
        "38545735430",
        formula(lambda k: 1e-3 * 0.9 ** (k / 10000), 50000),
        pasted=True,
    ),
]
