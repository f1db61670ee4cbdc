"""What JAX does to a schedule: compile it, map it, differentiate it, carry it as a pytree."""

import math
import pickle
from functools import partial

import jax
import jax.numpy as jnp
import numpy
import optax
import pytest

import gradatim.jax  # noqa: F401  its import makes pytrees of schedules
from gradatim import (
    Constant,
    Cosine,
    ExponentialDecay,
    GradatimError,
    InverseSqrtDecay,
    Linear,
    Plateau,
    Polynomial,
    Schedule,
    Table,
    join,
    warmup_cosine,
    wsd,
)
from gradatim.closed_forms import CosineWave
from gradatim.core.values.fields import Number, PositiveSteps
from gradatim.core.values.value import buildable
from gradatim.pieces import Clip
from tests.core.cases.table import CASES
from tests.jax.precision import enable_x64

WARM = warmup_cosine(peak=3e-4, steps=1000, warmup=100, floor=3e-5)

# One row of the table for each name: what a class does under a transformation, all its rows do.
EACH = {case.name: case for case in reversed(CASES)}.values()
CLASSES = [case for case in EACH if isinstance(buildable()[case.name], type)]
RECIPES = [case for case in EACH if case not in CLASSES]


@pytest.fixture(params=[False, True], ids=["float32", "float64"])
def double(request):
    with enable_x64(request.param):
        yield request.param


def closeness(double):
    return {"rel": 1e-14 if double else 5e-7, "abs": 0.0}


