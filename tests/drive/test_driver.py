"""The one thing that changes during a run: what it counts, applies, remembers and gives back."""

import copy
import json
import pickle

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gradatim import (
    Constant,
    Cosine,
    Driver,
    ExponentialDecay,
    Function,
    GradatimError,
    Linear,
    NewBob,
    Plateau,
    warmup_cosine,
)
from tests.counting import LONG

LINE = Linear(start=0.0, end=1.0, steps=4)
HALVES = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0)


def breaks_at_3(step):
    return 0.1 if step < 3 else float("nan")


def test_step_k_is_the_value_of_update_k_plus_1():
    driver = Driver({"lr": LINE, "weight_decay": Constant(value=0.1)})
    seen = []
    for k in range(6):
        assert driver.position == k
        seen.append(driver.next["lr"])
        driver.advance()
        assert driver.applied == {"lr": seen[-1], "weight_decay": 0.1}
    assert seen == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert list(driver.history("lr")) == list(enumerate(seen))
    assert list(driver.history("weight_decay")) == [(k, 0.1) for k in range(6)]


def test_nothing_was_applied_before_the_first_update():
    driver = Driver({"lr": LINE})
    assert driver.applied is None
    assert list(driver.history("lr")) == []


def test_several_updates_at_once():
    driver = Driver({"lr": LINE})
    driver.advance(3)
    driver.advance(0)
    assert (driver.position, driver.next["lr"], driver.applied["lr"]) == (3, 0.75, 0.5)


def test_a_rule_scales_from_the_next_update_on():
    driver = Driver({"lr": LINE}, {"lr": HALVES})
    driver.advance(2)
    driver.observe(1.0)
    driver.advance()
    driver.observe(1.0)  # no better: halved
    assert (driver.applied, driver.next) == ({"lr": 0.5}, {"lr": 0.375})
    driver.advance()
    assert list(driver.history("lr")) == [(0, 0.0), (1, 0.25), (2, 0.5), (3, 0.375)]
    assert driver.scales == {"lr": 0.5}


def test_evaluations_between_two_updates_all_count():
    driver = Driver({"lr": LINE}, {"lr": HALVES})
    for metric in (1.0, 1.0, 1.0):
        driver.observe(metric)
    driver.advance(4)
    assert driver.next == {"lr": 0.25}
    assert [value for _, value in driver.history("lr")] == [0.0, 0.0625, 0.125, 0.1875]


def test_a_rule_serves_every_part_and_no_other_value():
    parts = {"lr/head": LINE, "lr/body": 0.5 * LINE, "momentum": Constant(value=0.9)}
    driver = Driver(parts, {"lr": HALVES})
    driver.advance(4)
    driver.observe(1.0)
    driver.observe(1.0)
    assert driver.next == {"lr/head": 0.5, "lr/body": 0.25, "momentum": 0.9}


def test_each_rule_can_have_a_metric_of_its_own():
    rules = {"lr": HALVES, "momentum": NewBob(mode="max", factor=0.1)}
    driver = Driver({"lr": LINE, "momentum": Constant(value=1.0)}, rules)
    for metric in (1.0, 1.0):
        driver.observe(metric, "momentum")
    assert driver.scales == {"lr": 1.0, "momentum": 0.1}
    for metric in (2.0, 2.0):
        driver.observe(metric)
    assert driver.scales == {"lr": 0.5, "momentum": pytest.approx(0.01)}


def test_a_bad_metric_changes_no_rule_at_all():
    rules = {"lr": HALVES.replace(nan="ignore"), "momentum": HALVES}
    driver = Driver({"lr": LINE, "momentum": LINE}, rules)
    driver.observe(1.0)
    before = driver.state()
    for metric in (float("nan"), "1.0", True, None):
        with pytest.raises(GradatimError, match="metric must be"):
            driver.observe(metric)
    assert driver.state() == before


def test_history_takes_no_memory_that_grows_with_the_run():
    driver = Driver({"lr": LINE}, {"lr": HALVES})
    driver.advance(10**15)
    for metric in range(1000, 0, -1):
        driver.observe(float(metric))
        driver.advance(10**9)
    assert driver.applied == {"lr": 1.0}
    for _ in range(1000):
        driver.observe(9.0)
    assert len(pickle.dumps(driver)) < 2000
    assert next(driver.history("lr")) == (0, 0.0)


def test_what_is_handed_out_is_not_what_is_kept():
    driver = Driver({"lr": LINE}, {"lr": HALVES})
    driver.next["lr"] = 7.0
    driver.scales["lr"] = 7.0
    state = driver.state()
    state["position"] = 7
    state["states"]["lr"][0] = 7.0
    assert (driver.position, driver.next, driver.scales) == (0, {"lr": 0.0}, {"lr": 1.0})


