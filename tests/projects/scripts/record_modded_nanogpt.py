"""modded-nanogpt: train_gpt.py of track 1, and the run of track 3 with two cooldowns."""

import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise
from types import SimpleNamespace
from typing import Any

from original import Original

ADDRESS = "https://github.com/KellerJordan/modded-nanogpt"
COMMIT = "f411b3d346aa52d3504324ca93c230fd84c6c07f"
LICENCE = "MIT"
SPLIT = (
    "records/track_3_optimization/results/20260509_contra_muon_split_cooldown/"
    "train_gpt_simple_contra_muon_split_cooldown.py"
)
FILES = ("train_gpt.py", SPLIT)


def record(original: Original) -> dict[str, dict[str, Any]]:
    return {
        "modded_nanogpt": _track_1(original),
        "modded_nanogpt_split": _track_3(original),
    }


class Optimizer:
    """What the TrainingManager sets: a rate for each parameter, and momentum for some."""

    def __init__(self, parameters: Iterable[str], **given: Any) -> None:
        defaults = {"adam": given["adam_defaults"], "normuon": given["normuon_defaults"]}
        self.param_cfgs = {}
        for name in parameters:
            kind = given["param_table"][name]["optim"]
            rate = defaults[kind]["lr"]
            self.param_cfgs[name] = SimpleNamespace(optim=kind, lr=rate, initial_lr=rate)

    def reset(self) -> None:
        pass

    def step(self, do_adam: bool) -> None:
        pass

    def copy_lm_state_to_embed(self) -> None:
        pass


def _track_1(original: Original) -> dict[str, Any]:
    source = original.source("train_gpt.py")
    shared: dict[str, Any] = {
        "os": os,
        "uuid": uuid,
        "dataclass": dataclass,
        "accumulate": accumulate,
        "pairwise": pairwise,
        # The weights of the loss as Python's numbers: the script has them in float32 tensors.
        "torch": SimpleNamespace(tensor=lambda values, device: list(values)),
        "device": None,
        "grad_accum_steps": 1,
        "NorMuonAndAdam": Optimizer,
        "_sparse_comms_active": lambda: False,
        "ForwardScheduleConfig": SimpleNamespace,
    }
    source.run(shared, "class Hyperparameters", "class TrainingManager")
    yarn = SimpleNamespace(apply=lambda *_: None, reset=lambda: None)
    parameters = ["qk_bank", "embed", "scalars"]
    manager = shared["TrainingManager"](
        SimpleNamespace(named_parameters=lambda: parameters, yarn=yarn, yarn_paired_head=yarn)
    )
    schedule = shared["training_schedule"]
    groups = manager.optimizer.param_cfgs
    rows: list[dict[str, float]] = []
    for step in range(schedule.total_steps):
        manager.advance_schedule(step)
        forward = manager.get_forward_args()
        manager.step_optimizers(step)
        assert groups["embed"].lr == groups["scalars"].lr
        mtp = [*forward.mtp_weights, 0.0, 0.0][:3]
        rows.append(
            {
                "lr/normuon": groups["qk_bank"].lr,
                "lr/adam": groups["embed"].lr,
                "momentum/normuon": groups["qk_bank"].momentum,
                "short_window": forward.ws_short,
                "long_window": forward.ws_long,
                "sequence": forward.train_max_seq_len,
                "batch": manager.batch_size,
                **{f"mtp[{i}]": weight for i, weight in enumerate(mtp)},
                "prefix": forward.prefix_weight[0],
            }
        )
    peaks = {
        name: groups[one].initial_lr for name, one in (("normuon", "qk_bank"), ("adam", "embed"))
    }
    origin = {"steps": len(rows), "scheduled": schedule.scheduled_iterations, "peaks": peaks}
    return {"origin": origin, "curves": {name: [row[name] for row in rows] for name in rows[0]}}


def _track_3(original: Original) -> dict[str, Any]:
    import torch

    source = original.source(SPLIT)
    shapes = ((1, 1), (1, 1), (1,), (1, 1))
    embed, proj, norm, matrix = (torch.nn.Parameter(torch.zeros(shape)) for shape in shapes)
    shared: dict[str, Any] = {
        "model": SimpleNamespace(
            embed=SimpleNamespace(weight=embed),
            proj=SimpleNamespace(weight=proj),
            blocks=SimpleNamespace(parameters=lambda: [matrix]),
            parameters=lambda: [embed, proj, norm, matrix],
        ),
        "AdamW": torch.optim.AdamW,
        "Muon": lambda params, **given: SimpleNamespace(param_groups=[{"params": params, **given}]),
        "MU": 0.95,
    }
    source.run(shared, "MUON_LR = ", "MUON_WEIGHT_DECAY = ")
    source.run(shared, "train_steps = ")
    source.run(shared, "optimizer1 = ", "def set_hparams")
    adamw, muon = (one.param_groups for one in shared["optimizers"])
    groups = dict(
        zip(("adamw/embed", "adamw/proj", "adamw/norm", "muon"), (*adamw, *muon), strict=True)
    )
    curves: dict[str, list[float]] = {f"lr/{name}": [] for name in groups}
    for step in range(shared["train_steps"]):
        shared["set_hparams"](step)
        for name, group in groups.items():
            curves[f"lr/{name}"].append(group["lr"])
    peaks = {name: group["initial_lr"] for name, group in groups.items()}
    return {"origin": {"steps": shared["train_steps"], "peaks": peaks}, "curves": curves}
