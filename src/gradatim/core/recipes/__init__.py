"""Well-known schedules as compositions of pieces.

The names of arguments are the same everywhere: ``peak`` is the highest value, ``start`` the value a
warm-up comes from, ``floor`` the value a decay goes to, ``steps`` the length of the whole run in
updates, warm-up included. ``warmup``, ``hold`` and ``cooldown`` are lengths inside it, an int or
"5%".

Projects differ by one step at both ends, which two arguments select. ``first`` is the value of the
first update: "start", or "step", one step of the warm-up above it. ``last`` is the value of the
last update: "step", one step of the decay above the floor, which is reached when the run is over;
or "floor", the floor itself.

May import the rest of ``core``. To add a recipe, write one function with ``@recipe``, and one row
in ``tests/core/cases``.
"""

from gradatim.core.recipes.batches import batch_rampup, batch_stages, scale_with_batch
from gradatim.core.recipes.cycles import cosine_restarts, cyclic, one_cycle
from gradatim.core.recipes.drops import multistep, piecewise_constant, step_decay
from gradatim.core.recipes.edits import branch, cooldown, extend, rewarm
from gradatim.core.recipes.powers import (
    inverse_sqrt_t5,
    linear_noam,
    noam,
    noam_interval,
    power,
    warmup_inverse_sqrt,
)
from gradatim.core.recipes.stages import infinite, trapezoid, tri_stage, warm_cool_decay, wsd
from gradatim.core.recipes.warmups import (
    slanted_triangular,
    warmup_constant,
    warmup_cosine,
    warmup_linear,
    warmup_polynomial,
)
from gradatim.core.run.by_updates import by_updates

__all__ = [
    "batch_rampup",
    "batch_stages",
    "branch",
    "by_updates",
    "cooldown",
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
    "scale_with_batch",
    "slanted_triangular",
    "step_decay",
    "trapezoid",
    "tri_stage",
    "warm_cool_decay",
    "warmup_constant",
    "warmup_cosine",
    "warmup_inverse_sqrt",
    "warmup_linear",
    "warmup_polynomial",
    "wsd",
]
