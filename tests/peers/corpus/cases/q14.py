"""``get_linear_schedule_with_warmup(``."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "q14.1",
        "21365106485",
        hf("linear", 2e-5, 500, 10000),
        ("self.hparams.",),
        {
            "self.hparams.learning_rate": 2e-5,
            "self.hparams.warmup_steps": 500,
            "self.hparams.max_steps": 10000,
        },
        pasted=True,
    ),
    Case(
        "q14.2",
        "29300328905",
        hf("linear", 1e-3, 100, 2000),
        ("args.", "training_steps", "--lr"),
        {"args.warmup_steps": 100, "args.max_steps": 2000, "training_steps": 2000},
        lr=1e-3,
    ),
    Case(
        "q14.3",
        "14079297065",
        hf("linear", 2e-5, 187, 1875),
        ("args[", "len(self.train_data_loader.dataset)", "--lr"),
        {
            'args["--bert-lr"]': 2e-5,
            'args["--ffn-lr"]': 1e-3,
            'args["--train-batch-size"]': 32,
            'args["--max-epoch"]': 3,
            "len(self.train_data_loader.dataset)": 20000,
        },
        lr=2e-5,
        pasted=True,
    ),
    Case(
        "q14.4",
        "46012424495",
        hf("linear", 5e-5, 0, 1000),
        ("len(train_loader)",),
        {"len(train_loader)": 200, "epochs": 5, "lr": 5e-5},
    ),
    Case(
        "q14.5",
        "53831706440",
        hf("linear", 1e-5, 300, 3000),
        ("config.training.", "len(train_loader)", "epochs"),
        {
            "config.training.lr": 1e-5,
            "config.training.num_warmup_steps": 300,
            "len(train_loader)": 600,
            "epochs": 5,
        },
        pasted=True,
    ),
    Case(
        "q14.6",
        "71575635920",
        hf("linear", 2e-5, 800, 8000),
        ("len(train_loader)",),
        {"len(train_loader)": 4000},
    ),
]