@pytest.mark.parametrize("case", CLASSES, ids=str)
def test_values_and_gradients_under_jit(case, double):
    schedule, last = case.schedule, case.length or case.until
    looked = {0, 1, last // 3, last - 1, last, last + 1, *case.near}
    steps = jnp.asarray(sorted(step for step in looked if 0 <= step <= 2**24))

    @jax.jit
    @partial(jax.vmap, in_axes=(None, 0))
    def both(schedule, step):
        return jax.value_and_grad(lambda schedule, step: schedule(step), argnums=(0, 1))(
            schedule, step.astype(float)
        )

    values, slopes = both(schedule, steps)
    expected = [schedule(int(step)) for step in steps]
    if double:  # a rate close to 1 that arrives as float32 is another rate
        size = max(map(abs, expected))
        assert values.tolist() == pytest.approx(expected, rel=1e-9, abs=1e-15 * size)
    assert all(jnp.isfinite(slope).all() for slope in jax.tree.leaves(slopes))


def is_numbers(argument):
    return all(isinstance(leaf, float) for leaf in jax.tree.leaves(argument))


@pytest.mark.parametrize("case", RECIPES, ids=str)
def test_recipes_take_numbers_that_are_not_known_yet(case):
    numbers = {k: v for k, v in case.arguments.items() if v is not None and is_numbers(v)}
    rest = {k: v for k, v in case.arguments.items() if k not in numbers}

    def value(numbers, step):
        return buildable()[case.name](**rest, **numbers)(step)

    assert jax.eval_shape(value, numbers, jnp.asarray([3, 4])).shape == (2,)


def test_one_value_a_step_in_every_form(double):
    steps = list(range(0, 1003, 17))
    expected = [WARM(step) for step in steps]
    array = jnp.asarray(steps)
    for values in (
        WARM(array),
        jax.jit(WARM)(array),
        jax.vmap(WARM)(array),
        jax.jit(jax.vmap(WARM))(array),
        jnp.stack([jax.jit(WARM)(step) for step in steps]),
        jax.lax.map(WARM, array),
    ):
        assert values.dtype == (jnp.float64 if double else jnp.float32)
        assert values.tolist() == pytest.approx(expected, **closeness(double))


def test_gradients_have_their_closed_form(double):
    line = Linear(start=2.0, end=0.0, steps=8) >> Cosine(start=1.0, end=0.0, steps=8)
    slope = jax.jit(jax.grad(line))
    assert slope(3.0) == pytest.approx(-0.25)
    assert slope(12.0) == pytest.approx(-math.pi / 16)
    by_peak = jax.grad(lambda peak: warmup_cosine(peak=peak, steps=1000, warmup=100)(50))
    assert by_peak(3e-4) == pytest.approx(0.5)
    by_end = jax.jit(jax.grad(lambda end: Linear(1.0, end, steps=4)(jnp.asarray(3))))
    assert by_end(0.0) == pytest.approx(0.75)


def test_gradients_are_finite_at_joins_and_ends(double):
    pieces = join(
        Polynomial(start=0.0, end=1.0, steps=4, power=0.5),
        Cosine(start=1.0, end=0.5, steps=4),
        InverseSqrtDecay(start=0.5, scale=4),
    )
    slopes = jax.jit(jax.grad(lambda schedule, step: schedule(step), argnums=(0, 1)))
    for step in (0.0, 3.0, 4.0, 5.0, 8.0, 9.0, 1e6):
        assert all(math.isfinite(slope) for slope in jax.tree.leaves(slopes(pieces, step)))


def test_a_map_over_peaks_is_each_peak_alone():
    peaks = jnp.asarray([1e-4, 3e-4, 1e-3])
    steps = jnp.asarray([0, 50, 100, 500])

    def values(peak):
        return wsd(peak=peak, steps=1000, warmup=100)(steps)

    together = jax.jit(jax.vmap(values))(peaks)
    alone = [[wsd(peak=float(p), steps=1000, warmup=100)(int(k)) for k in steps] for p in peaks]
    numpy.testing.assert_allclose(together, alone, rtol=5e-7)


def test_a_stack_of_schedules_is_a_schedule():
    each = [warmup_cosine(peak=peak, steps=100, warmup=10).clip(low=1e-6) for peak in (1e-3, 1e-2)]
    stack = jax.tree.map(lambda *numbers: jnp.stack(numbers), *each)
    assert isinstance(stack, Clip)
    values = jax.vmap(lambda s: s(jnp.asarray(55)))(stack)
    assert values.tolist() == pytest.approx([s(55) for s in each], rel=5e-7)
    assert "Linear" in repr(stack)


def test_a_new_peak_is_not_compiled_again():
    traces = []

    @jax.jit
    def value(schedule, step):
        traces.append(schedule)
        return schedule(step)

    for peak in (1e-3, 2e-3):
        schedule = warmup_cosine(peak=peak, steps=100, warmup=10)
        assert value(schedule, 10) == pytest.approx(peak)
    assert len(traces) == 1
    value(warmup_cosine(peak=1e-3, steps=101, warmup=10), 10)
    assert len(traces) == 2, "a length is part of the structure"


def test_an_equal_static_schedule_is_compiled_once():
    traces = []

    @partial(jax.jit, static_argnums=0)
    def value(schedule, step):
        traces.append(schedule)
        return schedule(step)

    for _ in range(3):
        value(warmup_cosine(peak=1e-3, steps=100, warmup=10), 5)
    assert len(traces) == 1


@pytest.mark.parametrize("case", EACH, ids=str)
def test_flattening_loses_nothing(case):
    leaves, structure = jax.tree.flatten(case.schedule)
    assert jax.tree.unflatten(structure, leaves) == case.schedule
    assert structure == jax.tree.structure(pickle.loads(pickle.dumps(case.schedule)))
    hash(structure)
    paths = [
        jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(case.schedule)
    ]
    assert len(set(paths)) == len(leaves)


def test_leaves_are_numbers_and_the_rest_is_structure():
    schedule = Linear(start=0.0, end=1.0, steps=10) >> Constant(value=0.5, steps=7)
    assert jax.tree.leaves(schedule) == [0.0, 1.0, 0.5]
    assert jax.tree.map(lambda x: 2 * x, schedule) == Linear(0.0, 2.0, 10) >> Constant(1.0, 7)
    table = Table(points=[(0, 1.0), (10, 0.1)], between="hold")
    assert jax.tree.leaves(table) == [1.0, 0.1]
    assert jax.tree.leaves(Plateau(mode="min", factor=0.5, floor=0.25)) == [0.5, 1e-4, 0.25]
    assert jax.tree.structure(schedule) != jax.tree.structure(Linear(0.0, 1.0, 11) >> Constant(0.5))


def test_placeholders_pass_where_numbers_do_not():
    structure = jax.tree.structure(WARM)
    empty = jax.tree.unflatten(structure, [object()] * structure.num_leaves)
    assert jax.tree.structure(empty) == structure
    with pytest.raises(GradatimError, match="must be a finite number"):
        Linear(start=object(), end=1.0, steps=4)


def test_classes_defined_later_are_pytrees_too():
    class LaterThanTheImport(Schedule):
        level: Number

        def at(self, t, xp):
            return xp.constant(self.level, t)

    assert jax.tree.leaves(LaterThanTheImport(level=0.5)) == [0.5]
    assert jax.jit(lambda s: s(jnp.asarray(3)))(LaterThanTheImport(level=0.5)) == 0.5


class Basin(Schedule):
    """A curve with an end, which rises again past it: what holds is the base class's doing."""

    height: Number
    steps: PositiveSteps

    @property
    def length(self):
        return self.steps

    def at(self, t, xp):
        return self.height * (1.0 - xp.real(t) / self.steps) ** 2


def test_a_schedule_of_ones_own_keeps_its_end_as_a_pytree():
    basin = Basin(height=4.0, steps=4)
    leaves, structure = jax.tree.flatten(0.5 * basin >> basin)
    assert leaves == [4.0, 0.5, 4.0]
    again = jax.tree.unflatten(structure, [8.0, 0.5, 4.0])
    assert [again(k) for k in (0, 4, 6, 8, 99)] == [4.0, 4.0, 1.0, 0.0, 0.0]
    # The slope by the height is (1 - t / 4)**2 where the basin is asked, and 0 past its end.
    slope = jax.vmap(jax.grad(lambda s, t: s(t)), in_axes=(None, 0))(basin, jnp.arange(4) * 2)
    assert slope.height.tolist() == [1.0, 0.25, 0.0, 0.0]


def test_steps_past_2_to_the_24_keep_apart():
    boundary = 2**24 + 1
    jump = Constant(value=1.0, steps=boundary) >> Constant(value=0.5)
    near = jnp.arange(boundary - 2, boundary + 3)
    assert jax.jit(jump)(near).tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]
    stairs = ExponentialDecay(start=1.0, factor=0.5, every=49).staircase(49)
    steps = [16_777_258, 16_777_257, 16_777_313, 16_777_314]
    assert jax.jit(stairs)(jnp.asarray(steps)).tolist() == pytest.approx(
        [stairs(step) for step in steps], rel=5e-7
    )


