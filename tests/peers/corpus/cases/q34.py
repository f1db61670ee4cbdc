"""``callbacks.ReduceLROnPlateau(``. The optimizer of hit 4 is made with ``lr=``, as long ago."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import keras_plateau

CASES = [
    Case(
        "q34.1",
        "60717024637",
        keras_plateau(1e-3, factor=0.5, patience=2),
        ("--lr", "lr"),
        lr=1e-3,
        pasted=True,
    ),
    Case(
        "q34.2",
        "25532974942",
        keras_plateau(1e-3, factor=0.5, patience=5, min_lr=1e-5),
        ("--lr", "lr"),
        lr=1e-3,
        may_ask=True,
    ),
    Case(
        "q34.3",
        "55688374267",
        keras_plateau(1e-3, factor=0.3, patience=3, min_lr=1e-6),
        ("--lr", "lr"),
        lr=1e-3,
        pasted=True,
    ),
    Case(
        "q34.4",
        "34039750867",
        keras_plateau(0.01, factor=0.2, patience=5, min_lr=1e-4),
        ("--lr", "lr"),
        lr=0.01,
        may_ask=True,
    ),
]
