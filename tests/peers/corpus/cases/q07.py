"""``ExponentialLR(optimizer``."""

from torch.optim.lr_scheduler import ExponentialLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "q07.1",
        "18402448085",
        torch(5e-4, lambda o: ExponentialLR(o, 0.997), 400),
        ("self.learningRate",),
        {"self.learningRate": 5e-4},
        pasted=True,
    ),
    Case(
        "q07.2",
        "11341466000",
        torch(1e-4, lambda o: ExponentialLR(o, 0.9), 30),
        ("self.lr",),
        {"self.lr": 1e-4},
    ),
    Case("q07.3", "32318810", torch(0.002, lambda o: ExponentialLR(o, 1), 6), pasted=True),
]