FAR = 2**31 + 5
JUMP = Constant(value=1.0, steps=FAR) >> Constant(value=0.5)


def test_a_boundary_past_2_to_the_31():
    jump = Constant(value=1.0, steps=FAR) >> Linear(start=1.0, end=0.0, steps=2**33)
    with enable_x64(True):
        near = jnp.asarray([FAR - 1, FAR, FAR + 2**32])
        assert jax.jit(jump)(near).tolist() == [1.0, 1.0, 0.5]


@pytest.mark.parametrize(
    "schedule",
    [
        JUMP,
        Linear(1.0, 0.0, 2**32),
        0.5 * Linear(1.0, 0.0, 2**31 - 9) >> Linear(0.5, 0.0, 2**31 - 9),
        Linear(1.0, 0.0, 2**30).repeat(3),
        Table([(0, 1.0), (2**31, 0.5)], "hold").clip(low=0.1),
        Linear(1.0, 0.0, 2**31) * InverseSqrtDecay(start=1.0, scale=100),
        Linear(1.0, 0.0, 100).shift(2**31),
        ExponentialDecay(1.0, 0.5, every=10).staircase(10).cut(2**31),
    ],
    ids=repr,
)
def test_a_counter_that_ends_before_the_schedule_does_is_refused(schedule):
    counter = jnp.zeros((), jnp.int32)  # what Optax counts with
    for trace in (schedule, jax.jit(schedule)):
        with pytest.raises(GradatimError, match="counter of type int32 only to 2147483647"):
            trace(counter)
    state = (optimizer := optax.adamw(schedule)).init(jnp.ones(()))
    with pytest.raises(GradatimError, match=r"coarser unit.*enable jax_enable_x64"):
        optimizer.update(jnp.ones(()), state, jnp.ones(()))
    with enable_x64(True):
        assert jax.jit(schedule)(jnp.asarray(7)) == pytest.approx(schedule(7))
        with pytest.raises(GradatimError, match="counter of type int32"):
            schedule(counter)  # Optax counts in int32 even there
    assert schedule(jnp.arange(3)).tolist() == pytest.approx([schedule(k) for k in range(3)])


