"""``scheduler = get_linear_schedule_with_warmup(``. Hit 4 is commented."""

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import hf

CASES = [
    Case(
        "h22.1",
        "44366152171",
        hf("linear", 5e-5, 100, 1000),
        ("args.learning_rate", "num_train_optimization_steps", "args.warmup_proportion"),
        {
            "args.fp16": False,
            "args.learning_rate": 5e-5,
            "num_train_optimization_steps": 1000,
            "args.warmup_proportion": 0.1,
        },
        pasted=True,
    ),
    Case(
        "h22.2",
        "53230698391",
        hf("linear", 5e-5, 0, 600),
        ("len(train_dataloader)",),
        {"len(train_dataloader)": 600},
        pasted=True,
    ),
    Case(
        "h22.3",
        "8947606",
        hf("linear", 3e-5, 100, 1251),
        ("args.", "train_len", "n_epochs"),
        {
            "args.learning_rate": 3e-5,
            "args.per_gpu_train_batch_size": 12,
            "args.gradient_accumulation_steps": 2,
            "args.warmup_steps": 100,
            "train_len": 10000,
            "n_epochs": 3,
        },
        pasted=True,
    ),
    Case(
        "h22.5",
        "5749133206",
        hf("linear", 1e-4, 60, 1000),
        ("total_steps", "warmup_ratio", "--lr"),
        {"total_steps": 1000, "self.config.training.warmup_ratio": 0.06},
        lr=1e-4,
        pasted=True,
    ),
    Case(
        "h22.6",
        "35594025061",
        hf("linear", 2e-5, 0, 150),
        ("len(train_data_loader)", "ModelConfig.TRAIN_BS", "epochs", "--lr"),
        {"len(train_data_loader)": 800, "ModelConfig.TRAIN_BS": 16, "epochs": 3},
        lr=2e-5,
        pasted=True,
    ),
    Case(
        "h22.7",
        "19320548746",
        hf("linear", 2e-5, 0, 900),
        ("len(train_loader)",),
        {"len(train_loader)": 300},
        pasted=True,
    ),
]
