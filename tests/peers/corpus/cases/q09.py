"""``"lr_scheduler": {``. Hit 5 is the library itself; hit 2 is a format of its own."""

from torch.optim.lr_scheduler import OneCycleLR
from transformers import get_scheduler

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import plateau, torch

WATCHED = {"threshold": 1e-3, "cooldown": 3, "patience": 5, "factor": 0.5, "min_lr": 1e-5}
EARLY = {"pct_start": 0.08, "div_factor": 20.0, "final_div_factor": 200.0}
CASES = [
    Case(
        "q09.1",
        "53343341933",
        plateau(1e-3),
        ("self.learning_rate",),
        {"self.learning_rate": 1e-3},
        lr=1e-3,
        pasted=True,
    ),
    Case("q09.2", "71622729608", None),
    Case(
        "q09.3",
        "28170251933",
        plateau(1e-4, **WATCHED),
        ("self.trainer_config", "--lr"),
        {f"self.trainer_config.lr_scheduler.{name}": value for name, value in WATCHED.items()},
        lr=1e-4,
        pasted=True,
    ),
    Case(
        "q09.4",
        "47170704443",
        torch(2e-5, lambda o: get_scheduler("linear", o, 200, 3000), 3000),
        (
            "self.trainer.estimated_stepping_batches",
            "num_training_steps",
            "self.hparams",
        ),
        {
            "self.trainer.estimated_stepping_batches": 3000,
            "self.hparams.warmup_steps": 200,
            "self.hparams.learning_rate": 2e-5,
        },
    ),
    Case("q09.6", "8767940558", plateau(1e-5, factor=0.5, patience=10), pasted=True),
    Case(
        "q09.7",
        "56992508168",
        torch(1e-3, lambda o: OneCycleLR(o, 1e-3, 1000, **EARLY), 999),
        ("self.", "--at"),
        {
            "self.lr": 1e-3,
            "self.scheduler": "onecycle",
            "self.trainer.estimated_stepping_batches": 1000,
        },
        at="torch.optim.lr_scheduler.OneCycleLR(",
    ),
]
