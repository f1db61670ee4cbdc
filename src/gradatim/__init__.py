"""Learning-rate schedules, written once as values, that drive any training run."""

from typing import TYPE_CHECKING

from gradatim.core.build import build
from gradatim.core.combine import join
from gradatim.core.decays import (
    Constant,
    ExponentialDecay,
    Function,
    InverseSqrtDecay,
    InverseTimeDecay,
    PowerDecay,
    Table,
)
from gradatim.core.ramps import Cosine, Exponential, Linear, OneMinusSqrt, Polynomial
from gradatim.core.recipes import (
    branch,
    by_updates,
    cooldown,
    cosine_restarts,
    cyclic,
    extend,
    multistep,
    noam,
    one_cycle,
    piecewise_constant,
    rewarm,
    step_decay,
    trapezoid,
    warmup_constant,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    warmup_polynomial,
    wsd,
)
from gradatim.core.rules import Greedy, NewBob, Plateau, Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, Plan, Target
from gradatim.errors import GradatimError
from gradatim.findings import Finding, check

# isort: split
# Expressions and configs may name any schedule, so all modules that register one are imported.
from gradatim import closed_forms, pieces, recipes, rules  # noqa: F401

if TYPE_CHECKING:
    from gradatim.core.text import parse
    from gradatim.plans import load_plan

__version__ = "0.2.0"

__all__ = [
    "build",
    "parse",
    "check",
    "Finding",
    "GradatimError",
    "Schedule",
    "Run",
    "Driver",
    "Plan",
    "Target",
    "load_plan",
    "Rule",
    "join",
    "Constant",
    "Linear",
    "Cosine",
    "Polynomial",
    "Exponential",
    "OneMinusSqrt",
    "ExponentialDecay",
    "PowerDecay",
    "InverseSqrtDecay",
    "InverseTimeDecay",
    "Table",
    "Function",
    "Plateau",
    "NewBob",
    "Greedy",
    "warmup_constant",
    "warmup_cosine",
    "warmup_linear",
    "warmup_polynomial",
    "warmup_inverse_sqrt",
    "wsd",
    "trapezoid",
    "one_cycle",
    "cyclic",
    "cosine_restarts",
    "step_decay",
    "multistep",
    "piecewise_constant",
    "noam",
    "branch",
    "cooldown",
    "extend",
    "rewarm",
    "by_updates",
]

_READING = {
    "parse": "gradatim.core.text",
    "load_plan": "gradatim.plans",
}


if not TYPE_CHECKING:  # or type checkers would accept any attribute

    def __getattr__(name: str):
        """Import the readers of expressions and files when they are first used."""
        if name not in _READING:
            from gradatim.core.deprecated import moved_name

            return moved_name(__name__, name)
        from importlib import import_module

        return getattr(import_module(_READING[name]), name)
