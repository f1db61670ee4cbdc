"""autoresearch: five minutes of training, with the rate by time and the momentum by updates."""

import random
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

from original import Original

ADDRESS = "https://github.com/karpathy/autoresearch"
COMMIT = "228791fb499afffb54b46200aca536f79142f117"
LICENCE = "MIT"
FILES = ("train.py", "prepare.py")

VALUES = {"lr", "momentum", "weight_decay"}
GROUPS = ("lm_head", "embedding", "value_embeds", "resid", "x0", "muon")


def record(original: Original) -> dict[str, dict[str, Any]]:
    """Two runs: the script adds seconds up as floats, which is exact for multiples of 1/8."""
    drawn = random.Random(13)
    eighths = [20.0, *drawn.choices((0.25, 0.375, 0.5, 2.0), weights=(8, 8, 3, 1), k=2000)]
    any_times = [20.0, *(drawn.uniform(0.25, 0.5) for _ in range(2000))]
    return {
        "autoresearch": _driven(original, eighths),
        "autoresearch_between": _driven(original, any_times),
    }


def _driven(original: Original, times: list[float]) -> dict[str, Any]:
    """What the groups hold at each update, where the updates take these seconds."""
    source = original.source("train.py")
    shared: dict[str, Any] = {"print": lambda *_, **__: None, "GPTConfig": SimpleNamespace}
    shared["MAX_SEQ_LEN"], shared["vocab_size"] = 2048, 8192
    original.source("prepare.py").run(shared, "TIME_BUDGET = ")
    source.run(shared, "ASPECT_RATIO = ", "DEVICE_BATCH_SIZE = ")
    source.run(shared, "def build_model_config", "config = build_model_config")
    shared["MuonAdamW"] = lambda groups: SimpleNamespace(param_groups=groups)
    source.run(shared, "def setup_optimizer")
    shared["model"] = _model(shared)
    source.run(shared, "optimizer = model.setup_optimizer")
    source.run(shared, "def get_lr_multiplier", "def get_weight_decay")
    source.run(shared, "total_training_time = 0", "step = 0")
    curves: dict[str, list[float]] = defaultdict(list)
    while shared["step"] <= 10 or shared["total_training_time"] < shared["TIME_BUDGET"]:
        source.run(shared, "progress = min(", "for group in optimizer.param_groups")
        for name, group in zip(GROUPS, shared["optimizer"].param_groups, strict=True):
            for value in VALUES & group.keys():
                curves[f"{value}/{name}"].append(group[value])
        shared["dt"] = times[shared["step"]]
        source.run(shared, "if step > 10:")
        source.run(shared, "step += 1")
    curves["seconds"] = times[: shared["step"]]
    groups = shared["optimizer"].param_groups
    origin = {
        "seconds": shared["TIME_BUDGET"],
        "peaks": {name: one["initial_lr"] for name, one in zip(GROUPS, groups, strict=True)},
    }
    return {"origin": origin, "curves": curves}


def _model(shared: dict[str, Any]) -> Any:
    """What setup_optimizer looks at: the width, and parameters by their module."""
    import torch

    def module(*shapes: tuple[int, int]) -> Any:
        parameters = [torch.zeros(shape) for shape in shapes]
        return SimpleNamespace(parameters=lambda: parameters)

    model = SimpleNamespace(
        config=shared["config"],
        transformer=SimpleNamespace(h=module((2, 2)), wte=module((1, 1))),
        value_embeds=module((1, 1)),
        lm_head=module((1, 1)),
        resid_lambdas=None,
        x0_lambdas=None,
        parameters=lambda: range(6),
    )
    model.setup_optimizer = lambda **given: shared["setup_optimizer"](model, **given)
    return model
