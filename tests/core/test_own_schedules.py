"""A schedule of the user's own: a length, a formula of the curve alone, and nothing else."""

from collections.abc import Sequence

import jax
import mpmath
import numpy
import pytest
import sympy
import torch

from gradatim import Constant, GradatimError, Linear, Schedule, build, parse, wsd
from gradatim.core.values import value
from gradatim.core.values.value import parameters_of, recipe
from gradatim.fields import NonNegative, Number, PositiveSteps
from gradatim.peers.source import expression
from gradatim.plans.plan import read_plan


class Bowl(Schedule):
    """The curve ``height * (1 - t / steps) ** 2``, which rises again past its end."""

    height: Number
    steps: PositiveSteps

    @property
    def length(self):
        return self.steps

    def at(self, t, xp):
        left = 1.0 - xp.real(t) / self.steps
        return self.height * left * left


class Told(Schedule):
    """Keeps an argument that may be None and has no default."""

    value: Number
    limit: PositiveSteps | None

    def at(self, t, xp):
        return self.value


def test_none_is_printed_where_it_is_no_default():
    assert repr(Told(1.0, None)) == "Told(value=1.0, limit=None)"
    assert parse(repr(Told(1.0, None))) == Told(1.0, None)


def test_a_signature_has_the_types_of_the_fields():
    arguments = parameters_of(Told)
    assert list(arguments) == ["value", "limit"]
    assert [one.annotation for one in arguments.values()] == [Number, PositiveSteps | None]


def test_a_class_that_computes_more_than_its_base_holds_its_own_last_value():
    class Base(Bowl):
        held = at = Bowl.at  # the formula, past its end too

    class Risen(Base):
        def at(self, t, xp):
            return 1.0 + super().at(t, xp)

    assert Base(4.0, 4)(6) == 1.0  # 4 * (1 - 6 / 4) ** 2
    # 1 + 4, 1 + 2.25, 1 + 1, 1 + 0.25, 1 + 0, and its end for good
    assert [Risen(4.0, 4)(k) for k in range(6)] == [5.0, 3.25, 2.0, 1.25, 1.0, 1.0]


def test_a_class_checks_its_fields_by_their_types_once_it_is_defined():
    class Heights(Schedule):
        tops: Sequence[NonNegative]
        each: PositiveSteps

        def at(self, t, xp):
            return self.tops[0]

    assert repr(Heights([1, 2.0], 5)) == "Heights(tops=(1.0, 2.0), each=5)"
    assert Heights([1.0], 5).stretched(2) == Heights([1.0], 10)
    with pytest.raises(GradatimError) as refusal:
        Heights([1.0, -1.0], 5)
    assert str(refusal.value) == ("Heights: tops[1] must be a finite number, 0 or more, got -1.0.")
    with pytest.raises(GradatimError) as refusal:
        Heights([1.0], 5, x=3)
    assert str(refusal.value) == "Heights: unknown argument 'x'. Known: each, tops."


def test_a_recipe_has_a_name_in_texts_and_configs_once_it_is_defined(own_names):
    @recipe
    def two_levels(peak: Number, *, each: PositiveSteps = 3) -> Schedule:
        return Constant(peak, each) >> Constant(peak / 2)

    assert build({"two_levels": {"peak": 1.0}}) == Constant(1.0, 3) >> Constant(0.5)
    assert parse("two_levels(peak=2.0, each=4)") == Constant(2.0, 4) >> Constant(1.0)
    for wrong, sentence in {
        "two_levels(peak=1.0, every=2)": "two_levels: unknown argument 'every'. Known: each, peak.",
        "two_levels()": (
            "two_levels: missing a required argument: 'peak'. It takes two_levels(peak, each=3)."
        ),
    }.items():
        with pytest.raises(GradatimError) as refusal:
            parse(wrong)
        assert str(refusal.value) == sentence


