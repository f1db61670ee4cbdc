"""Rules as reducers: traces worked out by hand, laws, and the peers side by side."""

import math
import pickle
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch.optim.lr_scheduler import ReduceLROnPlateau

from gradatim import GradatimError, Greedy, NewBob, Plateau, build
from gradatim.core.values.value import buildable
from gradatim.rules import Rule, RuleState
from gradatim.xp.dispatch import operations_of
from tests.counting import LONG

# Metrics and thresholds whose products need few bits, so that a tie is a tie everywhere.
grid = st.integers(1, 400).map(lambda n: n / 8)
signed = st.integers(-400, 400).map(lambda n: n / 8)
wild = signed | st.sampled_from([math.nan, math.inf, -math.inf])
thresholds = st.sampled_from([0.0, 2.0**-6, 0.25, 0.5])
counts = st.integers(0, 3)
modes = st.sampled_from(["min", "max"])
RULES = [Plateau, NewBob, Greedy]


def test_every_rule_is_tested_here():
    ours = {
        make
        for make in buildable().values()
        if isinstance(make, type)
        and issubclass(make, Rule)
        and make.__module__.startswith("gradatim.")
    }
    assert ours == set(RULES), "Add it to RULES, and a strategy to rules() below"


def series(metric, size=40):
    return st.lists(metric, min_size=1, max_size=size)


def plateaus(**fixed):
    fields = {
        "mode": modes,
        "nan": st.just("worse"),
        "factor": st.sampled_from([0.5, 0.25]),
        "patience": counts,
        "threshold": thresholds,
        "relative": st.booleans(),
        "cooldown": counts,
        "floor": st.sampled_from([0.0, 0.1, 0.5]),
        "ties": st.booleans(),
        "reference": st.sampled_from(["best", "previous"]),
    }
    return st.builds(Plateau, **fields | fixed)


def newbobs(**fixed):
    fields = {
        "mode": modes,
        "nan": st.just("worse"),
        "factor": st.sampled_from([0.5, 0.25]),
        "threshold": thresholds,
        "patience": counts,
        "floor": st.sampled_from([0.0, 0.1]),
    }
    return st.builds(NewBob, **fields | fixed)


def greedies(**fixed):
    fields = {
        "mode": modes,
        "nan": st.just("worse"),
        "factor": st.sampled_from([0.5, 0.25]),
        "patience": counts,
        "threshold": thresholds,
        "relative": st.booleans(),
        "cooldown": counts,
        "warmup": counts,
        "floor": st.sampled_from([0.01, 0.5]),
        "ceiling": st.sampled_from([1.0, 10.0]),
    }
    return st.builds(Greedy, **fields | fixed)


def rules(**fixed):
    return plateaus(**fixed) | newbobs(**fixed) | greedies(**fixed)


def opposite(rule):
    return rule.replace(mode="max" if rule.mode == "min" else "min")


