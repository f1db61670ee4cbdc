"""``OneCycleLR(``. Hit 1 is a call in a comment."""

from torch.optim.lr_scheduler import OneCycleLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

LATE = {"pct_start": 0.1, "div_factor": 10.0, "final_div_factor": 100.0}
CASES = [
    Case(
        "q05.2",
        "59099684185",
        torch(3e-4, lambda o: OneCycleLR(o, 3e-4, 60, **LATE), 59),
        ("learning_rate", "epochs"),
        {"learning_rate": 3e-4, "epochs": 60},
        pasted=True,
    ),
    Case(
        "q05.3",
        "8594745985",
        torch(1e-4, lambda o: OneCycleLR(o, 1e-3, 1250), 1249),
        ("len(dataloader)",),
        {"len(dataloader)": 1000, "epochs": 5, "max_lr": 1e-3, "accumulation_steps": 4},
        size=7000,
    ),
    Case(
        "q05.4",
        "27407109160",
        torch(0.1, lambda o: OneCycleLR(o, 1, steps_per_epoch=100, epochs=12), 1199),
        ("len(train_loader)", "epochs"),
        {"len(train_loader)": 100, "epochs": 12},
        pasted=True,
    ),
    Case(
        "q05.5",
        "37725009130",
        torch(2e-4, lambda o: OneCycleLR(o, 2e-3, steps_per_epoch=40, epochs=8), 319),
        ("len(train_loader)",),
        {
            "len(train_loader)": 40,
            'config["lr"]': 2e-4,
            'config["epochs"]': 8,
        },
        epochs=True,
    ),
    Case(
        "q05.6",
        "17724478690",
        torch(2e-3, lambda o: OneCycleLR(o, 2e-3, 900), 899),
        ("self.trainer.estimated_stepping_batches", "opt_cfg.lr"),
        {"self.trainer.estimated_stepping_batches": 900, "opt_cfg.lr": 2e-3},
        pasted=True,
    ),
    Case(
        "q05.7",
        "71632028845",
        torch(1e-3, lambda o: OneCycleLR(o, 1e-3, 30 * 40), 30 * 40 - 1),
        ("self.lr", "self.epochs", "self.bs", "len(t)"),
        {"self.lr": 1e-3, "self.epochs": 30, "self.bs": 128, "len(t)": 5000},
    ),
]
