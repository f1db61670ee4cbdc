"""``= get_scheduler(``. Hits 1 to 6 and 8 are schedulers of tasks, and prose."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "q15.7",
        "60301088797",
        hf("cosine", 1e-4, 38, 1250),
        ("steps", "grad_accum", "warmup_percent", "lr_scheduler_name", "--lr"),
        {
            "steps": 9999,
            "grad_accum": 8,
            "warmup_percent": 3.0,
            "lr_scheduler_name": "cosine",
        },
        lr=1e-4,
        pasted=True,
    ),
    Case(
        "q15.9",
        "36019369147",
        hf("cosine", 3e-4, 156, 3125),
        ("self.cfg.", "dataset_config.", "self.data.task"),
        {
            "self.cfg.optimizer.lr": 3e-4,
            "self.cfg.scheduler.name": "cosine",
            "self.cfg.scheduler.warmup_ratio": 0.05,
            "len(self.dataloader_train.dataset)": 80000,
            "dataset_config.batchsize": 128,
            "dataset_config.epochs": 5,
        },
    ),
    Case(
        "q15.10",
        "16171232467",
        hf("linear", 1e-5, 0, 900),
        ("learning_rate", "epoch_num", "len(train_dataloader)"),
        {"learning_rate": 1e-5, "epoch_num": 3, "len(train_dataloader)": 300},
        pasted=True,
    ),
]
