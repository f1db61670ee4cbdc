"""``get_cosine_schedule_with_warmup(``. Hit 5 is a script in comments."""

from transformers import get_cosine_schedule_with_warmup

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf, torch

CASES = [
    Case(
        "q13.1",
        "52537274474",
        torch(1e-3, lambda o: get_cosine_schedule_with_warmup(o, 50 * 0.1, 50), 50),
        ("self.epochs",),
        {"self.epochs": 50},
        pasted=True,
    ),
    Case(
        "q13.2",
        "55695303239",
        hf("cosine", 1e-3, 250, 5000),
        ("configs.n_epochs", "len(train_loader)"),
        {"configs.n_epochs": 20, "len(train_loader)": 1000},
        may_ask=True,
    ),
    Case(
        "q13.3",
        "63294477404",
        hf("cosine", 1e-5, 100, 1500),
        ("config.", "len(dl)"),
        {
            "config.LEARNING_RATE": 1e-5,
            "config.USE_8BIT_ADAM": False,
            "config.GRAD_ACCUM_STEPS": 8,
            "config.NUM_EPOCHS": 3,
            "config.WARMUP_STEPS": 100,
            "len(dl)": 4003,
        },
        pasted=True,
    ),
    Case(
        "q13.4",
        "71464296749",
        hf("cosine", 2e-5, 150, 1500),
        ("len(dataloader)",),
        {"len(dataloader)": 1000},
        size=8000,
    ),
    Case(
        "q13.6",
        "10877651024",
        hf("cosine", 3e-4, 200, 4000),
        ("warmup_steps", "self.global_steps", "self.args.scheduler", "--lr", "--at"),
        {"warmup_steps": 200, "self.global_steps": 4000, "self.args.scheduler": "cosine"},
        lr=3e-4,
        at="get_cosine_schedule_with_warmup(",
        pasted=True,
    ),
    Case(
        "q13.7",
        "29158214",
        hf("cosine", 5e-5, 90, 900),
        ("len(train_loader)", "self.config."),
        {
            "len(train_loader)": 300,
            "self.config.epoch": 3,
            "self.config.learning_rate": 5e-5,
            "self.config.warmup_rate": 0.1,
        },
    ),
]
