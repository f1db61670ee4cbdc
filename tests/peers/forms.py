"""One table of foreign schedulers, and each row in every form that its project has.

A new scheduler needs a row here; a new project needs rows, and a line in ``MODULES``.
"""

import importlib
import json
import warnings
from typing import Any, NamedTuple

import torch

from gradatim.peers.found import Read
from gradatim.peers.peer import Call
from gradatim.peers.projects import PEERS
from tests.peers.random_schedulers import MOMENTUM, ignite, timm

LR = 0.1


class Row(NamedTuple):
    """A scheduler by its name and arguments; an argument may be a row, or a list of rows."""

    project: str
    name: str
    arguments: dict[str, Any]
    rule: bool = False
    """Whether it follows a metric, so that it has no values of its own to compare."""

    def __str__(self) -> str:
        return f"{self.project} {as_code(self)}"


def torch_row(name: str, /, **arguments: Any) -> Row:
    return Row("torch", name, arguments, "Plateau" in name)


def hf_row(name: str, /, **arguments: Any) -> Row:
    return Row("transformers", name, arguments, "plateau" in name or "greedy" in name.lower())


def timm_row(name: str, /, **arguments: Any) -> Row:
    if name != "PlateauLRScheduler":
        arguments["t_in_epochs"] = False
    return Row("timm", name, arguments, "Plateau" in name)


def ignite_row(name: str, /, **arguments: Any) -> Row:
    return Row("ignite", name, arguments)


def keras_row(name: str, /, **arguments: Any) -> Row:
    return Row("keras", name, arguments, "Plateau" in name)


def optax_row(name: str, /, **arguments: Any) -> Row:
    return Row("optax", name, arguments, "plateau" in name)


