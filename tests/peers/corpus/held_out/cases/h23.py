"""``sched = torch.optim.lr_scheduler.``."""

from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import cosine, formula, plateau, torch

CASES = [
    Case(
        "h23.1",
        "70178841344",
        plateau(1e-3, factor=0.5, patience=2),
        ("C.LR",),
        {"C.LR": 1e-3},
        pasted=True,
    ),
    Case(
        "h23.2",
        "64693514",
        torch(3e-3, lambda o: CosineAnnealingLR(o, 100), 100),
        ("self.hparams",),
        {
            "self.hparams.classify": False,
            "self.hparams.learning_rate": 3e-3,
            "self.hparams.steps": 100,
        },
        pasted=True,
        epochs=True,
    ),
    Case(
        "h23.3",
        "58601754074",
        formula(lambda k: 1e-5 * (k / 50 if k < 50 else cosine((k - 50) / 950)), 1000),
        ("args.", "--lr"),
        {"args.lr": 1e-5, "args.adapter_lr": 1e-4, "args.warmup": 50, "args.steps": 1000},
        lr=1e-5,
        pasted=True,
    ),
    Case(
        "h23.4",
        "54366329684",
        torch(1e-3, lambda o: CosineAnnealingLR(o, 80), 80),
        ("args.lr", "args.epochs"),
        {"args.lr": 1e-3, "args.epochs": 80},
        pasted=True,
    ),
    Case(
        "h23.5",
        "36138954179",
        torch(1e-4, lambda o: MultiStepLR(o, [700, 1300], 0.5), 2000),
        ("args.lr", "--lr"),
        {"args.lr": 1e-4},
        lr=1e-4,
        pasted=True,
    ),
]
