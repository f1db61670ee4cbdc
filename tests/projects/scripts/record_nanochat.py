"""nanochat: the speedrun (pretraining of depth 24), the fine-tuning after it, and the RL."""

import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from original import Original

ADDRESS = "https://github.com/karpathy/nanochat"
COMMIT = "92d63d4e8bb4df75c3b71618f31ddde2378b2bcd"
LICENCE = "MIT"
FILES = ("scripts/base_train.py", "scripts/chat_sft.py", "scripts/chat_rl.py", "nanochat/gpt.py")

# The order of the groups in GPT.setup_optimizer; the groups of Muon, one a shape, are alike.
GROUPS = ("lm_head", "embedding", "value_embeds", "resid", "x0", "smear", "muon")

VALUES = {"lr", "momentum", "weight_decay"}
GSM8K = 7473  # the examples of its training part
# The share of the conversations that was seen before an update; whole millionths here.
PROGRESS = [k * 1237 / 1_000_000 for k in range(1, 809)]


def print0(*_: object) -> None:
    pass


def record(original: Original) -> dict[str, dict[str, Any]]:
    import torch

    with tempfile.TemporaryDirectory() as folder:
        original.importable("nanochat", Path(folder))
        from nanochat.gpt import GPT, GPTConfig  # type: ignore[import-not-found]

        base = _base(original, GPT, GPTConfig, torch)
        return {
            "nanochat": base[0],
            "nanochat_sft": _fine_tuning(original, base[1]),
            "nanochat_rl": _reinforcement(original, base[1]),
        }


def _arguments(source: Any, *argv: str) -> dict[str, Any]:
    import argparse

    namespace: dict[str, Any] = {"argparse": argparse}
    kept, sys.argv = sys.argv, ["train", *argv]
    source.run(namespace, "parser = argparse", "args = parser.parse_args()")
    sys.argv = kept
    return namespace


def _base(original: Original, GPT: Any, GPTConfig: Any, torch: Any) -> Any:
    import math

    source = original.source("scripts/base_train.py")
    # As in runs/speedrun.sh, whose tokenizer has 2**15 entries.
    namespace = _arguments(source, "--depth=24", "--target-param-data-ratio=8")
    namespace |= {
        "math": math,
        "torch": torch,
        "GPT": GPT,
        "GPTConfig": GPTConfig,
        "vocab_size": 2**15,
        "print0": print0,
        "resuming": False,
        "COMPUTE_DTYPE": torch.bfloat16,
        "tokenizer": None,
        "device": None,
        "tokenizing_distributed_data_loader_with_state_bos_bestfit": lambda *_, **__: iter(
            [(0, 0, 0)]
        ),
    }
    source.run(namespace, "def build_model_meta", "model = build_model_meta")
    source.run(namespace, "param_counts = ", "def get_weight_decay")
    steps = namespace["num_iterations"]
    curves = _driven(source, namespace, range(steps))
    origin = {
        "steps": steps,
        "batch_tokens": namespace["total_batch_size"],
        "peaks": _initial(namespace),
        "weight_decay": namespace["weight_decay_scaled"],
    }
    return {"origin": origin, "curves": curves}, namespace


def _initial(namespace: dict[str, Any]) -> dict[str, float]:
    rates = [group["initial_lr"] for group in namespace["optimizer"].param_groups]
    assert len(set(rates[len(GROUPS) - 1 :])) == 1
    return dict(zip(GROUPS, rates, strict=False))


def _driven(source: Any, namespace: dict[str, Any], steps: Any) -> dict[str, list[float]]:
    """What the groups hold at each update, set by the loop of the script itself."""
    curves: dict[str, list[float]] = defaultdict(list)
    groups = namespace["optimizer"].param_groups
    for namespace["step"], namespace["progress"] in enumerate(steps):
        source.run(namespace, "lrm = get_lr_multiplier", "for group in optimizer.param_groups")
        for name, group in zip(GROUPS, groups, strict=False):
            for value in VALUES & group.keys():
                curves[f"{value}/{name}"].append(group[value])
    return curves


def _changing(curves: dict[str, list[float]]) -> dict[str, list[float]]:
    """Those that do not stay as they are."""
    return {target: values for target, values in curves.items() if len(set(values)) > 1}


def _fine_tuning(original: Original, base: dict[str, Any]) -> dict[str, Any]:
    source = original.source("scripts/chat_sft.py")
    namespace = _arguments(source)
    namespace |= {
        "model": base["model"],
        "print0": print0,
        "meta": {"user_config": vars(base["args"])},
    }
    source.run(namespace, "pretrain_user_config = ", "for name, fallback, source in")
    source.run(namespace, "optimizer = model.setup_optimizer")
    source.run(namespace, "for group in optimizer.param_groups")
    source.run(namespace, "def get_lr_multiplier", "def get_muon_momentum")
    curves = _changing(_driven(source, namespace, PROGRESS))
    origin = {"peaks": _initial(namespace)}
    return {"origin": origin, "curves": curves | {"progress": PROGRESS}}


def _reinforcement(original: Original, base: dict[str, Any]) -> dict[str, Any]:
    source = original.source("scripts/chat_rl.py")
    namespace = _arguments(source)
    namespace |= {"model": base["model"], "print0": print0, "train_task": range(GSM8K)}
    source.run(namespace, "num_steps = ")
    source.run(namespace, "optimizer = model.setup_optimizer", "def get_lr_multiplier")
    steps = namespace["num_steps"]
    curves = _changing(_driven(source, namespace, range(steps)))
    return {"origin": {"steps": steps, "peaks": _initial(namespace)}, "curves": curves}
