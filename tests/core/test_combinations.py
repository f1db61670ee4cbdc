"""What the combinations do far out, and how much they do for it."""

from math import isfinite

import numpy
import pytest
import torch

from gradatim import (
    Constant,
    Cosine,
    ExponentialDecay,
    GradatimError,
    InverseSqrtDecay,
    Linear,
    Schedule,
    Table,
    join,
)

saw = Linear(0.75, 0.05, 7)


@pytest.mark.parametrize("far", [10**9, 10**18, 2**63 - 1, 10**30])
def test_repeats_are_right_at_any_distance(far: int):
    # 10 = 3, so 10**6 = 3**6 = 1 and 10**18 = 1 (modulo 7); what is left of the saw is by hand.
    assert {10**9: 6, 10**18: 1, 2**63 - 1: 0, 10**30: 1}[far] == far % 7
    value = 0.75 - 0.1 * (far % 7)
    assert saw.repeat()(far) == pytest.approx(value, rel=1e-15)
    assert saw.repeat(2 * far)(far) == pytest.approx(value, rel=1e-15)
    assert saw.repeat(5)(far) == 0.05
    assert saw.repeat(factor=0.5)(far) == 0.0
    if far < 2**63:
        steps = numpy.array([far - 1, far])
        assert saw.repeat()(steps).tolist() == [saw.repeat()(far - 1), saw.repeat()(far)]


def test_growing_cycles_are_right_at_any_distance():
    growing = saw.repeat(stretch=2)
    for far in (10**9, 10**18, 2**62):
        cycle = (far // 7 + 1).bit_length() - 1  # 7 * (2**cycle - 1) updates are before it
        done = (far - 7 * (2**cycle - 1)) / (7 * 2**cycle)
        assert growing(far) == pytest.approx(0.75 - 0.7 * done, rel=1e-14)
        assert growing(numpy.array([far]))[0] == pytest.approx(growing(far), rel=1e-14)


def test_cycles_that_outlast_every_run_have_no_end():
    assert saw.repeat(63, stretch=2).length == 7 * (2**63 - 1)
    assert saw.repeat(10**18, stretch=2).length is None
    assert saw.repeat(10**18).length == 7 * 10**18
    with pytest.raises(GradatimError, match="has no end"):
        saw.repeat(10**18, stretch=2) >> Constant(1.0)


@pytest.mark.parametrize("far", [2**24 + 1, 2**31 + 5, 2**53 + 1, 10**18])
def test_boundaries_are_exact_far_out(far: int):
    both = Constant(1.0, far) >> Constant(2.0)
    assert [both(far + d) for d in (-1, 0, 1)] == [1.0, 2.0, 2.0]
    assert both(numpy.array([far - 1, far, far + 1])).tolist() == [1.0, 2.0, 2.0]
    table = Table([(0, 1.0), (far, 2.0)], "hold")
    assert [table(far + d) for d in (-1, 0, 1)] == [1.0, 2.0, 2.0]
    assert table(numpy.array([far - 1, far, far + 1])).tolist() == [1.0, 2.0, 2.0]
    falling = Linear(1.0, 0.0, far)
    assert [falling(far - d) for d in (2, 1, 0)] == [2 / far, 1 / far, 0.0]
    assert ExponentialDecay(1.0, 0.5, far).staircase(far)(far) == 0.5


class Counted(Schedule):
    """A piece of 3 updates that counts what it is asked."""

    value: float

    asked = 0
    measured = 0

    @property
    def length(self) -> int:
        Counted.measured += 1
        return 3

    def at(self, t, xp):
        Counted.asked += 1
        return self.value


def test_a_join_asks_one_piece_however_many_it_has():
    many = join(*(Counted(float(i)) for i in range(10**4)))
    assert many(0) == 0.0
    Counted.asked = Counted.measured = 0
    steps = [0, 1, 2, 3, 15_000, 29_999, 10**12]
    assert [many(step) for step in steps] == [0.0, 0.0, 0.0, 1.0, 5_000.0, 9_999.0, 9_999.0]
    assert (Counted.asked, Counted.measured) == (len(steps), 0)
    Counted.asked = 0
    assert many(numpy.array([5, 4, 29_999, 3])).tolist() == [1.0, 1.0, 9_999.0, 1.0]
    assert Counted.asked == 2


def test_a_repeat_asks_its_schedule_once():
    again = Counted(2.0).repeat()
    again(0)
    Counted.asked = Counted.measured = 0
    assert again(10**18) == 2.0
    assert (Counted.asked, Counted.measured) == (1, 0)


class Strict(Counted):
    """A piece that is finite at steps of its own, and nowhere else."""

    def at(self, t, xp):
        return xp.sqrt(self.value / (4 - t)) / (t + 1)


@pytest.mark.parametrize("kind", [int, numpy.array, torch.tensor])
def test_a_piece_sees_only_steps_of_its_own(kind):
    nested = Constant(1.0, 5) >> Strict(1.0) >> (Strict(1.0) >> Constant(1.0, 3)).shift(2).cut(9)
    for step in range(25):
        assert isfinite(nested(step) if kind is int else nested(kind([step])).item())


@pytest.mark.parametrize(
    ("schedule", "length"),
    [
        (Linear(0.0, 1.0, 5) + 0.5, 5),
        (Linear(0.0, 1.0, 5) * Constant(2.0), 5),
        (Linear(0.0, 1.0, 5) + Linear(0.0, 1.0, 9), 9),
        (Constant(1.0) + Constant(2.0), None),
        (Linear(0.0, 1.0, 5) + InverseSqrtDecay(1.0, 5), None),
        (0.5 * Linear(0.0, 1.0, 5), 5),
        (0.5 * Constant(1.0), None),
        (Linear(0.0, 1.0, 5).shift(3), 8),
        (Linear(0.0, 1.0, 5).shift(-3), 2),
        (Linear(0.0, 1.0, 5).shift(-9), 0),
        (Linear(0.0, 1.0, 5).staircase(2), 6),
        (Linear(0.0, 1.0, 5).staircase(5), 5),
        (Constant(1.0).cut(7), 7),
        (Linear(0.0, 1.0, 5).cut(7), 7),
        (Linear(0.0, 1.0, 5).clip(0.1, 0.2), 5),
        (Linear(0.0, 1.0, 5).repeat(3), 15),
        (Linear(0.0, 1.0, 5).repeat(3, stretch=2), 35),
        (Linear(0.0, 1.0, 5).repeat(), None),
        (Linear(0.0, 1.0, 5) >> Cosine(1.0, 0.0, 6), 11),
        (Linear(0.0, 1.0, 5) >> Constant(1.0), None),
        (Table([(0, 1.0), (5, 2.0)], "hold"), 5),
    ],
    ids=str,
)
def test_lengths(schedule: Schedule, length: int | None):
    assert schedule.length == length
