"""``ReduceLROnPlateau(optimizer``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import plateau

CASES = [
    Case("q08.1", "44380067945", plateau(1e-3, patience=5, factor=0.5), pasted=True),
    Case(
        "q08.2",
        "7437471665",
        plateau(1e-5),
        ("self.learning_rate",),
        {"self.learning_rate": 1e-5},
        may_ask=True,
    ),
    Case("q08.3", "37009584455", plateau(1e-4, mode="max", patience=2, factor=0.5), pasted=True),
    Case(
        "q08.4",
        "22784069390",
        plateau(3e-4, patience=3, factor=0.5),
        ("LEARNING_RATE",),
        {"LEARNING_RATE": 3e-4},
        size=6000,
    ),
    Case(
        "q08.5",
        "15017063450",
        plateau(6e-5, patience=3, factor=0.1),
        ("lr",),
        {"lr": 6e-5},
        pasted=True,
    ),
    Case(
        "q08.6",
        "71654819000",
        plateau(2e-3, mode="max", patience=2, factor=0.5),
        ("learning_rate",),
        {"learning_rate": 2e-3},
    ),
]
