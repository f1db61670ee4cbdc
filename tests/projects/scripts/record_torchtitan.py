"""torchtitan: the rates of some of its configs, by its own LRSchedulersContainer."""

import sys
from types import ModuleType
from typing import Any

from original import Original

ADDRESS = "https://github.com/pytorch/torchtitan"
COMMIT = "b5bcd76c66d0acb1a08b176d9639425bc55e0b2a"
LICENCE = "BSD-3-Clause"
SCHEDULER = "torchtitan/components/optimizer/lr_scheduler.py"
# The model, the name of the config and the call that has its rate.
CONFIGS = (
    ("llama3", "llama3_8b", "default_adamw"),
    ("llama3", "llama3_405b", "default_adamw"),
    ("deepseek_v3", "deepseek_v3_671b", "default_adamw"),
    ("kimi_k2_7", "moonlight_16b_a3b", "_dist_muon_optimizer"),
    ("flux", "flux_dev", "default_adamw"),
)
REGISTRY = "torchtitan/models/{}/config_registry.py"
FILES = (SCHEDULER, *(REGISTRY.format(model) for model in sorted({c[0] for c in CONFIGS})))
# The one shape that no config of theirs has.
SQRT = {"warmup_steps": 200, "decay_ratio": 0.35, "decay_type": "sqrt", "min_lr_factor": 0.02}


def record(original: Original) -> dict[str, dict[str, Any]]:
    container = _container(original)
    curves, origin = {}, {}
    for model, name, optimizer in CONFIGS:
        source = original.source(REGISTRY.format(model))
        lr = source.call_in(name, optimizer)["lr"]
        steps = source.call_in(name, "TrainingConfig")["steps"]
        given = source.call_in(name, "LRSchedulersContainer.Config")
        curves[f"lr/{name}"] = _driven(container, given, lr, steps)
        origin[name] = {"lr": lr, "steps": steps, **given}
    origin["sqrt"] = {"lr": 1e-3, "steps": 1234, **SQRT}
    curves["lr/sqrt"] = _driven(container, SQRT, 1e-3, 1234)
    return {"torchtitan": {"origin": {"configs": origin}, "curves": curves}}


def _driven(container: Any, given: dict[str, Any], lr: float, steps: int) -> list[float]:
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=lr)
    config = container.Config(**given)
    schedulers = config.build(optimizers=[optimizer], training_steps=steps)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedulers.step()
    return rates


def _container(original: Original) -> Any:
    """Their class, with stand-ins for what the module imports from the rest of the package."""
    import logging

    contents = {
        "torchtitan": {},
        "torchtitan.config": {"Configurable": type("Configurable", (), {"Config": object})},
        "torchtitan.tools": {},
        "torchtitan.tools.logging": {"logger": logging.getLogger("torchtitan")},
        "torchtitan.optimizer": {"OptimizersContainer": list},
        "torchtitan.lr_scheduler": {},
    }
    for name, attributes in contents.items():
        sys.modules[name] = ModuleType(name)
        vars(sys.modules[name]).update(attributes)
    namespace = vars(sys.modules["torchtitan.lr_scheduler"])
    namespace["__package__"] = "torchtitan"
    original.source(SCHEDULER).run_all(namespace)
    return namespace["LRSchedulersContainer"]