class TestByHand:
    def test_plateau_waits_lowers_pauses_and_stops_at_its_floor(self):
        rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0, cooldown=2, floor=0.2)
        # metric   5   4   4    4    4    4    4    4    4    4    4    4
        # worse    0   0   1   2=>  0    0    1   2=>   0    0    1   2=>
        # pause                 2    1    0         2    1    0
        expected = [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2]
        assert rule.replay([5.0] + [4.0] * 11) == expected

    def test_an_improvement_starts_the_patience_of_a_plateau_anew(self):
        rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0)
        assert rule.replay([5, 5, 4, 4, 3, 3, 3]) == [1, 1, 1, 1, 1, 1, 0.5]

    def test_a_plateau_follows_the_best_during_its_cooldown(self):
        rule = Plateau(mode="min", factor=0.5, patience=0, threshold=0.0, cooldown=2)
        # 1 comes during the cooldown and is the best from then on, so 2 is no improvement.
        assert rule.replay([5, 5, 1, 3, 2]) == [1, 0.5, 0.5, 0.5, 0.25]

    @pytest.mark.parametrize(
        ("reference", "scales"), [("best", [1, 1, 0.5, 0.5]), ("previous", [1, 1, 1, 1])]
    )
    def test_best_or_previous(self, reference, scales):
        rule = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0, reference=reference)
        assert rule.replay([3, 5, 4, 3.5]) == scales

    def test_a_relative_threshold_is_a_share_and_an_absolute_one_an_amount(self):
        flat = [8.0, 7.5, 7.5]
        relative = Plateau(mode="min", factor=0.5, patience=0, threshold=0.125)
        assert relative.replay(flat) == [1, 0.5, 0.25]  # 7.5 is above 8 - 8/8
        absolute = relative.replace(relative=False)
        assert absolute.replay(flat) == [1, 1, 0.5]  # 7.5 is below 8 - 1/8

    def test_a_tie_is_no_improvement_unless_said_otherwise(self):
        rule = Plateau(mode="max", factor=0.5, patience=0, threshold=0.5, relative=False)
        assert rule.replay([1.0, 1.5, 2.0]) == [1, 0.5, 0.5]
        assert rule.replace(ties=True).replay([1.0, 1.5, 1.875]) == [1, 1, 0.5]

    def test_newbob_looks_at_the_evaluation_before(self):
        rule = NewBob(mode="min", factor=0.5, threshold=0.1)
        # shares gained: -, 1/2, 1/50, (4.9-3)/4.9, (3-3.3)/3 < 0, (3.3-1)/3.3
        assert rule.replay([10.0, 5.0, 4.9, 3.0, 3.3, 1.0]) == [1, 1, 0.5, 0.5, 0.25, 0.25]

    def test_newbob_asks_for_a_share_of_metrics_below_one_too(self):
        rule = NewBob(mode="min", factor=0.5, threshold=0.1)
        # shares gained: -, 1/2, 1/20, (0.475-0.4)/0.475 > 0.15
        assert rule.replay([1.0, 0.5, 0.475, 0.4]) == [1, 1, 0.5, 0.5]

    def test_the_patience_of_newbob_is_not_refilled_by_an_improvement(self):
        rule = NewBob(mode="min", factor=0.5, patience=2)
        # worse:                     11           6         4: the third
        assert rule.replay([10, 11, 5, 6, 3, 4]) == [1, 1, 1, 1, 1, 0.5]

    def test_greedy_raises_lowers_and_stays_within_its_bounds(self):
        rule = Greedy(mode="min", factor=0.5, patience=1, floor=0.5, ceiling=4.0)
        # better  1  2=>  1  2=>  1  2=>                 (the ceiling)
        # worse                          1  2=>  1  2=>  1  2=>  1  2=>
        metrics = [9, 8, 7, 6, 5, 4, 5, 5, 5, 5, 5, 5, 5, 5]
        assert rule.replay(metrics) == [1, 2, 2, 4, 4, 4, 4, 2, 2, 1, 1, 0.5, 0.5, 0.5]

    def test_greedy_looks_at_nothing_while_it_pauses(self):
        rule = Greedy(mode="min", factor=0.5, patience=0, cooldown=1, warmup=2)
        # 9 raises; 1 and 20 are not looked at, so 8 is better than 9; two more; 8.5 lowers
        assert rule.replay([9, 1, 20, 8, 1, 1, 8.5, 0, 7]) == [2, 2, 2, 4, 4, 4, 2, 2, 4]

    @pytest.mark.parametrize("rule", RULES)
    def test_patience_0_lowers_at_the_first_evaluation_without_improvement(self, rule):
        scales = rule(mode="min", factor=0.5, patience=0).replay([5.0, 5.0, 5.0])
        assert [scale / scales[0] for scale in scales] == [1, 0.5, 0.25]

    def test_the_numbers_of_speechbrains_newbob(self):
        # From a run of speechbrain's NewBobScheduler; ours is its numbers where they are sane.
        ours = NewBob(mode="min", factor=0.5)
        assert ours.replay([10.0, 11.0, 5.0, 6.0]) == [1, 0.5, 0.5, 0.25]
        assert ours.replay([0.0, 0.0]) == [1, 0.5]  # no improvement, there and here
        # Negative metrics: theirs is 1, 0.5, 0.25 while -10, -12, -14 improves.
        assert ours.replay([-10.0, -12.0, -14.0]) == [1, 1, 1]
        assert ours.replay([-10.0, -8.0, -6.0]) == [1, 0.5, 0.25]
        # Larger is better: theirs is 1, 0.5, 0.25, 0.125 while it improves, for want of a mode.
        assert ours.replace(mode="max").replay([0.5, 0.6, 0.7, 0.8]) == [1, 1, 1, 1]


def torch_plateau(rule, metrics, base=1.0):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = ReduceLROnPlateau(
        optimizer,
        mode=rule.mode,
        factor=rule.factor,
        patience=rule.patience,
        threshold=rule.threshold,
        threshold_mode="rel" if rule.relative else "abs",
        cooldown=rule.cooldown,
        min_lr=rule.floor * base,
        eps=0.0,
    )
    rates = []
    for metric in metrics:
        scheduler.step(metric)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


