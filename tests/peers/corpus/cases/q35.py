"""``schedules.ExponentialDecay(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula

CASES = [
    Case(
        "q35.1",
        "46779003587",
        formula(lambda k: 1e-4 * 0.95 ** (k / 10000), 30000),
        ("learning_rate", "learning_rate_decay"),
        {"learning_rate": 1e-4, "learning_rate_decay": 0.95},
        pasted=True,
    ),
    Case("q35.2", "10154229077", formula(lambda k: 0.01 * 0.5 ** (k / 10000), 30000)),
    Case(
        "q35.3",
        "41849250887",
        formula(lambda k: 1e-4 * 0.96 ** (k / 5000), 5000),
        ("len(file_names)", "configs.batch_size"),
        {"len(file_names)": 4000, "configs.batch_size": 8},
        pasted=True,
    ),
    Case(
        "q35.4",
        "29228887352",
        formula(lambda k: 5e-4 * 0.9 ** (k / 100), 1000),
        ("learningrate",),
        {"learningrate": 5e-4},
        may_ask=True,
    ),
]
