"""Optax' named constructors, read by name and arguments: the same curves as schedules and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradatim.core.rules import Rule
from gradatim.core.schedule import Schedule
from gradatim.errors import GradatimError, invalid_value
from gradatim.peers import read_call


def from_optax(constructor: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Schedule | Rule:
    """The schedule or rule that a constructor of Optax describes.

    The values are Optax' own, to the last digit that Optax computes. What Optax takes in silence
    and turns into a constant (no transition steps, a negative begin) is refused.

    Args:
        constructor: Its name, such as "warmup_cosine_decay_schedule", or the function itself.
        args: The arguments as Optax takes them.
        kwargs: The arguments as Optax takes them.

    Returns:
        A schedule; for ``reduce_on_plateau`` a rule, to go into ``scale_by_rule``.

    Raises:
        GradatimError: For a name that is not known, arguments that Optax would not take, and the
            few curves that have no counterpart; the message says which part.

    >>> from_optax("cosine_decay_schedule", init_value=1.0, decay_steps=100, alpha=0.1)
    Cosine(start=1.0, end=0.1, steps=100)
    """
    name = constructor if isinstance(constructor, str) else getattr(constructor, "__name__", "")
    if name == "join_schedules" or "<locals>" in getattr(constructor, "__qualname__", ""):
        what = "join_schedules takes closures" if name == "join_schedules" else "this is a closure"
        raise GradatimError(
            f"from_optax: {what}, which cannot be read. Give a constructor and its arguments, "
            "from_optax(optax.cosine_decay_schedule, 3e-4, 1000), and join with a.cut(steps) >> b; "
            "or give the code as text: gradatim.peers.read('optax.join_schedules(...)', 'optax')."
        )
    if not isinstance(constructor, str) and not callable(constructor):
        hint = "Write from_optax('cosine_decay_schedule', init_value=3e-4, decay_steps=1000)."
        allowed = "a constructor of Optax, or its name"
        raise invalid_value("from_optax", "constructor", constructor, allowed, hint)
    try:
        found = read_call("optax", name, args, kwargs)
    except GradatimError as error:
        raise GradatimError(f"from_optax: {error}") from None
    return found.schedule if found.rule is None else found.rule
