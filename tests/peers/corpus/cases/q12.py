"""``def adjust_learning_rate(optimizer, epoch``. Hit 4 is the function of hit 3 again.

Hit 5 calls it with epochs from 1 on. Hit 7 has ``async=True``, which no Python since 3.7 can parse.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula

CASES = [
    Case(
        "q12.1",
        "39827976368",
        formula(lambda e: 1e-4 * 0.5 ** (e // 5), 40),
        ("args.lr",),
        {"args.lr": 1e-4},
        pasted=True,
        epochs=True,
    ),
    Case(
        "q12.2",
        "36262103",
        formula(lambda e: 30.0 if e < 40 else 10.0 if e < 60 else 1.0, 80),
        ("args.lr", "--lr"),
        lr=30.0,
        may_ask=True,
        epochs=True,
    ),
    Case(
        "q12.3",
        "10355694593",
        formula(lambda e: 1e-3 * 0.5 ** (e - 1), 20),
        ("learning_rate",),
        {"learning_rate": 1e-3},
        pasted=True,
        epochs=True,
    ),
    Case(
        "q12.5",
        "4709861528",
        formula(lambda n: 1e-4 + (0.1 - 1e-4) * cosine((n + 1) / 50), 49),
        ("args",),
        {"args['learning_rate']": 0.1, "args['cosine']": True, "args['epochs']": 50},
        epochs=True,
    ),
    Case("q12.6", "16153130003", formula(lambda e: 0.001, 30), pasted=True),
    Case(
        "q12.7",
        "22136456498",
        formula(lambda e: 0.001 * 0.1 ** (e // 30), 60),
        ("async", "args.lr"),
        size=12000,
        may_ask=True,
        epochs=True,
    ),
]
