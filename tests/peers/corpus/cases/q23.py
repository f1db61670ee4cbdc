"""``_target_: torch.optim.lr_scheduler``. Hits 1 and 4 are switched off, by keys of their own."""

from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case("q23.1", "66951428083", None, ("_disabled_", "--lr")),
    Case(
        "q23.2",
        "60810421184",
        torch(1e-4, lambda o: CosineAnnealingLR(o, 100, 1e-6), 100),
        ("train.max_epochs",),
        {"train.max_epochs": 100},
        may_ask=True,
    ),
    Case("q23.3", "13388468399", torch(0.001, lambda o: StepLR(o, 10), 40)),
    Case("q23.4", "54591055469", None, ("enabled",)),
    Case("q23.5", "22458303404", torch(0.001, lambda o: StepLR(o, 10, 0.5), 40)),
    Case("q23.6", "61991129968", torch(1e-4, lambda o: StepLR(o, 10, 0.5), 50)),
    Case("q23.7", "56729920814", torch(0.001, lambda o: CosineAnnealingLR(o, 100000), 100000)),
]
