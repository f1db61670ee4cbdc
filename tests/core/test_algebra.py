"""The laws of the algebra, on random schedules."""

import copy
import json
import math
import pickle
from itertools import accumulate

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim import Constant, GradatimError, Linear, Schedule, build, join, parse
from gradatim.pieces import Cut, Join, Product, Sum
from tests.core.strategies import endless, lengths, numbers, pieces, schedules, steps

few_steps = st.lists(steps, min_size=1, max_size=12)
lasting = pieces().filter(lambda schedule: schedule.length)


@pytest.fixture(
    autouse=True, scope="module", params=["quick", pytest.param("wide", marks=pytest.mark.long)]
)
def search(request: pytest.FixtureRequest) -> str:
    """Every law twice: ``make test-long`` runs the wide one, with its profile's many examples."""
    return request.param


def close(a: float, b: float) -> bool:
    """Equal but for roundings, of terms up to 10**5 that may have cancelled."""
    return math.isclose(a, b, rel_tol=1e-11, abs_tol=1e-9)


@given(pieces(), pieces(), schedules(), few_steps)
def test_joining_is_associative(a: Schedule, b: Schedule, c: Schedule, at: list[int]):
    left, right, flat = (a >> b) >> c, a >> (b >> c), join(a, b, c)
    assert left == right == flat == Join((a, b, c)) == Join((a, Join((b, c))))
    assert hash(left) == hash(right) == hash(flat)
    assert repr(left) == repr(right) == repr(flat)
    assert list(map(left, at)) == list(map(right, at)) == list(map(flat, at))


@given(schedules(), few_steps)
def test_wrapping_changes_nothing(a: Schedule, at: list[int]):
    assert join(a) == a == a.then()
    around = (1.0 * a, a + 0.0, a * Constant(1.0), a.clip(-1e300, 1e300))
    for wrapped in (*around, a.shift(0), a.staircase(1), a.stretched(1)):
        assert list(map(wrapped, at)) == list(map(a, at))
        assert wrapped.length == a.length


@given(pieces(), schedules(), steps)
def test_then_is_one_and_then_the_other(a: Schedule, b: Schedule, step: int):
    both = a >> b
    assert both(step) == (a(step) if step < a.length else b(step - a.length))
    assert both.length == (None if b.length is None else a.length + b.length)
    assert both(a.length) == b(0)


@given(st.lists(pieces(), min_size=2, max_size=6), endless())
def test_pieces_begin_where_the_ones_before_end(parts: list[Schedule], last: Schedule):
    whole = join(*parts, last)
    flat = whole.pieces
    begins = [0, *accumulate(piece.length for piece in flat[:-1])]
    assert list(whole.starts) == begins
    for piece, begin in zip(flat, begins, strict=True):
        if piece.length != 0:
            assert whole(begin) == piece(0)


@given(schedules(), schedules(), schedules(), numbers, steps)
def test_products_and_sums_are_those_of_values(
    a: Schedule, b: Schedule, c: Schedule, number: float, step: int
):
    assert (number * a)(step) == (a * number)(step) == number * a(step)
    assert close((a * b)(step), a(step) * b(step))
    assert close((a + b)(step), a(step) + b(step))
    assert close((number + a)(step), (a + number)(step))
    assert (a * b) * c == a * (b * c) == Product((a, b, c))
    assert (a + b) + c == a + (b + c) == Sum((a, b, c))


@given(schedules(), schedules(), numbers, steps)
def test_differences_and_quotients_are_those_of_values(
    a: Schedule, b: Schedule, number: float, step: int
):
    assert (-a)(step) == -a(step)
    assert (a - b)(step) == a(step) - b(step)
    assert (a - number)(step) == a(step) - number
    assert (number - a)(step) == number - a(step)
    if number:
        assert math.isclose((a / number)(step), a(step) / number, rel_tol=4e-16)
    for made in (-a, a - b, b - a, number - a, a - number - b, -(a - b) * a):
        assert parse(repr(made)) == build(made.config()) == made


@given(schedules(), st.tuples(numbers, numbers).map(sorted), few_steps)
def test_clip_holds_values_and_is_idempotent(a: Schedule, bounds: list[float], at: list[int]):
    low, high = bounds
    once = a.clip(low, high)
    assert [once(step) for step in at] == [min(max(a(step), low), high) for step in at]
    assert list(map(once.clip(low, high), at)) == list(map(once, at))


