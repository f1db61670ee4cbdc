"""``check_schedule`` passes a right class, and names the claim that a wrong one breaks."""

from itertools import count

import pytest

from gradatim import Constant, GradatimError, Linear, Schedule, warmup_cosine
from gradatim.fields import Number, PositiveSteps
from gradatim.testing import BrokenClaim, check_schedule


class Parabola(Schedule):
    """Down along a parabola: nothing but the curve, as a user writes it."""

    start: Number
    steps: PositiveSteps

    @property
    def length(self):
        return self.steps

    def at(self, t, xp):
        left = 1.0 - xp.real(t) / self.steps
        return self.start * left * left


class NotFinite(Parabola):
    def at(self, t, xp):
        return self.start / (1.0 - xp.real(t) / 4)


class WholeNumber(Parabola):
    def at(self, t, xp):
        return xp.where(t < 5, self.start, 1)


class Rebounds(Parabola):
    at = Parabola.at
    held = at


class Counts(Parabola):
    asked = count()

    def at(self, t, xp):
        return self.start * next(Counts.asked)


class ScaledOutside(Parabola):
    def __call__(self, step):
        return 3.0 * super().__call__(step)


class ForgetsAField(Parabola):
    def config(self):
        return {"Parabola": {"start": 1.0, "steps": self.steps}}


class BranchesOnTheStep(Parabola):
    def at(self, t, xp):
        return self.start if t < 5 else 0.5 * self.start


class SteepAtZero(Parabola):
    def at(self, t, xp):
        return self.start * (xp.real(t) / self.steps) ** 0.5


FIELDS = {"start": 0.5, "steps": 10}


def test_a_right_schedule_passes():
    expected = {"start": 0.5, "end": 0.0, "low": 0.0, "high": 0.5, "monotone": "falls"}
    check_schedule(Parabola, fields=FIELDS, **expected)
    check_schedule(Parabola(**FIELDS), **expected)
    check_schedule(warmup_cosine(peak=3e-4, steps=10_000, warmup=500), frameworks=["numpy"])


@pytest.mark.parametrize(
    ("broken", "claim", "found"),
    [
        (NotFinite, "be a finite float", "at step 4 it raises ZeroDivisionError"),
        (WholeNumber, "be a finite float", "at step 5 the value is 1, of type int"),
        (Rebounds, "keep its last value", "0.0 at its length, 10, and .* 1 later"),
        (Counts, "in any order", "at step 10+ the value is .* first and .* later"),
        (
            ScaledOutside,
            "inside another schedule",
            "at step 0 the value is 1.5, and 0.5 after a >>",
        ),
        (ForgetsAField, "come back from config", "gives Parabola"),
        (BranchesOnTheStep, "give an array", r"BranchesOnTheStep\.at: .* Write xp\.where"),
        (SteepAtZero, "have a finite gradient", "with torch, at step 0 the gradient is inf"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_wrong_schedule_is_named_with_its_claim(broken, claim, found):
    with pytest.raises(BrokenClaim, match=f"(?s){claim}.*But .*({found})") as error:
        check_schedule(broken, fields=FIELDS, frameworks=["numpy", "torch"])
    assert isinstance(error.value, GradatimError)
    assert isinstance(error.value, AssertionError)


@pytest.mark.parametrize("framework", ["numpy", "torch", "jax"])
def test_arrays_are_compared_on_each_framework(framework):
    check_schedule(Parabola, fields=FIELDS, frameworks=[framework])
    with pytest.raises(BrokenClaim, match=f"with {framework}, at step 1 the value is"):
        check_schedule(DependsOnTheKind, fields=FIELDS, frameworks=[framework])


class DependsOnTheKind(Parabola):
    def at(self, t, xp):
        return self.start * xp.real(t) * (1.0 if isinstance(t, int) else 1.001)


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({"start": 1.0}, "at step 0 the value is 0.5, and start=1.0"),
        ({"end": 0.1}, "at step 10 the value is 0.0, and end=0.1"),
        ({"low": 0.01}, r"at step 9 the value is 0\.00\d+, below low=0\.01"),
        ({"high": 0.4}, "at step 0 the value is 0.5, above high=0.4"),
        ({"monotone": "rises"}, "from step 0 to step 1 the value goes from 0.5 to 0.40"),
    ],
    ids=str,
)
def test_what_is_expected_of_the_values(expected, found):
    with pytest.raises(BrokenClaim, match=found):
        check_schedule(Parabola, fields=FIELDS, frameworks=[], **expected)


def test_a_last_value_needs_a_length():
    with pytest.raises(BrokenClaim, match="it has no length"):
        check_schedule(Constant(0.5), end=0.5, frameworks=[])


def test_a_class_that_cannot_be_pickled_is_named():
    class Local(Parabola):
        pass

    with pytest.raises(BrokenClaim, match=r"pickle raises .*Local"):
        check_schedule(Local, fields=FIELDS, frameworks=[])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"schedule": 3}, "schedule must be a schedule, or a class of schedules, got 3"),
        ({"schedule": Linear}, "Linear: start is missing"),
        ({"schedule": Linear(0.0, 1.0, 3), "fields": {}}, "fields are for a class, but"),
        ({"schedule": Linear(0.0, 1.0, 3), "monotone": "up"}, "unknown monotone 'up'"),
        ({"schedule": Linear(0.0, 1.0, 3), "frameworks": ["pytorch"]}, "Did you mean 'torch'"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(arguments, said):
    with pytest.raises(GradatimError, match=said) as error:
        check_schedule(**arguments)
    assert not isinstance(error.value, BrokenClaim)
