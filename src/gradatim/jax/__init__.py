"""Schedules in JAX and Optax. A schedule is an Optax schedule as it is: ``optax.adamw(schedule)``.

Importing this package makes every schedule and rule a pytree: its numbers are leaves.
May import ``core``, ``peers``, ``xp``, JAX and Optax. To add a transformation, write one file.
"""

from gradatim.jax import pytrees
from gradatim.jax.importers import from_optax
from gradatim.jax.rates import applied_rate, next_rate, position
from gradatim.jax.rules import RuleScaleState, scale_by_rule
from gradatim.jax.ticks import scale_by_tick

__all__ = [
    "RuleScaleState",
    "applied_rate",
    "from_optax",
    "next_rate",
    "position",
    "scale_by_rule",
    "scale_by_tick",
]

pytrees.register()