# By hand: height 4 and 4 steps give 4, 2.25, 1, 0.25, 0, and then 0 for good.
BOWL = Bowl(height=4.0, steps=4)
LINE = Linear(start=0.0, end=1.0, steps=8)  # longer: it asks the bowl past its end
PLACES = {
    "alone": (BOWL, [4.0, 2.25, 1.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
    "last in a join": (Constant(9.0, 2) >> BOWL, [9.0, 9.0, 4.0, 2.25, 1.0, 0.25] + [0.0] * 4),
    "first in a join": (BOWL >> Constant(9.0), [4.0, 2.25, 1.0, 0.25] + [9.0] * 6),
    "scaled": (2.0 * BOWL, [8.0, 4.5, 2.0, 0.5] + [0.0] * 6),
    "a term": (BOWL + LINE, [4.0, 2.375, 1.25, 0.625, 0.5, 0.625, 0.75, 0.875, 1.0, 1.0]),
    "a factor": (BOWL * LINE, [0.0, 0.28125, 0.25, 0.09375] + [0.0] * 6),
    "clipped": (BOWL.clip(low=0.5), [4.0, 2.25, 1.0] + [0.5] * 7),
    "later": (BOWL.shift(2), [4.0, 4.0, 4.0, 2.25, 1.0, 0.25] + [0.0] * 4),
    "earlier": (BOWL.shift(-2), [1.0, 0.25] + [0.0] * 8),
    "earlier than its end": (BOWL.shift(-9), [0.0] * 10),
    "in stairs": (BOWL.staircase(3), [4.0, 4.0, 4.0, 0.25, 0.25, 0.25] + [0.0] * 4),
    "cut": (BOWL.cut(2), [4.0, 2.25] + [1.0] * 8),
    "cut after its end": (BOWL.cut(7), [4.0, 2.25, 1.0, 0.25] + [0.0] * 6),
    "repeated": (BOWL.repeat(2), [4.0, 2.25, 1.0, 0.25, 4.0, 2.25, 1.0, 0.25, 0.0, 0.0]),
    "repeated once": (BOWL.repeat(1, stretch=2), [4.0, 2.25, 1.0, 0.25] + [0.0] * 6),
    "stretched": (
        BOWL.cut(2).repeat(2, stretch=2, factor=0.5),
        [4.0, 2.25, 2.0, 1.53125, 1.125, 0.78125] + [0.5] * 4,
    ),
}
# A cut of 2 of a bowl of 4; stretched, a cut of 4 of a bowl of 8: (1 - k / 8)**2 * 4 / 2.
STEPS = range(10)
KINDS = {
    "numbers": lambda s: [s(k) for k in STEPS],
    "numpy": lambda s: s(numpy.arange(10)).tolist(),
    "numpy backwards": lambda s: s(numpy.arange(9, -1, -1)).tolist()[::-1],
    "torch": lambda s: s(torch.arange(10)).tolist(),
    "jax": lambda s: s(jax.numpy.arange(10)).tolist(),
    "jax, compiled": lambda s: jax.jit(s)(jax.numpy.arange(10)).tolist(),
    "mpmath": lambda s: [float(s(mpmath.mpf(k))) for k in STEPS],
    "sympy": lambda s: [float(s(sympy.Integer(k))) for k in STEPS],
    "code": lambda s: [eval(expression(s), {"t": k}) for k in STEPS],
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", PLACES)
def test_the_last_value_holds(place, kind):
    schedule, by_hand = PLACES[place]
    assert KINDS[kind](schedule) == by_hand


@pytest.mark.parametrize("far", [5, 10**6, 10**12, 2**62, 2**80])
def test_it_holds_however_far(far):
    assert BOWL(far) == (Constant(1.0, 3) >> BOWL)(far + 3) == 0.0
    assert BOWL(float(far)) == 0.0
    if far < 2**62:
        assert BOWL(numpy.array([far, 1])).tolist() == [0.0, 2.25]


def test_a_subclass_with_another_formula_is_held_as_well():
    class Further(Linear):
        def at(self, t, xp):
            return self.start + (self.end - self.start) * (xp.real(t) / self.steps) ** 2

    further = Further(0.0, 1.0, 4)
    assert [further(k) for k in (2, 4, 6)] == [0.25, 1.0, 1.0]
    assert (Constant(0.0, 1) >> further)(9) == 1.0


def test_lengths_are_checked_when_it_is_built():
    class Long(Schedule):
        value: float

        @property
        def length(self):
            return self.value

        def at(self, t, xp):
            return xp.constant(0.5, t)

    for wrong in (1.5, -1.0, float("nan"), float("inf")):
        with pytest.raises(GradatimError, match=r"Long: length must be a whole number of updates"):
            Long(value=wrong)


@pytest.mark.parametrize(("name", "instead"), [("length", "steps"), ("clip", "clip_")])
def test_a_field_cannot_hide_what_every_schedule_has(name, instead):
    said = f"Hides: a field cannot be named '{name}', .* such as {instead}."
    with pytest.raises(GradatimError, match=said):
        type("Hides", (Schedule,), {"__annotations__": {name: float}})
    # It is refused before it is registered, so the name is still free.
    type("Hides", (Schedule,), {"__annotations__": {"other": float}, "at": Linear.at})


class Band(Schedule):
    """Fields that must fit each other."""

    low: Number
    high: Number

    def _validate(self):
        if self.low > self.high:
            raise ValueError(f"low must be at most high, {self.high}, got {self.low}.")
        if self.low < 0.0:
            raise GradatimError("Band: low is below 0. Write low=0.0.")

    def at(self, t, xp):
        return xp.constant(self.low, t)


def test_fields_are_validated_together():
    assert Band(low=0.25, high=0.5)(0) == 0.25
    with pytest.raises(GradatimError) as error:
        Band(low=0.5, high=0.25)
    assert str(error.value) == "Band: low must be at most high, 0.25, got 0.5."
    with pytest.raises(GradatimError) as error:
        Band(low=-1.0, high=0.25)
    assert str(error.value) == "Band: low is below 0. Write low=0.0."


def test_what_is_refused_has_its_line_in_a_plan():
    text = "format: 1\nschedules:\n  lr:\n    Band: {low: 0.5, high: 0.25}\n"
    with pytest.raises(GradatimError, match=r"^line 4: Band: low must be at most high"):
        read_plan(text, ".yaml")
    with pytest.raises(GradatimError, match="Band: low must be at most high"):
        parse("Band(low=0.5, high=0.25)")


class Decides(Schedule):
    """Decides by an ``if``, as everyone writes first."""

    value: Number

    def at(self, t, xp):
        if t < 3:
            return self.value
        return 0.5 * self.value


ARRAYS = {
    "numpy": lambda s: s(numpy.arange(10)),
    "torch": lambda s: s(torch.arange(10)),
    "torch.vmap": lambda s: torch.vmap(s)(torch.arange(10)),
    "jax": lambda s: s(jax.numpy.arange(10)),
    "jax.jit": lambda s: jax.jit(s)(jax.numpy.asarray(3)),
    "jax.vmap": lambda s: jax.vmap(s)(jax.numpy.arange(10)),
    "sympy": lambda s: s.formula(),
}


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize("place", ["alone", "inside"])
def test_an_if_on_an_array_says_what_to_write(kind, place):
    schedule = Decides(value=1.0)
    assert [schedule(k) for k in (2, 3)] == [1.0, 0.5]
    schedule = schedule if place == "alone" else Constant(0.5, 4) >> 2.0 * schedule + 1.0
    said = (
        r"Decides\.at: where t is an array, a condition on it cannot be that of an if, and, or, "
        r"not, min or max: .* Write xp\.where\(t < 100, 0\.1, 0\.01\)"
    )
    with pytest.raises(GradatimError, match=said):
        ARRAYS[kind](schedule)


def test_other_errors_of_a_formula_stay_as_they_are():
    class Fails(Schedule):
        def at(self, t, xp):
            raise KeyError("the user's own")

    for steps in (3, numpy.arange(3), torch.arange(3)):
        with pytest.raises(KeyError, match="the user's own"):
            Fails()(steps)


def test_a_formula_that_is_undefined_far_out_can_be_built():
    class Listed(Schedule):
        def at(self, t, xp):
            return [1.0, 0.5][t]

    schedule = 2.0 * Listed()
    assert [schedule(k) for k in (0, 1)] == [2.0, 1.0]
    with pytest.raises(IndexError):
        schedule(2)


class Slope(Schedule):
    """Its check divides by a number that may be 0."""

    value: Number

    def _validate(self):
        1 / (self.value - 1)

    def at(self, t, xp):
        return self.value


def test_a_check_that_divides_by_zero_is_refused_with_its_line():
    said = "Slope: its numbers do not fit: float division by zero."
    with pytest.raises(GradatimError, match=f"^{said}$"):
        parse("Slope(1.0)")
    with pytest.raises(GradatimError, match=f"^line 3: {said}$"):
        read_plan("format: 1\nschedules:\n  lr: {Slope: {value: 1.0}}\n", ".yaml")


def test_two_classes_of_one_name_are_refused():
    said = r"the name 'Bowl' is taken by .*\.Bowl\. Give the new one another name\."
    with pytest.raises(GradatimError, match=said):
        type("Bowl", (Schedule,), {"__module__": "elsewhere", "at": lambda self, t, xp: 1.0})
    assert type(parse("Bowl(height=4.0, steps=4)")) is Bowl


def test_who_asks_for_the_classes_is_given_those_of_now_and_later(own_names, monkeypatch):
    monkeypatch.setattr(value, "_listeners", [])
    known = []
    value.on_register(known.append)
    assert {Bowl, Linear} <= set(known)
    assert wsd not in known  # a recipe is a function

    class Later(Schedule):
        def at(self, t, xp):
            return 1.0

    assert known[-1] is Later


def test_a_share_of_a_traced_peak_is_differentiated_with_it():
    def last(peak):
        return wsd(peak, steps=10, cooldown=5, floor="10%")(10)

    assert float(jax.jit(jax.grad(last))(2.0)) == pytest.approx(0.1)


def test_a_refusal_of_a_formula_stands_as_it_is():
    class Refuses(Schedule):
        def at(self, t, xp):
            raise GradatimError("Refuses: there are no values. Write Constant(1.0).")

    with pytest.raises(GradatimError, match=r"^Refuses: there are no values\. Write Constant"):
        Refuses()
