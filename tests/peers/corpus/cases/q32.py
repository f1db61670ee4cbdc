"""``--sched cosine``. Hit 1 adds noise to the rate; hit 5 is of OpenSTL, with flags of its own.

The defaults are those of today's train.py of timm: --warmup-lr 1e-5, --min-lr 0.
"""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import timm

CASES = [
    Case("q32.1", "37201148133", None, ("noise",)),
    Case(
        "q32.2",
        "58243813098",
        timm(0.4, 2, sched="cosine", warmup_epochs=5, warmup_lr=1e-5),
        epochs=True,
    ),
    Case(
        "q32.3",
        "744178309",
        timm(1e-3, 300, sched="cosine", warmup_epochs=5, warmup_lr=1e-6),
        every=1251,
    ),
    Case(
        "q32.4",
        "56160330873",
        timm(3e-4, 80, sched="cosine", warmup_epochs=5, warmup_lr=1e-5, min_lr=1e-6),
        epochs=True,
    ),
    Case("q32.5", "9836503233", None, ("epoch", "timm")),
]
