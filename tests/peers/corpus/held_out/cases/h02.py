"""``scheduler = optim.lr_scheduler.``."""

from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, StepLR

from tests.peers.corpus.case import Case
from tests.peers.corpus.originals import plateau, torch

CASES = [
    Case(
        "h02.1",
        "16027540447",
        torch(0.005, lambda o: ExponentialLR(o, 0.995), 400),
        epochs=True,
        size=3000,
    ),
    Case(
        "h02.2",
        "33145077442",
        torch(1e-3, lambda o: StepLR(o, 20, 0.7), 100),
        ("cfg.fit_param",),
        {"cfg.fit_param['init_lr']": 1e-3, "cfg.fit_param['gamma']": 0.7},
        epochs=True,
        size=4000,
    ),
    Case("h02.3", "5304712", plateau(4e-4, factor=0.5, patience=3), size=7000),
    Case("h02.4", "7945698307", plateau(0.01, mode="max", patience=3), size=2000),
    Case(
        "h02.5",
        "59550318742",
        torch(1e-3, lambda o: CosineAnnealingLR(o, 50), 50),
        ("num_epochs", "lr"),
        {"num_epochs": 50, "lr": 1e-3},
        may_ask=True,
        epochs=True,
        size=5000,
    ),
    Case(
        "h02.6",
        "71636878102",
        torch(1e-5, lambda o: CosineAnnealingLR(o, 30, 1e-6), 30),
        ("epochs", "--lr", "1e-05"),
        {"epochs": 30},
        lr=1e-5,
        size=9000,
    ),
    Case(
        "h02.7",
        "49002175912",
        torch(2e-3, lambda o: StepLR(o, 15, 0.5), 60),
        ("training_config", "scheduler_config"),
        {
            "training_config['learning_rate']": 2e-3,
            "scheduler_config.get('type', 'StepLR')": "StepLR",
            "scheduler_config['type']": "StepLR",
            "scheduler_config.get('step_size', 15)": 15,
            "scheduler_config['step_size']": 15,
            "scheduler_config.get('gamma', 0.5)": 0.5,
            "scheduler_config['gamma']": 0.5,
        },
        at="'StepLR') == 'StepLR':\n        scheduler",
        epochs=True,
        size=5000,
    ),
    Case("h02.8", "54500151307", None, ("phase_lr", "p_end", "for"), size=4000),
]