WARM = {"num_warmup_steps": 7, "num_training_steps": 60}
MIN_LR = {"min_lr": 0.013}
CYCLE = {"param_name": "lr", "start_value": 0.3, "end_value": 0.1, "cycle_size": 10}
LINE = torch_row("LinearLR", start_factor=0.2, total_iters=8)
TORCH = [
    torch_row("StepLR", step_size=9, gamma=0.5),
    torch_row("MultiStepLR", milestones=[9, 20, 20], gamma=0.5),
    torch_row("ConstantLR", factor=0.5, total_iters=8),
    LINE,
    torch_row("ExponentialLR", gamma=0.97),
    torch_row("PolynomialLR", total_iters=40, power=2.0),
    torch_row("CosineAnnealingLR", T_max=60, eta_min=0.01),
    torch_row("CosineAnnealingWarmRestarts", T_0=10, T_mult=2, eta_min=0.01),
    torch_row("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=7, step_size_down=5),
    torch_row("CyclicLR", base_lr=0.01, max_lr=0.1, step_size_up=7, mode="exp_range", gamma=0.9),
    torch_row("OneCycleLR", max_lr=0.7, total_steps=60, pct_start=0.37, div_factor=7.0),
    torch_row("OneCycleLR", max_lr=0.7, epochs=6, steps_per_epoch=10, three_phase=True),
    torch_row("SWALR", swa_lr=0.05, anneal_epochs=9, anneal_strategy="linear"),
    torch_row("ReduceLROnPlateau", factor=0.5, patience=3, min_lr=0.01, cooldown=2),
    torch_row(
        "SequentialLR",
        schedulers=[LINE, torch_row("CosineAnnealingLR", T_max=52)],
        milestones=[8],
    ),
    torch_row("ChainedScheduler", schedulers=[LINE, torch_row("ExponentialLR", gamma=0.97)]),
]
TRANSFORMERS = [
    hf_row("get_constant_schedule"),
    hf_row("get_constant_schedule_with_warmup", num_warmup_steps=7),
    hf_row("get_linear_schedule_with_warmup", **WARM),
    hf_row("get_cosine_schedule_with_warmup", **WARM),
    hf_row("get_cosine_schedule_with_warmup", num_cycles=1.5, **WARM),
    hf_row("get_cosine_with_min_lr_schedule_with_warmup", min_lr=0.013, **WARM),
    hf_row("get_cosine_with_min_lr_schedule_with_warmup", min_lr_rate=0.3, num_cycles=2, **WARM),
    hf_row("get_cosine_with_min_lr_schedule_with_warmup_lr_rate", min_lr=0.013, **WARM),
    hf_row("get_cosine_with_hard_restarts_schedule_with_warmup", num_cycles=3, **WARM),
    hf_row("get_polynomial_decay_schedule_with_warmup", lr_end=0.013, power=2.0, **WARM),
    hf_row("get_inverse_sqrt_schedule", num_warmup_steps=7),
    hf_row("get_wsd_schedule", num_decay_steps=20, min_lr_ratio=0.1, decay_type="1-sqrt", **WARM),
    hf_row("get_wsd_schedule", num_warmup_steps=5, num_decay_steps=20, num_stable_steps=30),
    hf_row("get_scheduler", name="cosine", **WARM),
    hf_row("get_scheduler", name="constant", num_warmup_steps=3),
    hf_row("get_scheduler", name="cosine_with_min_lr", scheduler_specific_kwargs=MIN_LR, **WARM),
    hf_row("get_reduce_on_plateau_schedule", factor=0.5, patience=3),
    hf_row("get_greedy_schedule", factor=0.9, patience=3, min_lr=0.01),
    hf_row("GreedyLR", factor=0.9, patience=3, min_lr=0.01, max_lr=0.5, mode="max"),
]
TIMM = [
    timm_row("CosineLRScheduler", t_initial=20, lr_min=0.01, cycle_limit=2, warmup_t=5),
    timm_row("CosineLRScheduler", t_initial=50, k_decay=1.5, warmup_t=5, warmup_prefix=True),
    timm_row("PolyLRScheduler", t_initial=50, power=2.0, warmup_t=5, warmup_lr_init=0.001),
    timm_row("TanhLRScheduler", t_initial=50, lb=-19.0, warmup_t=5),
    timm_row("StepLRScheduler", decay_t=10, decay_rate=0.5, warmup_t=5),
    timm_row("MultiStepLRScheduler", decay_t=[10, 30], decay_rate=0.5, warmup_t=5),
    timm_row("WSDLRScheduler", t_initial=50, decay_t=20, lr_min=0.01, warmup_t=5),
    timm_row("WSDLRScheduler", t_initial=50, decay_t=20, stable_fn="rsqrt", warmup_t=5),
    timm_row("PlateauLRScheduler", decay_rate=0.5, patience_t=3, lr_min=0.01),
]
IGNITE = [
    ignite_row("LinearCyclicalScheduler", **CYCLE),
    ignite_row("LinearCyclicalScheduler", monotonic=True, warmup_duration=3, **CYCLE),
    ignite_row("CosineAnnealingScheduler", start_value_mult=0.5, end_value_mult=0.5, **CYCLE),
    ignite_row("PiecewiseLinear", param_name="lr", milestones_values=[(5, 0.3), (20, 0.1)]),
    ignite_row("LRScheduler", lr_scheduler=torch_row("StepLR", step_size=9)),
    ignite_row(
        "ConcatScheduler",
        schedulers=[
            ignite_row("CosineAnnealingScheduler", **CYCLE),
            ignite_row("LinearCyclicalScheduler", **CYCLE),
        ],
        durations=[15],
    ),
    ignite_row("ParamGroupScheduler", schedulers=[ignite_row("LinearCyclicalScheduler", **CYCLE)]),
]
FIRST = {"initial_learning_rate": 0.3}
KERAS = [
    keras_row("CosineDecay", decay_steps=50, alpha=0.1, **FIRST),
    keras_row("CosineDecay", decay_steps=50, warmup_target=0.5, warmup_steps=9, **FIRST),
    keras_row("CosineDecayRestarts", first_decay_steps=9, m_mul=0.8, alpha=0.1, **FIRST),
    keras_row("ExponentialDecay", decay_steps=9, decay_rate=0.7, staircase=True, **FIRST),
    keras_row("InverseTimeDecay", decay_steps=9, decay_rate=0.7, **FIRST),
    keras_row("PiecewiseConstantDecay", boundaries=[9, 20], values=[0.3, 0.2, 0.1]),
    keras_row("PolynomialDecay", decay_steps=50, **FIRST),
    keras_row("PolynomialDecay", decay_steps=50, power=2.0, **FIRST),
    keras_row("ReduceLROnPlateau", factor=0.5, patience=4, min_delta=0.01),
]
UP = {"init_value": 0.01, "peak_value": 0.3}
SCALES = {"init_value": 0.3, "boundaries_and_scales": {10: 2.0, 30: 0.1}}
OPTAX = [
    optax_row("constant_schedule", value=0.3),
    optax_row("linear_schedule", init_value=0.3, end_value=0.1, transition_steps=40),
    optax_row(
        "polynomial_schedule",
        init_value=0.3,
        end_value=0.1,
        power=2,
        transition_steps=40,
        transition_begin=5,
    ),
    optax_row("cosine_decay_schedule", init_value=0.3, decay_steps=50, alpha=0.1),
    optax_row("cosine_decay_schedule", init_value=0.3, decay_steps=50, exponent=2),
    optax_row(
        "exponential_decay",
        init_value=0.3,
        transition_steps=7,
        decay_rate=0.8,
        transition_begin=3,
        staircase=True,
        end_value=0.1,
    ),
    optax_row(
        "exponential_decay", init_value=1.0, transition_steps=2, decay_rate=1.0, end_value=0.1
    ),
    optax_row("warmup_constant_schedule", warmup_steps=9, **UP),
    optax_row("warmup_cosine_decay_schedule", warmup_steps=9, decay_steps=50, end_value=0.01, **UP),
    optax_row(
        "warmup_cosine_decay_schedule",
        init_value=0.1,
        peak_value=0.0,
        warmup_steps=9,
        decay_steps=50,
        end_value=0.01,
    ),
    optax_row(
        "warmup_exponential_decay_schedule",
        warmup_steps=9,
        transition_steps=10,
        decay_rate=0.5,
        **UP,
    ),
    optax_row(
        "sgdr_schedule",
        cosine_kwargs=[
            {"warmup_steps": 3, "decay_steps": 20, **UP},
            {"warmup_steps": 2, "decay_steps": 30, **UP},
        ],
    ),
    optax_row("piecewise_constant_schedule", **SCALES),
    optax_row("piecewise_interpolate_schedule", interpolate_type="cosine", **SCALES),
    optax_row("linear_onecycle_schedule", transition_steps=50, peak_value=0.3),
    optax_row("cosine_onecycle_schedule", transition_steps=50, peak_value=0.3, pct_start=0.25),
    optax_row(
        "join_schedules",
        schedules=[
            optax_row("constant_schedule", value=0.3),
            optax_row("cosine_decay_schedule", init_value=0.3, decay_steps=30),
        ],
        boundaries=[20],
    ),
    optax_row("reduce_on_plateau", factor=0.5, patience=3, rtol=1e-3),
]
LINEAR = {"warmup_num_steps": 10, "warmup_type": "linear"}
DEEPSPEED = [
    Row("deepspeed", "WarmupLR", {"warmup_max_lr": 0.3, **LINEAR}),
    Row("deepspeed", "WarmupDecayLR", {"total_num_steps": 50, "warmup_max_lr": 0.3, **LINEAR}),
    Row("deepspeed", "WarmupCosineLR", {"total_num_steps": 50, "cos_min_ratio": 0.1, **LINEAR}),
    Row("deepspeed", "WarmupLR", {"warmup_max_lr": 0.3}),
    Row("deepspeed", "WarmupDecayLR", {"total_num_steps": 50, "warmup_num_steps": 9}),
    Row("deepspeed", "WarmupCosineLR", {"total_num_steps": 50, "warmup_num_steps": 9}),
    Row("deepspeed", "LRRangeTest", {"lr_range_test_step_size": 20}),
    Row("deepspeed", "OneCycle", {"cycle_min_lr": 0.1, "cycle_max_lr": 0.3}),
]
MEGATRON = [
    Row(
        "megatron",
        "Megatron",
        {
            "lr": 0.3,
            "min_lr": 0.01,
            "lr_decay_style": "cosine",
            "train_iters": 100,
            "lr_warmup_iters": 10,
        },
    ),
]
SPEECHBRAIN = [
    Row("speechbrain", "NoamScheduler", {"lr_initial": 0.1, "n_warmup_steps": 20}),
    Row(
        "speechbrain", "NoamScheduler", {"lr_initial": 1.0, "n_warmup_steps": 20, "model_size": 256}
    ),
    Row(
        "speechbrain",
        "LinearNoamScheduler",
        {"lr_initial": 0.1, "n_warmup_steps": 20, "n_keep_steps": 10},
    ),
    Row(
        "speechbrain",
        "LinearWarmupScheduler",
        {"initial_value": 0.1, "num_warmup_steps": 20, "num_training_steps": 150},
    ),
    Row(
        "speechbrain",
        "TriStageLRSchedule",
        {"lr": 0.1, "warmup_steps": 20, "hold_steps": 30, "decay_steps": 60, "total_steps": 110},
    ),
    Row(
        "speechbrain",
        "WarmCoolDecayLRSchedule",
        {"lr": 0.1, "warmup": 20, "cooldown": 30, "total_steps": 150},
    ),
    Row(
        "speechbrain",
        "WarmCoolDecayLRSchedule",
        {"lr": 0.1, "warmup": 30, "cooldown": 70, "total_steps": 100},
    ),
    Row("speechbrain", "NewBobScheduler", {"initial_value": 0.1, "patient": 2}, True),
    Row(
        "speechbrain",
        "NoamIntervalScheduler",
        {
            "lr_initial": 0.1,
            "n_warmup_steps": 20,
            "anneal_steps": [30, 50],
            "anneal_rates": [0.5, 0.1],
        },
    ),
    Row(
        "speechbrain",
        "WarmAndExpDecayLRSchedule",
        {"lr": 0.1, "n_warmup_steps": 20, "total_steps": 150, "decay_factor": 0.05},
    ),
    Row("speechbrain", "InverseSquareRootScheduler", {"warmup_steps": 20}),
    Row(
        "speechbrain",
        "CyclicCosineScheduler",
        {"n_warmup_steps": 20, "lr_initial": 0.1, "total_steps": 50},
    ),
    Row("speechbrain", "CyclicLRScheduler", {"max_lr": 0.1, "step_size": 20}),
    Row("speechbrain", "CyclicLRScheduler", {"step_size": 9.5, "mode": "triangular2"}),
    Row("speechbrain", "CyclicLRScheduler", {"mode": "exp_range", "gamma": 0.9}),
    Row(
        "speechbrain",
        "IntervalScheduler",
        {"intervals": [{"steps": 20, "lr": 0.05}, {"steps": 10, "lr": 0.02}]},
    ),
    Row(
        "speechbrain",
        "LinearScheduler",
        {"initial_value": 0.1, "final_value": 0.01, "epoch_count": 20},
    ),
    Row(
        "speechbrain", "LinearScheduler", {"initial_value": 0.1, "final_value": 0, "epoch_count": 1}
    ),
    Row("speechbrain", "StepScheduler", {"initial_value": 0.1, "decay_factor": 0.7}),
    Row("speechbrain", "StepScheduler", {"initial_value": 0.1, "half_life": 10}),
    Row("speechbrain", "ReduceLROnPlateau", {"factor": 0.7, "dont_halve_until_epoch": 5}, True),
]
COMPOSER = [
    Row("composer", "ConstantScheduler", {"alpha": 0.5, "t_max": "50ba"}),
    Row("composer", "ConstantWithWarmupScheduler", {"t_warmup": "9ba"}),
    Row("composer", "LinearScheduler", {"alpha_f": 0.1, "t_max": "50ba"}),
    Row("composer", "LinearWithWarmupScheduler", {"t_warmup": "9ba", "t_max": "50ba"}),
    Row("composer", "CosineAnnealingScheduler", {"t_max": "50ba"}),
    Row("composer", "CosineAnnealingWithWarmupScheduler", {"t_warmup": "9ba", "t_max": "50ba"}),
    Row("composer", "PolynomialScheduler", {"power": 2.0, "t_max": "50ba"}),
    Row("composer", "PolynomialWithWarmupScheduler", {"t_warmup": "9ba", "t_max": "50ba"}),
    Row(
        "composer",
        "InverseSquareRootWithWarmupScheduler",
        {"t_warmup": "9ba", "t_scale": "20ba", "t_cooldown": "10ba", "t_max": "50ba"},
    ),
]
RUN = {"max_steps": 60, "min_lr": 0.01}
HOLD = {"warmup_steps": 9, "hold_steps": 10}
NEMO = [
    Row("nemo", "CosineAnnealing", {"warmup_steps": 9, **RUN}),
    Row("nemo", "CosineAnnealing", {"warmup_ratio": 0.2, "constant_ratio": 0.1, **RUN}),
    Row("nemo", "WarmupAnnealing", {"warmup_ratio": 0.11, **RUN}),
    Row("nemo", "PolynomialDecayAnnealing", {"power": 2.0, **RUN}),
    Row("nemo", "PolynomialHoldDecayAnnealing", {"power": 2.0, **HOLD, **RUN}),
    Row("nemo", "WarmupHoldAnnealLinear", {**HOLD, **RUN}),
    Row("nemo", "WarmupHoldAnnealOneMinusSquareRoot", {**HOLD, **RUN}),
    Row("nemo", "SquareAnnealing", {"warmup_steps": 9, **RUN}),
    Row("nemo", "InverseSquareRootAnnealing", {"warmup_steps": 9, **RUN}),
    Row("nemo", "NoamHoldAnnealing", {"decay_rate": 1.0, **HOLD, **RUN}),
    Row("nemo", "NoamHoldAnnealing", {"warmup_steps": 9, **RUN}),
    Row("nemo", "NoamAnnealing", {"d_model": 25, "warmup_steps": 9}),
    Row("nemo", "NoamAnnealing", {"d_model": 25, "warmup_steps": 9, **RUN}),
    Row("nemo", "NoamAnnealing", {"d_model": 25, "min_lr": 0.005}),
]
TORCHTITAN = [
    Row("torchtitan", "[lr_scheduler]", {"warmup_steps": 9, "total_steps": 60}),
    Row("torchtitan", "[lr_scheduler]", {"decay_ratio": 0.2, "decay_type": "sqrt"}),
]
TORCHTUNE = [
    Row("torchtune", "get_cosine_schedule_with_warmup", {"num_warmup_steps": 9, "num_cycles": 1.5}),
    Row("torchtune", "no lr_scheduler", {}),
]
ACCELERATE = [Row("accelerate", "AcceleratedScheduler", {"scheduler": LINE, "optimizers": None})]
FAIRSEQ = [
    Row("fairseq", "fairseq inverse_sqrt", {"lr": 0.1, "warmup_updates": 20}),
    Row("fairseq", "fairseq polynomial_decay", {"lr": 0.1, "total_num_update": 50, "power": 2.0}),
    Row("fairseq", "fairseq cosine", {"lr": 0.1, "warmup_updates": 9, "max_update": 50}),
    Row("fairseq", "fairseq tri_stage", {"lr": 0.1, "warmup_steps": 9, "decay_steps": 20}),
    Row("fairseq", "fairseq fixed", {"lr": 0.1, "warmup_updates": 9}),
]
NANOGPT = [Row("nanogpt", "nanoGPT", {"warmup_iters": 9, "lr_decay_iters": 50})]
ROWS = [
    *TORCH,
    *TRANSFORMERS,
    *TIMM,
    *IGNITE,
    *KERAS,
    *OPTAX,
    *DEEPSPEED,
    *MEGATRON,
    *SPEECHBRAIN,
    *COMPOSER,
    *ACCELERATE,
    *NEMO,
    *FAIRSEQ,
    *NANOGPT,
    *TORCHTITAN,
    *TORCHTUNE,
]

MODULES: dict[str, tuple[str, ...]] = {
    "torch": ("torch.optim.lr_scheduler", "torch.optim.swa_utils"),
    "transformers": ("transformers.optimization",),
    "keras": ("keras.optimizers.schedules", "keras.callbacks"),
    "optax": ("optax", "optax.contrib"),
    "speechbrain": ("gradatim.speechbrain",),
    "accelerate": ("accelerate.scheduler",),
}
"""Where the originals are that are installed; of SpeechBrain, classes of the same arguments."""
_LOADED = {"timm": (timm,), "ignite": (ignite,)}


def original(project: str, name: str) -> Any:
    """The class or the function itself; None where the project is not installed."""
    with warnings.catch_warnings(action="ignore"):
        modules = _LOADED.get(project) or map(importlib.import_module, MODULES.get(project, ()))
        found = [vars(module)[name] for module in modules if name in vars(module)]
    return found[0] if found else None


def as_call(row: Row) -> Call:
    """The row as the name and the arguments that every form becomes."""
    return Call(PEERS[row.project], row.name, _replaced(row, as_call))


def as_code(row: Row) -> str:
    """The row as a line of Python."""
    arguments = [f"{key}={_code(value)}" for key, value in row.arguments.items()]
    return f"{row.name}({', '.join([*_optimizer(row), *arguments])})"


def as_object(row: Row, optimizer: Any) -> Any:
    """The row as the object that its own project makes of it."""
    make, arguments = original(row.project, row.name), _replaced(row, as_object, optimizer)
    if row.project == "accelerate":
        arguments["optimizers"] = optimizer
    given = {"optimizer": optimizer} if _optimizer(row) else {}
    with warnings.catch_warnings(action="ignore"):
        return make(**given, **arguments)


def as_settings(row: Row) -> str:
    """The row as the settings of a project that is not written in Python."""
    if row.project == "deepspeed":
        return json.dumps({"scheduler": {"type": row.name, "params": row.arguments}})
    if row.project == "megatron":
        return " ".join(f"--{k.replace('_', '-')} {v}" for k, v in row.arguments.items())
    if row.project == "nemo":
        return json.dumps({"optim": {"lr": LR, "sched": {"name": row.name, **row.arguments}}})
    if row.project == "torchtitan":
        beside = {"optimizer": {"lr": LR}, "training": {"steps": 200}}
        return json.dumps({"lr_scheduler": row.arguments, **beside})
    if row.project == "torchtune":
        component = f"torchtune.training.lr_schedulers.{row.name}"
        entry = {"_component_": component, **row.arguments} if row.arguments else None
        model = {"_component_": "torchtune.models.llama3.llama3_8b"}
        optimizer = {"_component_": "torch.optim.AdamW", "lr": LR}
        return json.dumps({"model": model, "optimizer": optimizer, "lr_scheduler": entry})
    lines = (f"    {key}: {value}" for key, value in row.arguments.items())
    return "\n".join([f"lr: !new:speechbrain.nnet.schedulers.{row.name}", *lines])


def read_again(row: Row, lr: float) -> Read:
    """What the row means, by its name and its arguments."""
    return as_call(row).means(lr, 200)


def sgd() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], LR, momentum=MOMENTUM)


def _optimizer(row: Row) -> list[str]:
    """The optimizer as an argument, if the scheduler takes one that it multiplies or writes."""
    takes = PEERS[row.project].parameters(row.name)
    chained = row.name in ("ChainedScheduler", "AcceleratedScheduler")
    return ["optimizer=optimizer"] if "optimizer" in takes and not chained else []


def _code(value: Any) -> str:
    if isinstance(value, Row):
        return as_code(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_code, value))}]"
    return repr(value)


def _replaced(row: Row, form: Any, *more: Any) -> dict[str, Any]:
    def one(value: Any) -> Any:
        if isinstance(value, Row):
            return form(value, *more)
        return [one(part) for part in value] if isinstance(value, list) else value

    return {key: one(value) for key, value in row.arguments.items()}
