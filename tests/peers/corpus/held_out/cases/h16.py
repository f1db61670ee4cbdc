"""``--warmup-epochs``. Hits 2 and 4 define the flag; 5 and 6 have flags of their own."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import timm

CASES = [
    Case(
        "h16.1",
        "14081181266",
        timm(1.5e-5, 60, sched="cosine", warmup_epochs=10, warmup_lr=1.5e-8, min_lr=1.5e-7),
        epochs=True,
    ),
    Case(
        "h16.3",
        "44735455136",
        timm(3e-3, 300, sched="cosine", warmup_epochs=32, warmup_lr=0, min_lr=3e-5),
        epochs=True,
    ),
    Case("h16.5", "28964782676", None),
    Case("h16.6", "58787245586", None),
]
