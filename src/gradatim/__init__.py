"""Learning-rate schedules, written once as values, that drive any training run."""

from typing import TYPE_CHECKING, Any

from gradatim.core._config import build
from gradatim.core.check import Finding, check
from gradatim.core.closed_forms import (
    CosineWave,
    GeometricDecay,
    Line,
    NaturalDecay,
    Noam,
    Tanh,
    Triangle,
)
from gradatim.core.combine import Join, Product, Scale, Sum, join
from gradatim.core.decays import (
    Constant,
    ExponentialDecay,
    Function,
    InverseSqrtDecay,
    InverseTimeDecay,
    PowerDecay,
    Table,
)
from gradatim.core.errors import GradatimError
from gradatim.core.ramps import (
    REX,
    Cosine,
    Exponential,
    Glide,
    KDecay,
    Linear,
    Logistic,
    OneMinusSqrt,
    Polynomial,
    SquareRoot,
)
from gradatim.core.recipes import (
    branch,
    cosine_restarts,
    cyclic,
    extend,
    infinite,
    inverse_sqrt_t5,
    linear_noam,
    multistep,
    noam,
    noam_interval,
    one_cycle,
    piecewise_constant,
    power,
    rewarm,
    slanted_triangular,
    step_decay,
    trapezoid,
    tri_stage,
    warm_cool_decay,
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    wsd,
)
from gradatim.core.reshape import Clip, Cut, Repeat, Shift, Staircase
from gradatim.core.rules import Greedy, NewBob, Plateau, Rule, RuleState
from gradatim.core.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, Plan, Target

if TYPE_CHECKING:
    from gradatim.core._text import parse
    from gradatim.plans import load_plan

__version__ = "0.1.0"

__all__ = [
    "build",
    "parse",
    "Finding",
    "check",
    "CosineWave",
    "GeometricDecay",
    "Line",
    "NaturalDecay",
    "Noam",
    "Tanh",
    "Triangle",
    "Clip",
    "Cut",
    "Join",
    "Product",
    "Repeat",
    "Scale",
    "Shift",
    "Staircase",
    "Sum",
    "join",
    "Constant",
    "ExponentialDecay",
    "Function",
    "InverseSqrtDecay",
    "InverseTimeDecay",
    "PowerDecay",
    "Table",
    "Driver",
    "GradatimError",
    "REX",
    "Cosine",
    "Exponential",
    "Glide",
    "KDecay",
    "Linear",
    "Logistic",
    "OneMinusSqrt",
    "Polynomial",
    "SquareRoot",
    "branch",
    "cosine_restarts",
    "cyclic",
    "extend",
    "infinite",
    "inverse_sqrt_t5",
    "linear_noam",
    "multistep",
    "noam",
    "noam_interval",
    "one_cycle",
    "piecewise_constant",
    "power",
    "rewarm",
    "slanted_triangular",
    "step_decay",
    "trapezoid",
    "tri_stage",
    "warm_cool_decay",
    "warmup_constant",
    "warmup_cosine",
    "warmup_inverse_sqrt",
    "warmup_linear",
    "wsd",
    "Greedy",
    "NewBob",
    "Plateau",
    "Rule",
    "RuleState",
    "Run",
    "Schedule",
    "Plan",
    "Target",
    "load_plan",
]

_READING = {
    "parse": "gradatim.core._text",
    "load_plan": "gradatim.plans",
}


def __getattr__(name: str) -> Any:
    """What reads texts and files is imported when it is asked for: most programs never do."""
    if name not in _READING:
        raise AttributeError(f"module 'gradatim' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_READING[name]), name)