@given(schedules(), st.integers(0, 10**9), few_steps)
def test_shift_moves_the_curve(a: Schedule, by: int, at: list[int]):
    assert [a.shift(by)(by + step) for step in at] == list(map(a, at))
    assert [a.shift(-by)(step) for step in at] == [a(by + step) for step in at]
    assert list(map(a.shift(by).shift(-by), at)) == list(map(a, at))
    assert a.shift(by)(by // 2) == a(0)


@given(schedules(), lengths, few_steps)
def test_staircase_stays_until_the_next_stair(a: Schedule, every: int, at: list[int]):
    stairs = a.staircase(every)
    assert list(map(stairs, at)) == [a(step // every * every) for step in at]
    if a.length is not None:
        assert stairs(stairs.length) == a(a.length)


@given(schedules(), lengths, schedules(), steps)
def test_cut_keeps_every_value_before_it(a: Schedule, n: int, b: Schedule, step: int):
    assert a.cut(n).length == n
    assert a.cut(n)(step) == a(min(step, n))
    assert (a.cut(n) >> b)(step) == (a(step) if step < n else b(step - n))


@given(lasting, st.integers(1, 6), few_steps)
def test_repeat_is_joining_with_itself(a: Schedule, times: int, at: list[int]):
    again, joined = a.repeat(times), join(*[a] * times)
    assert again.length == joined.length == times * a.length
    near = [n * a.length + d for n in range(times + 1) for d in (-1, 0, 1) if n or d >= 0]
    for step in (*at, *near):
        assert again(step) == joined(step)
        assert a.repeat()(step) == a(step % a.length)


@given(lasting, st.integers(1, 4), st.integers(1, 3), few_steps)
def test_repeat_stretches_and_shrinks_each_cycle(
    a: Schedule, times: int, stretch: int, at: list[int]
):
    shrinking = a.repeat(times, stretch=stretch, factor=0.5)
    joined = join(*(0.5**i * a.stretched(stretch**i) for i in range(times)))
    assert shrinking.length == joined.length
    assert list(map(shrinking, at)) == list(map(joined, at))


@given(schedules(), st.integers(1, 7), few_steps)
def test_stretched_is_the_same_curve(a: Schedule, factor: int, at: list[int]):
    longer = a.stretched(factor)
    assert longer.length == (None if a.length is None else factor * a.length)
    assert all(close(longer(factor * step), a(step)) for step in at)


@given(schedules(), few_steps)
def test_values_are_finite_and_the_last_one_stays(a: Schedule, at: list[int]):
    assert all(type(a(step)) is float and math.isfinite(a(step)) for step in at)
    if a.length is not None:
        assert a(a.length) == a(a.length + 1) == a(2 * a.length + 10**6)


@given(schedules(), few_steps)
def test_an_array_is_its_single_values(a: Schedule, at: list[int]):
    values = a(numpy.array(at))
    assert values.dtype == numpy.float64
    assert all(close(value, a(step)) for value, step in zip(values.tolist(), at, strict=True))


@given(schedules())
def test_every_form_comes_back(a: Schedule):
    assert build(json.loads(json.dumps(a.config()))) == a
    assert parse(repr(a)) == a
    assert pickle.loads(pickle.dumps(a)) == a
    assert copy.deepcopy(a) == a
    assert hash(copy.deepcopy(a)) == hash(a)
    assert repr(parse(repr(a))) == repr(a)


@given(schedules(), lengths, few_steps)
def test_a_cut_of_pieces_is_pieces_and_one_of_them_cut(a: Schedule, steps: int, at: list[int]):
    cut, whole = a.cut(steps), Cut(a, steps)
    assert cut.length == whole.length == steps
    for t in (*at, steps - 1, steps, steps + 1):
        assert cut(t) == whole(t)


@given(schedules(), st.lists(st.integers(0, 30), min_size=1, max_size=5), few_steps)
def test_cuts_of_cuts_do_not_pile_up(a: Schedule, cuts: list[int], at: list[int]):
    nested = flat = a
    for end in cuts:
        nested, flat = Cut(nested, end), flat.cut(end)
    if sorted(cuts, reverse=True) == cuts and not isinstance(a, Cut):
        assert flat == a.cut(cuts[-1])
    assert list(map(flat, at)) == list(map(nested, at))


line = Linear(1.0, 0.0, 4)
SAID = {
    "1 - Linear(1, 0, 4)": (1 - line, [0.0, 0.25, 0.5, 0.75, 1.0]),
    "Linear(1, 0, 4) - 0.5": (line - 0.5, [0.5, 0.25, 0.0, -0.25, -0.5]),
    "-Linear(1, 0, 4)": (-line, [-1.0, -0.75, -0.5, -0.25, 0.0]),
    "Linear(1, 0, 4) / 2": (line / 2, [0.5, 0.375, 0.25, 0.125, 0.0]),
    "2 * Linear(1, 0, 4) / 4 - Linear(1, 0, 4) + 1": (
        2 * line / 4 - line + 1,
        [0.5, 0.625, 0.75, 0.875, 1.0],
    ),
    "-(Linear(1, 0, 4) >> Constant(2))": (
        -(line >> Constant(2.0)),
        [-1.0, -0.75, -0.5, -0.25, -2.0],
    ),
    "1 - 0.5 - Linear(1, 0, 4)": (0.5 - line, [-0.5, -0.25, 0.0, 0.25, 0.5]),
    "6 / 3 / 4 * Linear(1, 0, 4)": (0.5 * line, [0.5, 0.375, 0.25, 0.125, 0.0]),
}


@pytest.mark.parametrize("text", SAID)
def test_operators_in_a_text_are_those_of_python(text: str):
    schedule, values = SAID[text]
    assert parse(text) == schedule
    assert schedule.values(5) == values


def test_a_difference_is_written_as_one():
    assert repr(1 - line) == "Constant(value=1.0) - Linear(start=1.0, end=0.0, steps=4)"
    assert repr(-line) == "-Linear(start=1.0, end=0.0, steps=4)"
    assert numpy.float64(1.0) - line == 1 - line
    assert line / numpy.float32(2.0) == line / 2


WRONG = {
    "by zero": lambda: line / 0,
    "by next to nothing": lambda: line / 1e-320,
    "by nan": lambda: line / math.nan,
    "by true": lambda: line / True,
    "by a schedule": lambda: line / line,
    "of a number": lambda: 1 / line,
    "by a text": lambda: line / "2",
    "less a text": lambda: line - "2",
    "less infinity": lambda: line - math.inf,
    "true less": lambda: True - line,
    "a text by zero": lambda: parse("Linear(1, 0, 4) / 0"),
    "a number by zero": lambda: parse("1 / 0 * Linear(1, 0, 4)"),
    "a text of a number": lambda: parse("1 / Linear(1, 0, 4)"),
    "a negative text": lambda: parse("-'a' * Linear(1, 0, 4)"),
    "a number": lambda: parse("--1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_subtracted_or_divided_is_refused(name):
    with pytest.raises(GradatimError):
        WRONG[name]()
