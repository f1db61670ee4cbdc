"""Checks that the arguments of a ``Run`` fit together: one length, which its clock can count."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gradatim.core.run.clocks import CLOCKS
from gradatim.errors import GradatimError

BUDGETS = ("epochs", "steps", "total_tokens", "seconds", "total")
"""The arguments that give the length of a run; exactly one of them is required."""

_DATA = ("epochs", "steps", "total_tokens")
_OF_CLOCK: Mapping[str, tuple[str, ...]] = {
    "updates": _DATA,
    "samples": _DATA,
    "tokens": _DATA,
    "time": ("seconds",),
    "progress": (),
}
_EXAMPLES = {
    "time": "Run(seconds=600)",
    "progress": "Run(clock='progress')",
    "samples": "Run(samples=50_000, epochs=90, clock='samples')",
    "tokens": "Run(total_tokens=1e9, clock='tokens')",
}


def check_budget(given: Collection[str], clock: str) -> None:
    """Raise for a run without a length, with two, or with one that its clock cannot count.

    Args:
        given: The names of the arguments that were given.
        clock: The clock of the run.
    """
    budgets = [name for name in BUDGETS if name in given]
    if len(budgets) > 1:
        raise GradatimError(
            f"Run: {' and '.join(budgets)} are each a length of the run. Give one of them."
        )
    allowed = _OF_CLOCK.get(clock, ("total",))
    wrong = [name for name in budgets if name not in allowed]
    if wrong:
        name = wrong[0]
        if name == "total":
            raise GradatimError(
                f"Run: total is the length of a run with a clock of your own, such as "
                f"Run(clock='env_steps', total=1e6), got clock={clock!r}."
            )
        if name == "seconds":
            raise GradatimError(
                f"Run: seconds is the length of a run with the clock 'time', got clock={clock!r}. "
                "Leave clock out."
            )
        raise GradatimError(
            f"Run: {name} is not a length for the clock {clock!r}. "
            f"Write {_EXAMPLES.get(clock, f'Run(clock={clock!r}, total=...)')}."
        )
    if allowed and not budgets:
        raise _no_length(clock)
    _check_data(given, clock)


def _no_length(clock: str) -> GradatimError:
    if clock == "time":
        return GradatimError("Run: the clock 'time' needs a length in seconds. Write seconds=600.")
    if clock not in CLOCKS:
        return GradatimError(
            f"Run: the clock {clock!r} needs its total. Write Run(clock={clock!r}, total=1e6)."
        )
    return GradatimError(
        "Run: give either steps, or samples, batch and epochs, or another length. "
        "Write Run(steps=10_000), Run(samples=50_000, batch=128, epochs=90), "
        "Run(total_tokens=1e9, batch=32, tokens_per_sample=1024) or Run(seconds=600)."
    )


def _check_data(given: Collection[str], clock: str) -> None:
    """Raise for data from which the length of the run does not follow."""
    counts = clock in ("samples", "tokens")
    if "epochs" in given:
        missing = [name for name in ("samples", "batch") if name not in given]
        if missing and not (counts and missing == ["batch"]):
            raise _no_length(clock)
    elif "samples" in given and "batch" not in given:
        raise GradatimError(
            "Run: give either steps, or samples, batch and epochs. From samples without batch the "
            "samples of an update are not known."
        )
    if "total_tokens" in given:
        if "samples" in given:
            raise GradatimError("Run: total_tokens replaces samples and epochs. Leave samples out.")
        if clock == "updates" and not {"batch", "tokens_per_sample"} <= set(given):
            raise GradatimError(
                "Run: total_tokens cannot be converted to updates without batch and "
                "tokens_per_sample. Give both, or write clock='tokens'."
            )
        if clock == "samples" and "tokens_per_sample" not in given:
            raise GradatimError(
                "Run: total_tokens cannot be converted to samples without tokens_per_sample. "
                "Give it, or write clock='tokens'."
            )
    if "steps" in given and counts and "batch" not in given:
        raise GradatimError(
            f"Run: steps cannot be converted to {clock} without batch. Give it, or write "
            f"{_EXAMPLES[clock]}."
        )
    if clock == "tokens" and "total_tokens" not in given and "tokens_per_sample" not in given:
        raise GradatimError(
            "Run: the clock 'tokens' needs a number of tokens. Give tokens_per_sample, or "
            "total_tokens in place of samples and epochs."
        )
    for name in ("reserve", "start_after"):
        if name in given and "seconds" not in given:
            raise GradatimError(f"Run: {name} needs a length in seconds. Leave it out.")
