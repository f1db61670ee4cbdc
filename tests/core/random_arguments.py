"""Random arguments for every schedule and recipe, from the table of cases and declared types."""

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st

from gradatim import Run, Schedule
from gradatim.core.values.value import buildable, parameters_of
from tests.core.cases.table import CASES
from tests.core.strategies import numbers, pieces, positive

SHARES = st.sampled_from(["0%", "5%", "12.5%", "30%"])
few = st.integers(0, 60)
counts = few | st.sampled_from([1000, 10**6, 2**24 + 1, 2**31 + 5])
boundaries = st.sets(st.integers(1, 300), min_size=1, max_size=5).map(lambda at: tuple(sorted(at)))
LISTS: dict[str, st.SearchStrategy[Any]] = {
    "pieces": st.lists(pieces(), min_size=1, max_size=4).map(tuple),
    "factors": st.lists(pieces(), min_size=1, max_size=3).map(tuple),
    "terms": st.lists(pieces(), min_size=1, max_size=3).map(tuple),
    "boundaries": boundaries,
    "points": st.tuples(boundaries, st.lists(numbers, min_size=6, max_size=6)).map(
        lambda both: tuple(zip((0, *both[0]), both[1], strict=False))
    ),
}


def arguments(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """A row of the table of cases with some of its arguments drawn anew.

    Not every draw is a schedule: a warm-up may be longer than the run.
    """
    rows = [case.arguments for case in CASES if case.name == name]
    return st.sampled_from(rows).flatmap(lambda row: _redrawn(name, row))


def _redrawn(name: str, row: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    others = {}
    for argument, parameter in parameters_of(buildable()[name]).items():
        value = row.get(argument, parameter.default)
        if (other := _like(argument, value, parameter.annotation)) is not None:
            kept = st.just(value) if value is not parameter.empty else other
            others[argument] = st.one_of(kept, other)
    return st.fixed_dictionaries(others).map(lambda drawn: {**row, **drawn})


def _like(argument: str, value: Any, wanted: Any) -> st.SearchStrategy[Any] | None:
    """Other values for this argument; None where only the row's own value makes sense."""
    if choices := _choices(wanted):
        return st.sampled_from(choices)
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, Schedule):
        return pieces()
    if isinstance(value, Run):
        return None
    if isinstance(value, float):
        return numbers | positive | st.floats(0.0, 1.0)
    if isinstance(value, int):
        return counts if argument == "steps" else few
    if isinstance(value, str) and value.endswith("%"):
        return SHARES | few
    return LISTS.get(argument) if argument != "factors" or _holds_schedules(value) else None


def _choices(wanted: Any) -> tuple[Any, ...]:
    return get_args(wanted) if get_origin(wanted) is Literal else ()


def _holds_schedules(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, Schedule) for one in value)
