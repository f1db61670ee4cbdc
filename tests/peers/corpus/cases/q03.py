"""``lr_scheduler.StepLR(``."""

from torch.optim.lr_scheduler import StepLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "q03.1",
        "27196225363",
        torch(1e-3, lambda o: StepLR(o, 500, 0.9), 1600),
        ("self.lr",),
        {"self.lr": 1e-3, "self.lr_decay_steps": 500, "self.lr_decay": 0.9},
        pasted=True,
    ),
    Case(
        "q03.2",
        "12930180553",
        torch(2e-4, lambda o: StepLR(o, 40, 0.5), 130),
        ("self.training_args", "--at"),
        {
            "self.training_args['lr']": 2e-4,
            "self.training_args['use_scheduler']": True,
            "self.training_args['scheduler']": "step",
            "self.training_args['step_size']": 40,
            "self.training_args['step_gamma']": 0.5,
        },
        at="scheduler_g = torch.optim.lr_scheduler.StepLR(",
        epochs=True,
    ),
    Case(
        "q03.4",
        "55024735033",
        torch(1e-3, lambda o: StepLR(o, 20, 0.5), 60),
        ("lr",),
        {"lr": 1e-3},
        pasted=True,
        may_ask=True,
    ),
    Case(
        "q03.5",
        "6531058873",
        torch(1e-2, lambda o: StepLR(o, 30, 0.1), 95),
        ("learning_rate",),
        {"self.config['training']['learning_rate']": 1e-2},
        epochs=True,
    ),
    Case(
        "q03.6",
        "1436698",
        torch(0.02, lambda o: StepLR(o, 8, 0.1), 24),
        ("cfg.lr_config", "--lr"),
        {"cfg.lr_config['step'][0]": 8, "cfg.lr_config['gamma']": 0.1},
        lr=0.02,
        pasted=True,
    ),
    Case(
        "q03.7",
        "40797355888",
        torch(0.01, lambda o: StepLR(o, 7, 0.1), 25),
        ("hyperparameters", "step_size", "learning_rate"),
        {
            'hyperparameters["learning_rate"]': 0.01,
            'hyperparameters["step_size"]': 7,
            'hyperparameters["learning_rate_decay_factor"]': 0.1,
        },
        may_ask=True,
    ),
]
