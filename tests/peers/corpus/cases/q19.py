"""``"lr_scheduler_type": "``: settings of the Trainer in dictionaries of Python."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case("q19.1", "60339990450", hf("cosine", 2e-5, 50, 700), ("--steps",), steps=700, pasted=True),
    Case(
        "q19.2",
        "39997843815",
        hf("cosine_with_restarts", 2e-4, 63, 315),
        ("--steps",),
        steps=315,
    ),
    Case(
        "q19.3",
        "2751946140",
        hf("cosine", 2e-5, 1000, 10000),
        ("--steps",),
        steps=10000,
        pasted=True,
    ),
    Case("q19.4", "51921625305", hf("cosine", 2e-4, 0, 900), ("--steps",), steps=900),
]
