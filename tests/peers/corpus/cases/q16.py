"""``lr_scheduler_type="``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "q16.1",
        "13249012655",
        hf("cosine", 2e-5 * 2, 150, 1500),
        ("--steps",),
        steps=1500,
        pasted=True,
    ),
    Case(
        "q16.2",
        "55823660750",
        hf("cosine", 2e-4, 10, 400),
        ("LEARNING_RATE", "--steps"),
        {"LEARNING_RATE": 2e-4},
        steps=400,
        size=9000,
    ),
    Case(
        "q16.3",
        "36132544325",
        hf("cosine", 2e-5, 300, 10000),
        ("--steps",),
        steps=10000,
        pasted=True,
    ),
    Case("q16.4", "24262464440", hf("cosine", 2e-4, 36, 1200), ("--steps",), steps=1200),
    Case("q16.5", "59602321280", hf("linear", 1e-5, 0, 900), ("--steps",), steps=900, pasted=True),
    Case("q16.6", "46902395", hf("cosine", 5e-4, 101, 2001), ("--steps",), steps=2001),
    Case(
        "q16.7",
        "47717160995",
        hf("cosine", 1e-5, 250, 2500),
        ("LR", "WARMUP_RATIO", "--steps"),
        {"LR": 1e-5, "WARMUP_RATIO": 0.1},
        steps=2500,
        pasted=True,
    ),
    Case(
        "q16.8",
        "71635226870",
        hf("cosine", 1e-6, 30, 1000),
        ("--steps", "learning_rate"),
        {"learning_rate": 1e-6},
        steps=1000,
        size=9000,
    ),
]