def test_what_is_given_is_not_changed_with_the_mapping():
    schedules = {"lr": LINE}
    driver = Driver(schedules)
    schedules["lr"] = Constant(value=9.0)
    assert driver.next == {"lr": 0.0}


def test_a_value_that_is_no_number_never_gets_out():
    driver = Driver({"lr": Function(function=breaks_at_3)})
    driver.advance(3)
    with pytest.raises(GradatimError, match="lr: the value for update 4 is nan"):
        _ = driver.next
    assert driver.state()["position"] == 3


BAD_DRIVERS = [
    (None, None, "plan must be a Plan, the path of a plan file, or a mapping"),
    ({}, None, "schedules must be a mapping"),
    (LINE, None, r'plan must be a Plan.*Write \{"lr"'),
    ([LINE], None, "plan must be a Plan"),
    ({"lr": "0.1"}, None, r"lr must be a schedule, or a number.*got '0.1'.*warmup_cosine"),
    ({"lr": None}, None, "lr must be a schedule"),
    ({"lr": float("nan")}, None, "lr must be a finite number, got nan"),
    ({"lr/head": 10**400}, None, "lr/head must be a finite number, got 1000"),
    ({"lr": True}, None, "lr must be a schedule"),
    ({3: LINE}, None, 'a target must be a text such as "lr" or "lr/head", got 3'),
    ({"/head": LINE}, None, "a target must be a text"),
    ({"lr": LINE}, 0.5, "rule must be a rule, or a mapping"),
    ({"lr": LINE}, {"lr": 0.5}, "the rule for 'lr' must be a rule"),
    ({"lr": LINE}, {"lr": LINE}, "the rule for 'lr' must be a rule"),
    ({"lr": LINE}, {"rl": HALVES}, "unknown value to apply a rule to 'rl'"),
    ({"lr/head": LINE}, {"lr/head": HALVES}, "unknown value to apply a rule to 'lr/head'"),
]


@pytest.mark.parametrize(("schedules", "rules", "words"), BAD_DRIVERS)
def test_what_cannot_be_driven(schedules, rules, words):
    with pytest.raises(GradatimError, match=words) as error:
        Driver(schedules, rules)
    assert str(error.value).startswith("Driver: ")


@pytest.mark.parametrize("updates", [-1, 1.5, True, None, "1"])
def test_what_is_no_number_of_updates(updates):
    driver = Driver({"lr": LINE})
    with pytest.raises(GradatimError, match=r"advance: updates must be a whole number, 0 or more"):
        driver.advance(updates)
    assert driver.position == 0


def test_names_that_do_not_exist():
    driver = Driver({"lr": LINE}, {"lr": HALVES})
    with pytest.raises(GradatimError, match="unknown target 'rl'"):
        next(driver.history("rl"))
    with pytest.raises(GradatimError, match=r"unknown rule 'momentum'\. Known: lr"):
        driver.observe(1.0, "momentum")
    with pytest.raises(GradatimError, match="there is no rule to show the metric to"):
        Driver({"lr": LINE}).observe(1.0)


PLANS = [
    ({"lr": warmup_cosine(peak=1.0, steps=30, warmup=5)}, {"lr": HALVES.replace(nan="worse")}),
    (
        {
            "lr": Cosine(start=1.0, end=0.1, steps=20),
            "momentum": Linear(start=1.0, end=0.9, steps=9),
        },
        {
            "lr": Plateau(mode="max", factor=0.5, patience=1, cooldown=1, nan="ignore"),
            "momentum": NewBob(mode="min", patience=1, nan="worse"),
        },
    ),
    ({"lr/a": ExponentialDecay(start=1.0, factor=0.9), "lr/b": Constant(value=0.5)}, {}),
]


class Model:
    """What a driver must do, the slow way: every update and every metric is written down."""

    def __init__(self, plan):
        self.plan, self.position, self.metrics, self.log = plan, 0, [], []

    def copied(self):
        return copy.deepcopy(self)

    def value(self, name):
        schedules, rules = self.plan
        value, rule = schedules[name](self.position), rules.get(name.split("/")[0])
        return value * ([1.0, *rule.replay(self.metrics)][-1]) if rule else value

    def next(self):
        return {name: self.value(name) for name in self.plan[0]}


