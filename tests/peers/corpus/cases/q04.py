"""``MultiStepLR(``."""

from torch.optim.lr_scheduler import MultiStepLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "q04.1",
        "5709588768",
        torch(1e-5, lambda o: MultiStepLR(o, [20, 100], 0.1), 130),
        pasted=True,
    ),
    Case(
        "q04.2",
        "43446049443",
        torch(0.1, lambda o: MultiStepLR(o, [30, 50, 90]), 100),
        size=11000,
        epochs=True,
    ),
    Case(
        "q04.4",
        "71604402003",
        torch(0.03, lambda o: MultiStepLR(o, [25, 50, 75], 0.5), 100),
        ("args.lr", "args.epochs"),
        {"args.lr": 0.03, "args.epochs": 100},
        pasted=True,
    ),
    Case(
        "q04.5",
        "29253968838",
        torch(1e-3, lambda o: MultiStepLR(o, [30, 60, 80], 0.2), 100),
        ("config.", "--at"),
        {
            "config.LEARNING_RATE": 1e-3,
            "config.OPTIMIZER": "Adam",
            "config.SCHEDULER": "StepLR",
            "config.LR_DECAY_EPOCHS": "[30, 60, 80]",
            "config.LR_DECAY_RATE": 0.2,
        },
        at="self.scheduler = optim.lr_scheduler.MultiStepLR(",
        epochs=True,
    ),
    Case(
        "q04.6",
        "49446882153",
        torch(0.3, lambda o: MultiStepLR(o, [60, 80]), 100),
        ("self.", "--at"),
        {"self.lr": 0.3, "self.lr_decay_steps": "[60, 80]", "self.scheduler": "step"},
        at="MultiStepLR(optimizer",
        pasted=True,
    ),
    Case(
        "q04.7",
        "36299816703",
        torch(1e-2, lambda o: MultiStepLR(o, [20, 30, 40, 50], 0.1), 100),
        ("args",),
        {
            "args['lr_init']": 1e-2,
            "args['lr_milestones']": "[20, 30, 40, 50]",
            "args['lr_decay_rate']": 0.1,
        },
        may_ask=True,
    ),
]
