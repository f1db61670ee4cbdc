"""``SequentialLR(``."""

from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch


def warmed(first, second, at):
    """A SequentialLR of a linear warm-up and a cosine, or of what is given."""
    return lambda o: SequentialLR(o, [LinearLR(o, **first), second(o)], milestones=[at])


CASES = [
    Case(
        "q06.1",
        "66056571689",
        torch(
            1e-3,
            warmed(
                {"start_factor": 1e-6, "total_iters": 50},
                lambda o: CosineAnnealingLR(o, 450, 1e-5),
                50,
            ),
            500,
        ),
        ("warmup_steps", "total_steps", "lr_end", "--lr", "--at"),
        {"warmup_steps": 50, "total_steps": 500, "lr_end": 1e-5},
        lr=1e-3,
        at="torch.optim.lr_scheduler.SequentialLR(",
        pasted=True,
    ),
    Case(
        "q06.2",
        "56869968929",
        torch(
            2e-4,
            warmed(
                {"start_factor": 0.1, "total_iters": 75},
                lambda o: CosineAnnealingLR(o, 675, 2e-5),
                75,
            ),
            750,
        ),
        ("self.", "opt_config"),
        {
            "len(self.train_loader)": 1000,
            "self.config.training.gradient_accumulation_steps": 4,
            "self.config.training.num_epochs": 3,
            "opt_config.warmup_ratio": 0.1,
            "opt_config.learning_rate": 2e-4,
            "opt_config.min_lr_ratio": 0.1,
        },
    ),
    Case(
        "q06.3",
        "39063568964",
        torch(
            1e-3,
            warmed(
                {"start_factor": 1.0, "end_factor": 1.0, "total_iters": 10},
                lambda o: LinearLR(o, 1.0, 0.01, 40),
                10,
            ),
            50,
        ),
        ("EPOCHS", "self.trainer.max_epochs", "self.hparams.learning_rate"),
        {"EPOCHS": 50, "self.trainer.max_epochs": 50, "self.hparams.learning_rate": 1e-3},
        pasted=True,
        epochs=True,
    ),
    Case(
        "q06.4",
        "71563833149",
        torch(
            5e-4,
            warmed(
                {"start_factor": 0.01, "total_iters": 40},
                lambda o: CosineAnnealingLR(o, 360, 1e-6),
                40,
            ),
            400,
        ),
        ("steps_per_epoch", "total_steps", "--lr"),
        {
            "steps_per_epoch": 40,
            "total_steps": 400,
            "self.cfg.warmup_ep": 1,
            "self.cfg.eta_min": 1e-6,
        },
        lr=5e-4,
    ),
    Case(
        "q06.5",
        "10086634049",
        torch(
            0.5,
            warmed(
                {"start_factor": 0.01, "total_iters": 5}, lambda o: CosineAnnealingLR(o, 85, 0.0), 5
            ),
            90,
        ),
        ("args.",),
        {
            "args.lr": 0.5,
            "args.lr_scheduler": "cosineannealinglr",
            "args.epochs": 90,
            "args.lr_min": 0.0,
            "args.lr_warmup_epochs": 5,
            "args.lr_warmup_method": "linear",
            "args.lr_warmup_decay": 0.01,
        },
        at="lr_scheduler = torch.optim.lr_scheduler.SequentialLR(",
        pasted=True,
    ),
]
