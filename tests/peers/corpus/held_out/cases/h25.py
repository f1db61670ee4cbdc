"""``scheduler = CosineAnnealingWarmRestarts(``."""

from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "h25.1",
        "30542095427",
        torch(1e-3, lambda o: CosineAnnealingWarmRestarts(o, 100, 2), 650),
        ("lr", "T_0", "T_mult"),
        {"lr": 1e-3, "T_0": 100, "T_mult": 2},
        pasted=True,
    ),
    Case(
        "h25.2",
        "52135184417",
        torch(1e-3, lambda o: CosineAnnealingWarmRestarts(o, 20, 2, 1e-6), 139),
        ("config", "--lr", "--at", "scheduler_type"),
        {
            'config.get("scheduler", "cosine")': "cosine",
            "scheduler_type": "cosine",
            'config["scheduler"]': "cosine",
            'config.get("T_0", 20)': 20,
            'config["T_0"]': 20,
            'config.get("T_mult", 2)': 2,
            'config["T_mult"]': 2,
            'config.get("min_lr", 1e-6)': 1e-6,
            'config["min_lr"]': 1e-6,
            "lr": 1e-3,
        },
        lr=1e-3,
        at="self.scheduler = CosineAnnealingWarmRestarts(",
        pasted=True,
    ),
    Case(
        "h25.3",
        "71518168607",
        torch(1e-3, lambda o: CosineAnnealingWarmRestarts(o, 1000, 2), 6900),
        pasted=True,
    ),
]
