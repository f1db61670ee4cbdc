"""``LearningRateScheduler(lambda``. Hit 5 calls a function that the hit does not show."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import formula

CASES = [
    Case(
        "q33.1",
        "3835550693",
        formula(lambda e: 0.003 if e < 5 else 0.001, 30),
        pasted=True,
        epochs=True,
    ),
    Case("q33.2", "67132524998", formula(lambda e: 1e-3 * 0.9**e, 24), epochs=True),
    Case(
        "q33.3",
        "38311838273",
        formula(lambda e: 0.001 * 0.1 ** (e // 10), 40),
        pasted=True,
        epochs=True,
    ),
    Case(
        "q33.4",
        "30595107728",
        formula(lambda e: 1e-3 * 0.9 ** max(0, e - 10), 59),
        ("lr",),
        lr=1e-3,
        epochs=True,
    ),
    Case("q33.5", "21183387068", None, ("lr_scheduler",), pasted=True),
]