def test_a_schedule_that_ends_where_a_counter_does_is_taken():
    last = 2**31 - 1
    line = Linear(start=1.0, end=0.5, steps=last)
    assert jax.jit(line)(jnp.asarray(last)) == 0.5
    assert jax.jit(Linear(1.0, 0.5, 2**40).cut(last))(jnp.asarray(0)) == 1.0


@pytest.mark.parametrize(
    "schedule",
    [
        JUMP,
        Linear(1.0, 0.0, 2**32 - 9),
        Linear(1.0, 0.0, 2**20) >> Linear(1.0, 0.0, 2**32 - 2**21),
        ExponentialDecay(1.0, 0.5, every=2**29),
        InverseSqrtDecay(start=1.0, scale=100),
        Linear(1.0, 0.0, 2**20).repeat(),
        Linear(1.0, 0.2, 2**28).repeat(4, stretch=2).staircase(3),
        Linear(1.0, 0.0, 2**31).shift(2**31 - 7),
        Linear(1.0, 0.0, 2**32 - 20).shift(-7),
        CosineWave(half_period=2**30, peak_step=-5),
        CosineWave(half_period=2**30, peak_step=5),
        Table([(0, 1.0), (5, 0.5), (2**31 + 9, 0.25)], "hold"),
        Table([(0, 1.0), (5, 0.5), (2**31 + 9, 0.25)], "linear"),
    ],
    ids=repr,
)
def test_unsigned_steps_past_2_to_the_31_do_not_wrap(schedule):
    near = (0, 5, 2**24, 2**31, 2**31 + 9, FAR, 2**32 - 2)
    steps = sorted({max(k + d, 0) for k in near for d in (-1, 0, 1)})
    array = jnp.asarray(numpy.array(steps, dtype=numpy.uint32))
    assert array.dtype == jnp.uint32
    expected = pytest.approx([schedule(k) for k in steps], rel=5e-7, abs=1e-9)
    assert schedule(array).tolist() == expected
    assert jax.jit(jax.vmap(schedule))(array).tolist() == expected
    assert float(schedule(array[3])) == pytest.approx(schedule(steps[3]), rel=5e-7)


def test_a_formula_of_ones_own_may_subtract_unsigned_steps():
    class Ramped(Schedule):
        def at(self, t, xp):
            return xp.clip(xp.real(t - 100), -50.0, 50.0)

    steps = jnp.asarray(numpy.array([0, 60, 100, 120, 2**31 + 5], dtype=numpy.uint32))
    assert Ramped()(steps).tolist() == [-50.0, -40.0, 0.0, 20.0, 50.0]


def test_the_last_step_keeps_its_digits():
    cosine = Cosine(start=1.0, end=0.0, steps=10**6)
    near = list(range(10**6 - 50, 10**6 + 2))
    values = jax.jit(cosine)(jnp.asarray(near)).tolist()
    assert values == pytest.approx([cosine(step) for step in near], rel=5e-7, abs=0.0)
    assert values[-3] > 0.0


def test_bounds_may_be_traced():
    line = Linear(start=1.0, end=0.0, steps=4)
    low_and_high = jax.jit(lambda low, high: line.clip(low=low, high=high)(jnp.arange(5)))
    assert low_and_high(0.25, 0.75).tolist() == [0.75, 0.75, 0.5, 0.25, 0.25]


def test_numbers_of_jax_are_numbers():
    assert Linear(start=jnp.float32(0.5), end=1.0, steps=4) == Linear(start=0.5, end=1.0, steps=4)
    with pytest.raises(GradatimError, match="start must be a finite number"):
        Linear(start=jnp.ones(2), end=1.0, steps=4)
    with pytest.raises(GradatimError, match="start must be a finite number"):
        Linear(start=jnp.asarray(True), end=1.0, steps=4)
    with pytest.raises(GradatimError, match="start must be a finite number"):
        Linear(start=jnp.asarray(jnp.nan), end=1.0, steps=4)


def test_steps_that_are_none_are_refused_before_any_trace():
    with pytest.raises(GradatimError, match="step must be a whole number"):
        WARM(jnp.asarray([True]))
    with pytest.raises(GradatimError, match="step must be a whole number"):
        WARM(jnp.asarray(1j))
