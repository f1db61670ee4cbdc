"""``warmup_ratio=0.``. Hit 2 is a library's own code, hit 4 is commented."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "h09.1",
        "63591290",
        hf("cosine", 2e-4, 75, 1500),
        ("--steps",),
        steps=1500,
        size=4000,
    ),
    Case(
        "h09.3",
        "23287066730",
        hf("linear", 3e-5, 100, 2000),
        ("--steps", "LR", "3"),
        {"LR": 3e-5, "3": 3e-5},
        steps=2000,
    ),
    Case("h09.5", "62824929515", hf("cosine", 2e-5, 36, 1200), ("--steps",), steps=1200, size=5000),
    Case("h09.6", "58581526670", hf("cosine", 5e-6, 25, 250), size=3000),
    Case(
        "h09.7",
        "34431322175",
        hf("linear", 1e-5, 200, 2000),
        ("--steps",),
        steps=2000,
        pasted=True,
    ),
    Case("h09.8", "11091157820", hf("linear", 5e-5, 80, 800), ("--steps",), steps=800, size=4000),
]
