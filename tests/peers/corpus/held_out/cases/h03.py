"""``lr_scheduler.OneCycleLR(self.``. Hit 1 is commented. Hit 3 has three groups."""

from torch.optim.lr_scheduler import OneCycleLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import torch

CASES = [
    Case(
        "h03.2",
        "7302565641",
        torch(
            0.01,
            lambda o: OneCycleLR(o, 0.01, epochs=20, steps_per_epoch=50, anneal_strategy="linear"),
            999,
            momentum=0.9,
        ),
        ("stepsize", "class_increase_frequency", "steps_per_epoch", "examples", "batch_size"),
        {
            "options.stepsize": 0.01,
            "options.class_increase_frequency": 20,
            "steps_per_epoch": 50,
            "len(examples)": 5000,
            "len(loader.dataset)": 5000,
            "options.batch_size": 100,
        },
        size=6000,
    ),
    Case(
        "h03.3",
        "36898361661",
        torch(
            1e-5,
            lambda o: OneCycleLR(
                o,
                1e-5,
                1000,
                pct_start=0.2,
                cycle_momentum=False,
                anneal_strategy="linear",
                final_div_factor=0.2,
                div_factor=25,
            ),
            999,
        ),
        ("opts.learning_rate", "final_steps", "num_epochs", "max_lr", "--lr"),
        {
            "opts.learning_rate": 1e-5,
            "self.model.module.final_steps": 1000,
            "num_epochs": 10,
        },
        lr=1e-5,
        size=5000,
    ),
    Case(
        "h03.4",
        "70482580221",
        torch(
            0.001,
            lambda o: OneCycleLR(o, 0.01, epochs=10, steps_per_epoch=40),
            399,
            momentum=0.9,
        ),
        ("self.p.", "len(", "--at"),
        {
            "self.p.lr_scheduler": "onecycle",
            "self.p.lr": 0.001,
            "len(self.data_iter['train'])": 40,
            "self.p.max_epochs": 10,
            "params.lr_scheduler": "onecycle",
            "params.max_epochs": 10,
            "params.lr": 0.001,
        },
        at="lr_scheduler.OneCycleLR(",
        size=9000,
    ),
]