class Life(RuleBasedStateMachine):
    """A run with crashes, copies and second thoughts, next to the model of it."""

    def __init__(self):
        super().__init__()
        self.which, self.saves = 0, []
        self.start()

    def start(self):
        self.driver, self.model = Driver(*PLANS[self.which]), Model(PLANS[self.which])

    @rule(which=st.integers(0, len(PLANS) - 1))
    def begin_another_run(self, which):
        self.which, self.saves = which, []
        self.start()

    @rule(updates=st.integers(0, 4))
    def update(self, updates):
        for _ in range(updates):
            self.model.log.append((self.model.position, self.model.next()))
            self.model.position += 1
        self.driver.advance(updates)

    @rule(updates=st.integers(1, 20))
    def update_as_an_optimizer_does(self, updates):
        for _ in range(updates):
            self.model.log.append((self.model.position, self.model.next()))
            self.model.position += 1
            assert self.driver.stepped() == list(self.model.next().values())

    @precondition(lambda self: self.model.log)
    @rule()
    def take_an_update_back(self):
        self.driver.retract()
        self.model.log.pop()
        self.model.position -= 1

    @precondition(lambda self: PLANS[self.which][1])
    @rule(metric=st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, float("nan"), float("inf")]))
    def observe(self, metric):
        self.model.metrics.append(metric)
        self.driver.observe(metric)

    @rule()
    def save(self):
        self.saves.append((json.dumps(self.driver.state()), self.model.copied()))

    @precondition(lambda self: self.saves)
    @rule(data=st.data(), times=st.integers(1, 2), fresh=st.booleans())
    def load(self, data, times, fresh):
        state, model = data.draw(st.sampled_from(self.saves))
        if fresh:
            self.start()
        for _ in range(times):
            self.driver.load(json.loads(state))
        self.model = model.copied()
        self.model.log = []

    @precondition(lambda self: self.saves)
    @rule(data=st.data())
    def load_with_another_script(self, data):
        state, model = data.draw(st.sampled_from(self.saves))
        schedules, rules = PLANS[self.which]
        other = Driver({name: 0.5 * schedule for name, schedule in schedules.items()}, rules)
        before = other.state()
        with pytest.raises(GradatimError, match="on_mismatch"):
            other.load(json.loads(state))
        assert other.state() == before
        other.load(json.loads(state), "override")
        assert other.next == {name: 0.5 * value for name, value in model.next().items()}
        other.load(json.loads(state), "keep")
        assert other.next == model.next()
        self.driver, self.model = other, model.copied()
        self.model.log = []

    @rule(metric=st.sampled_from(["1.0", True, None]))
    def refuse(self, metric):
        before = self.driver.state()
        for bad in (lambda: self.driver.observe(metric), lambda: self.driver.load({})):
            with pytest.raises(GradatimError):
                bad()
        assert self.driver.state() == before

    @rule(clone=st.sampled_from([copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]))
    def go_on_with_a_copy(self, clone):
        original, self.driver = self.driver, clone(self.driver)
        original.advance(3)
        if original.plan.rules:
            original.observe(-99.0)

    @invariant()
    def is_what_the_model_is(self):
        assert self.driver.position == self.model.position
        assert self.driver.next == self.model.next()
        assert self.driver.applied == (self.model.log[-1][1] if self.model.log else None)
        for name in map(str, self.driver.plan):
            log = [(position, values[name]) for position, values in self.model.log]
            assert list(self.driver.history(name)) == log


Life.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
# Metrics that are no numbers, and updates past an end at 0, are warned of once.
expected = pytest.mark.filterwarnings("ignore:gradatim")
TestLife = expected(Life.TestCase)


class LongLife(Life):
    pass


LongLife.TestCase.settings = settings(
    max_examples=LONG["R3"],
    stateful_step_count=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLongLife = pytest.mark.long(expected(LongLife.TestCase))


def test_what_a_setter_raises_says_which_setter_it_was():
    def refuse(number: float) -> None:
        raise RuntimeError("not ready")

    with pytest.raises(RuntimeError, match="not ready") as error:
        Driver({"lr": 1.0, "weight_decay/head": 0.1}, setters={"weight_decay/head": refuse})
    assert error.value.__notes__ == ["It was raised by the setter of 'weight_decay/head'."]


def test_an_update_that_one_of_two_optimizers_has_made_goes_on_after_a_load():
    line = Linear(start=1.0, end=0.0, steps=10)
    saved = Driver({"lr": line}, optimizers=2)
    for optimizer in (0, 1, 0):
        saved.stepped(optimizer)
    driver = Driver({"lr": line}, optimizers=2)
    driver.load(saved.state())
    assert driver.position == 2
    assert driver.due(1) == [line(1)]
    driver.stepped(1)
    assert driver.position == 2
    driver.stepped(0)
    assert driver.position == 3