class TestBesideTorch:
    @given(
        plateaus(reference=st.just("best"), ties=st.just(False)), series(grid | st.just(math.nan))
    )
    def test_the_same_reductions_at_the_same_evaluations(self, rule, metrics):
        assert rule.replay(metrics) == torch_plateau(rule, metrics)

    def test_its_defaults_are_ours(self):
        metrics = [3.0] * 40
        rule = Plateau(mode="min")
        assert rule.replay(metrics) == torch_plateau(rule, metrics)
        assert rule.replay(metrics)[10:12] == [1.0, 0.1]

    @pytest.mark.parametrize("mode", ["min", "max"])
    def test_a_flat_negative_metric_is_a_plateau_and_theirs_never_lowers(self, mode):
        rule = Plateau(mode=mode, patience=2)
        assert torch_plateau(rule, [-10.0] * 30)[-1] == 1.0
        assert rule.replay([-10.0] * 4)[-1] == 0.1

    def test_a_negative_metric_that_gets_worse_is_worse_and_theirs_never_lowers(self):
        rule, metrics = Plateau(mode="min", patience=2), [-10 + k / 5000 for k in range(20)]
        assert torch_plateau(rule, metrics)[-1] == 1.0
        assert rule.replay(metrics)[3] == 0.1

    @pytest.mark.parametrize(("mode", "far"), [("min", -math.inf), ("max", math.inf)])
    def test_an_infinity_is_no_best_and_theirs_lowers_a_run_that_improves(self, mode, far):
        sign = 1 if mode == "min" else -1
        metrics = [sign * metric for metric in (9, 8, sign * far, 7, 6, 5, 4, 3)]
        rule = Plateau(mode=mode, patience=1, nan="worse", factor=0.5)
        assert torch_plateau(rule, metrics)[-1] < 1.0
        assert rule.replay(metrics)[-1] == 1.0

    def test_a_tiny_rate_is_lowered_and_theirs_is_not(self):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-8)
        scheduler = ReduceLROnPlateau(optimizer, patience=0)
        for _ in range(5):
            scheduler.step(1.0)
        assert optimizer.param_groups[0]["lr"] == 1e-8
        assert Plateau(mode="min", patience=0).replay([1.0] * 2)[-1] == 0.1


class GreedyOfTransformers:
    """The decisions of transformers' GreedyLR, restated: what is raised or lowered, and when."""

    def __init__(self, rule):
        self.rule, self.scale, self.pause = rule, 1.0, 0
        self.best = math.inf if rule.mode == "min" else -math.inf
        self.good = self.bad = 0

    def is_better(self, metric):
        rule = self.rule
        sign = -1.0 if rule.mode == "min" else 1.0
        edge = (
            self.best * (1 + sign * rule.threshold)
            if rule.relative
            else self.best + sign * rule.threshold
        )
        return metric < edge if rule.mode == "min" else metric > edge

    def step(self, metric):
        rule = self.rule
        if self.pause:
            self.pause -= 1
            self.good = self.bad = 0
            return self.scale
        better = self.is_better(metric)
        self.best = metric if better else self.best
        self.good, self.bad = (self.good + 1, 0) if better else (0, self.bad + 1)
        if self.good > rule.patience:
            self.scale, self.good = max(min(self.scale / rule.factor, rule.ceiling), self.scale), 0
            self.pause = rule.warmup
        elif self.bad > rule.patience:
            self.scale, self.bad = min(max(self.scale * rule.factor, rule.floor), self.scale), 0
            self.pause = rule.cooldown
        return self.scale


@given(greedies(), series(grid | st.just(math.nan)))
@example(Greedy(mode="min", nan="worse", patience=0, cooldown=2), [math.nan, 1.0, math.nan, 1.0])
def test_greedy_decides_as_transformers_does(rule, metrics):
    theirs = GreedyOfTransformers(rule)
    assert rule.replay(metrics) == [theirs.step(metric) for metric in metrics]


