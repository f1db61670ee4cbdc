"""``scheduler = StepLR(optimizer``."""

from torch.optim.lr_scheduler import StepLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "h21.1",
        "49706672986",
        torch(1.0, lambda o: StepLR(o, 1, 0.7), 14),
        ("args.lr", "args.gamma", "--lr"),
        {"args.lr": 1.0, "args.gamma": 0.7, "args.ADAM": False},
        lr=1.0,
        pasted=True,
    ),
    Case(
        "h21.2",
        "20160934291",
        torch(1e-3, lambda o: StepLR(o, 100, 0.1), 250),
        ("opts.lr",),
        {"opts.lr": 1e-3},
        pasted=True,
    ),
    Case(
        "h21.3",
        "5713010866",
        torch(2.5e-4, lambda o: StepLR(o, 40, 0.1), 100),
        ("initial_lr", "schedule_step", "schedule_gamma"),
        {"initial_lr": 2.5e-4, "schedule_step": 40, "schedule_gamma": 0.1},
        pasted=True,
    ),
    Case(
        "h21.4",
        "11341956421",
        torch(1e-3, lambda o: StepLR(o, 1, 0.99), 50),
        ("self.lr",),
        {"self.lr": 1e-3},
        pasted=True,
        epochs=True,
    ),
    Case(
        "h21.5",
        "70719388381",
        torch(1e-3, lambda o: StepLR(o, 10, 0.5), 60),
        ("config[",),
        {'config["learning_rate"]': 1e-3, 'config["step_size"]': 10, 'config["gamma"]': 0.5},
        pasted=True,
    ),
    Case(
        "h21.6",
        "37329462271",
        torch(1e-3, lambda o: StepLR(o, 100, 0.5), 300),
        ("rate", "--at", "config.getfloat"),
        {
            "name": "AdamW",
            "config.get('optimization', 'optimizer')": "AdamW",
            "rate": 1e-3,
            "config.getfloat('optimization', 'learning-rate')": 1e-3,
        },
        at="AdamW(model.parameters(), lr=initial_lr, weight_decay=0)\n        scheduler = ",
        pasted=True,
    ),
]
