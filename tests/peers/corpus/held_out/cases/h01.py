"""``torch.optim.lr_scheduler.CosineAnnealingLR(``. Hit 4 is commented; 2 and 7 repeat others."""

from torch.optim.lr_scheduler import CosineAnnealingLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "h01.1",
        "53105048019",
        torch(1e-3, lambda o: CosineAnnealingLR(o, 200), 200),
        ("args.lr", "args.max_epochs"),
        {"args.lr": 1e-3, "args.max_epochs": 200},
        may_ask=True,
        epochs=True,
        size=5000,
    ),
    Case(
        "h01.3",
        "58137200244",
        torch(3e-4, lambda o: CosineAnnealingLR(o, 5000, 1e-5), 5000),
        ("args.lr", "args.max_steps"),
        {"args.lr": 3e-4, "args.max_steps": 5000},
        size=6000,
    ),
    Case(
        "h01.5",
        "28436460354",
        torch(0.1, lambda o: CosineAnnealingLR(o, 50), 50),
        ("--lr",),
        lr=0.1,
        pasted=True,
    ),
    Case(
        "h01.6",
        "55414978029",
        torch(3e-4, lambda o: CosineAnnealingLR(o, 100, 3e-6), 100),
        ("lr", "epochs"),
        {"lr": 3e-4, "epochs": 100},
        may_ask=True,
        epochs=True,
        size=8000,
    ),
    Case("h01.8", "61702996374", torch(0.1, lambda o: CosineAnnealingLR(o, 90), 90), pasted=True),
]