class TestLaws:
    @given(rules(), series(wild))
    def test_a_metric_and_its_opposite_in_the_other_mode_are_one(self, rule, metrics):
        assert rule.replay(metrics) == opposite(rule).replay([-metric for metric in metrics])

    @given(
        plateaus(relative=st.just(False)) | greedies(relative=st.just(False)),
        series(wild),
        st.integers(-1000, 1000),
    )
    def test_an_absolute_threshold_knows_no_zero(self, rule, metrics, by):
        assert rule.replay(metrics) == rule.replay([metric + by for metric in metrics])

    @given(rules(), series(wild))
    def test_the_scale_is_finite_and_within_its_bounds(self, rule, metrics):
        for scale in rule.replay(metrics):
            assert rule.floor <= scale <= getattr(rule, "ceiling", 1.0)

    @given(rules(), series(signed, 20), st.data())
    def test_ignored_is_as_if_never_evaluated(self, rule, metrics, data):
        rule = rule.replace(nan="ignore")
        at = data.draw(st.integers(0, len(metrics)))
        bad = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
        scales = rule.replay([*metrics[:at], bad, *metrics[at:]])
        assert [*scales[:at], *scales[at + 1 :]] == rule.replay(metrics)

    @given(
        rules(patience=st.just(3)),
        series(wild, 20),
        st.sampled_from([math.nan, math.inf, -math.inf]),
    )
    def test_nothing_unusable_latches(self, rule, metrics, bad):
        # Whatever came before: once a usable metric is there, better than all so far, one that
        # improves by much each time is no reason to lower.
        state = rule.init()
        for metric in [*metrics, bad]:
            state = rule.update(state, metric)
        sign = 1 if rule.mode == "min" else -1
        state = rule.update(state, -sign * 1e3)
        scale = state.scale
        for k in range(1, 20):
            state = rule.update(state, -sign * 1e3 * 4.0**k)
            assert state.scale >= scale
            scale = state.scale

    @given(rules(), series(wild, 20), series(wild, 20))
    def test_the_state_is_all_there_is(self, rule, before, after):
        state = rule.init()
        for metric in before:
            state = rule.update(state, metric)
        resumed = RuleState(*state)
        scales = []
        for metric in after:
            resumed = rule.update(resumed, metric)
            scales.append(resumed.scale)
        assert scales == rule.replay([*before, *after])[len(before) :]

    @given(rules(), signed)
    def test_an_update_changes_nothing_that_was(self, rule, metric):
        state = rule.update(rule.init(), 1.0)
        kept = tuple(state)
        rule.update(state, metric)
        assert tuple(state) == kept

    @given(rules())
    def test_a_rule_is_a_value(self, rule):
        assert build(rule.config()) == rule == pickle.loads(pickle.dumps(rule))
        assert hash(rule) == hash(build(rule.config()))


class TestNan:
    @pytest.mark.parametrize("rule", [make(mode="min") for make in RULES])
    @pytest.mark.parametrize("metric", [math.nan, math.inf, -math.inf, 10**400, np.float32("nan")])
    def test_is_an_error_unless_said_otherwise(self, rule, metric):
        with pytest.raises(
            GradatimError, match=r"metric must be finite, got (nan|-?inf).*nan='ignore'"
        ):
            rule.update(rule.init(), metric)

    def test_worse_counts_towards_patience_and_is_no_reference(self):
        rule = Plateau(mode="min", factor=0.5, patience=1, nan="worse", reference="previous")
        assert rule.replay([5.0, math.nan, math.nan, 4.0]) == [1, 1, 0.5, 0.5]

    def test_worse_comes_first_too(self):
        rule = Plateau(mode="min", factor=0.5, patience=1, nan="worse")
        # theirs (Keras) would keep the NaN as the best and lower for ever
        assert rule.replay([math.nan, 5, 4, 3, 2, 1]) == [1] * 6


@pytest.mark.parametrize("metric", [True, "0.5", None, 1 + 2j, [1.0], b"1", {}, np.True_])
def test_a_metric_is_a_number(metric):
    rule = Plateau(mode="min")
    with pytest.raises(GradatimError, match="Plateau: metric must be a number"):
        rule.update(rule.init(), metric)


@pytest.mark.parametrize("metric", [1, Fraction(1, 2), np.float32(0.5), np.int64(3)])
def test_any_real_number_is_a_metric(metric):
    rule = Plateau(mode="min")
    assert rule.update(rule.init(), metric).reference == float(metric)


