"""``CosineAnnealingLR(optimizer``."""

from torch.optim.lr_scheduler import CosineAnnealingLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "q01.1",
        "6856209",
        torch(0.05, lambda o: CosineAnnealingLR(o, 60), 60),
        ("T_max", "self.configdata"),
        {
            "self.configdata['optimizer']['lr']": 0.05,
            "self.configdata['optimizer']['type']": "sgd",
            "self.configdata['scheduler']['type']": "cosine_annealing",
            "self.configdata['scheduler']['T_max']": 60,
        },
        pasted=True,
    ),
    Case(
        "q01.2",
        "33156771759",
        torch(1e-3, lambda o: CosineAnnealingLR(o, 80, eta_min=1e-5), 80),
        ("num_epochs", "initialLearnRate", "minLearnRate"),
        {
            'params["initialLearnRate"]': 1e-3,
            'params["minLearnRate"]': 1e-5,
            'params["num_epochs"]': 80,
        },
        epochs=True,
    ),
    Case(
        "q01.3",
        "52719447699",
        torch(5e-4, lambda o: CosineAnnealingLR(o, 100), 100),
        pasted=True,
        epochs=True,
    ),
    Case(
        "q01.4",
        "55531082799",
        torch(0.1, lambda o: CosineAnnealingLR(o, 200), 200),
        ("epochs",),
        {"epochs": 200},
        every=391,
    ),
    Case(
        "q01.5",
        "71653549194",
        torch(1e-3, lambda o: CosineAnnealingLR(o, 2, 1e-5), 2),
        pasted=True,
    ),
    Case("q01.6", "59139599589", torch(1e-4, lambda o: CosineAnnealingLR(o, 20), 20), epochs=True),
    Case(
        "q01.7",
        "63336164769",
        torch(2e-3, lambda o: CosineAnnealingLR(o, 30), 30),
        ("config.victim_epochs", "config.victim_learning_rate"),
        {"config.victim_epochs": 30, "config.victim_learning_rate": 2e-3},
        pasted=True,
        epochs=True,
    ),
    Case(
        "q01.8",
        "44435421594",
        torch(3e-5, lambda o: CosineAnnealingLR(o, 50, 1e-6), 50),
        ("config.epochs", "config.lr"),
        {"config.epochs": 50, "config.lr": 3e-5},
        every=120,
    ),
]
