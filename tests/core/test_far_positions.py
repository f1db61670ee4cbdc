"""Far positions are exact: a piece begins at its step, wherever that is, in every framework."""

from collections.abc import Callable
from typing import Any

import numpy
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gradatim import Constant, Schedule, join
from tests.core.strategies import endless, pieces
from tests.counting import LONG

POWERS = (24, 31, 32, 53, 62)
NEAR = (-2, -1, 0, 1, 2, 5)
far = st.one_of(
    st.builds(lambda power, near: 2**power + near, st.sampled_from(POWERS), st.sampled_from(NEAR)),
    st.integers(1, 10**18),
    st.just(10**18),
)
FORMS: dict[str, Callable[[int], Any]] = {
    "numpy.int64": lambda step: numpy.array([step], numpy.int64),
    "numpy.uint64": lambda step: numpy.array([step], numpy.uint64),
    "torch.int64": lambda step: torch.tensor([step]),
}


def check(before: int, piece: Schedule, last: Schedule, offset: int) -> None:
    """A constant up to ``before``, then a piece, then one without end."""
    whole = join(Constant(0.5, before), piece, last)
    end = before + piece.length
    expected = {before - 1: 0.5, before: (piece >> last)(0), end: last(0)}
    expected[before + offset] = (piece >> last)(offset)
    expected[end + offset] = last(offset)
    for step, value in expected.items():
        if step < 2**63:
            assert whole(step) == value, f"at {step}"
            size = max(1e-9, *(abs(whole(k)) for k in expected))
            for name, form in FORMS.items():
                (got,) = whole(form(step)).tolist()
                tolerance = 1e-6 if name == "torch.int64" else 1e-14
                assert abs(got - value) <= tolerance * size, f"{name} at {step}"


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("near", NEAR)
def test_pieces_begin_at_their_step_next_to_powers_of_two(power, near):
    check(2**power + near, Constant(0.25, 3), Constant(0.125), 2)


few = pieces().filter(lambda piece: 0 < piece.length < 10**15)


@pytest.mark.long
@given(far, few, endless(), st.integers(0, 50))
@example(2**24 + 1, Constant(0.25, 3), Constant(0.125), 2)
@settings(max_examples=LONG["R5"], suppress_health_check=list(HealthCheck))
def test_pieces_begin_at_their_step_wherever_that_is(before, piece, last, offset):
    check(before, piece, last, offset)