BAD = [
    (Plateau, {}, "mode is missing"),
    (Plateau, {"mode": "mni"}, "unknown mode 'mni'. Did you mean 'min'"),
    (Plateau, {"mode": None}, "mode must be one of"),
    (Plateau, {"factor": 1.5}, "factor must be a number above 0 and at most 1, got 1.5"),
    (Greedy, {"factor": 1.0}, "factor must be a number above 0 and below 1, got 1.0"),
    (Plateau, {"factor": 0}, "factor"),
    (Plateau, {"factor": -0.5}, "factor"),
    (Plateau, {"factor": math.nan}, "factor"),
    (Plateau, {"patience": -3}, "patience must be a whole number, 0 or more, got -3"),
    (Plateau, {"patience": 2.5}, "patience"),
    (Plateau, {"patience": True}, "patience"),
    (Plateau, {"threshold": -1e-4}, "threshold"),
    (Plateau, {"threshold": math.inf}, "threshold"),
    (Plateau, {"relative": 1}, "relative"),
    (Plateau, {"cooldown": -1}, "cooldown"),
    (Plateau, {"floor": -1.0}, "floor"),
    (Plateau, {"reference": "last"}, "unknown reference 'last'"),
    (Plateau, {"nan": "skip"}, "unknown nan 'skip'"),
    (Plateau, {"patiense": 3}, "unknown argument 'patiense'. Did you mean 'patience'"),
    (NewBob, {"patience": None}, "patience"),
    (NewBob, {"threshold": "0.1"}, "threshold"),
    (Greedy, {"warmup": -1}, "warmup"),
    (Greedy, {"ceiling": 0.0}, "ceiling"),
    (Greedy, {"floor": 2.0, "ceiling": 1.0}, "floor must be at most ceiling, 1.0, got 2.0"),
]


@pytest.mark.parametrize(("rule", "arguments", "words"), BAD)
def test_bad_parameters_are_refused_when_a_rule_is_built(rule, arguments, words):
    if arguments:
        arguments = {"mode": "min"} | arguments
    with pytest.raises(GradatimError, match=words) as error:
        rule(**arguments)
    assert str(error.value).startswith(rule.__name__)


class TestJax:
    xp = operations_of("jax")

    def scan(self, rule, metrics):
        def step(state, metric):
            state = rule.update(state, metric, self.xp)
            return state, state.scale

        begin = jax.tree.map(jnp.asarray, rule.init())
        return jax.lax.scan(step, begin, jnp.asarray(metrics))[1].tolist()

    def jitted(self, rule, metrics):
        update = jax.jit(lambda state, metric: rule.update(state, metric, self.xp))
        state, scales = rule.init(), []
        for metric in metrics:
            state = update(state, metric)
            scales.append(float(state.scale))
        return scales

    @pytest.mark.parametrize(
        "metrics",
        [
            [8.0, 7.0, 7.0, 7.0, 6.875, 6.0, 6.0, 6.0, 5.0, 5.0, 5.0, 5.0, 4.0, 3.0, 2.0, 1.0, 9.0],
            [
                -8.0,
                math.nan,
                -7.5,
                math.inf,
                -9.0,
                -9.0,
                -math.inf,
                -9.0,
                -9.0,
                -8.0,
                0.0,
                0.0,
                0.0,
            ],
        ],
    )
    @pytest.mark.parametrize("nan", ["ignore", "worse"])
    @pytest.mark.parametrize(
        "rule",
        [
            Plateau(mode="min", factor=0.5, patience=1, threshold=0.125, cooldown=1, floor=0.125),
            Plateau(mode="max", factor=0.5, patience=0, reference="previous", relative=False),
            NewBob(mode="min", factor=0.5, threshold=0.125, patience=1),
            NewBob(mode="max", factor=0.5),
            Greedy(mode="min", factor=0.5, patience=1, cooldown=1, warmup=2, ceiling=4.0),
            Greedy(mode="max", factor=0.5, patience=0, floor=0.25, relative=True),
        ],
    )
    def test_decides_as_python_does(self, rule, nan, metrics):
        rule = rule.replace(nan=nan)
        plain = rule.replay(metrics)
        assert len(set(plain)) > 1
        assert self.scan(rule, metrics) == plain
        assert self.jitted(rule, metrics) == plain

    def test_a_constant_state_can_be_closed_over(self):
        rule = Plateau(mode="min", nan="ignore")
        first = jax.jit(lambda metric: rule.update(rule.init(), metric, self.xp))(3.0)
        assert [float(part) for part in first] == [1.0, 3.0, 1.0, 0.0, 0.0, 0.0]

    def test_compiled_code_cannot_raise_and_says_so_before(self):
        with pytest.raises(GradatimError, match="nan='error' cannot stop compiled code"):
            self.scan(Plateau(mode="min"), [1.0])


@pytest.mark.long
@settings(max_examples=LONG["R7"])
@given(rules(), series(wild, 200))
@example(Plateau(mode="min", nan="worse"), [math.nan] * 30)
def test_long_series_keep_the_laws(rule, metrics):
    assert rule.replay(metrics) == opposite(rule).replay([-metric for metric in metrics])
    if isinstance(rule, Plateau) and rule.reference == "best" and not rule.ties:
        positive = [abs(m) + 1 if math.isfinite(m) else math.nan for m in metrics]
        assert rule.replay(positive) == torch_plateau(rule, positive)
