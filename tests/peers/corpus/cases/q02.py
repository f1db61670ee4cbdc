"""``CosineAnnealingWarmRestarts(``."""

from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts, LinearLR, SequentialLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch


def warmed(optimizer):
    first = LinearLR(optimizer, start_factor=0.1, total_iters=5)
    second = CosineAnnealingWarmRestarts(optimizer, T_0=10, T_mult=2, eta_min=1e-6)
    return SequentialLR(optimizer, schedulers=[first, second], milestones=[5])


CASES = [
    Case(
        "q02.1",
        "42584557309",
        torch(0.005, lambda o: CosineAnnealingWarmRestarts(o, 50, 2), 349),
        ("lr_v",),
        {"lr_v": 0.005},
        pasted=True,
        may_ask=True,
    ),
    Case(
        "q02.2",
        "39748534",
        torch(1e-4, lambda o: CosineAnnealingWarmRestarts(o, 25, 1, 1e-6), 99),
        ("optimizer_config", "lr"),
        lr=1e-4,
        may_ask=True,
        epochs=True,
    ),
    Case(
        "q02.3",
        "8555364889",
        torch(1e-3, lambda o: CosineAnnealingWarmRestarts(o, 10, 2, 1e-6), 69),
        ("args.lr", "lr"),
        lr=1e-3,
        pasted=True,
    ),
    Case(
        "q02.4",
        "60233705224",
        torch(3e-4, warmed, 74),
        ("architecture.training", "--at"),
        {
            "_learning_rate": 3e-4,
            "architecture.training.use_cosine_annealing": True,
            "architecture.training.use_warmup": True,
            "architecture.training.cosine_t_0": 10,
            "architecture.training.cosine_t_mult": 2,
            "architecture.training.cosine_eta_min": 1e-6,
            "architecture.training.warmup_start_factor": 0.1,
            "architecture.training.warmup_epochs": 5,
        },
        at="optim.lr_scheduler.SequentialLR(",
        epochs=True,
    ),
]
