"""Who counts from where: the conventions of the recipes, in numbers worked out by hand."""

from math import cos, exp, log, pi, sinh, sqrt

import pytest

import gradatim as g
from gradatim import (
    Schedule,
    cyclic,
    noam,
    parse,
    warmup_cosine,
    warmup_inverse_sqrt,
    warmup_linear,
    wsd,
)
from gradatim.closed_forms import Line, NaturalDecay
from gradatim.recipes import inverse_sqrt_t5, linear_noam, tri_stage, warm_cool_decay

third, root = 1 / 3, sqrt(0.5)

# The values of all updates of a run, then the one that holds after it.
BY_HAND = {
    "warmup_linear(1.0, steps=5)": [1.0, 0.8, 0.6, 0.4, 0.2, 0.0],
    "warmup_linear(1.0, steps=5, last='floor')": [1.0, 0.75, 0.5, 0.25, 0.0, 0.0],
    "warmup_linear(1.0, steps=5, warmup=2)": [0.0, 0.5, 1.0, 2 * third, third, 0.0],
    "warmup_linear(1.0, steps=5, warmup=2, first='step')": [0.5, 1.0, 0.75, 0.5, 0.25, 0.0],
    "warmup_linear(1.0, steps=5, warmup=2, last='floor')": [0.0, 0.5, 1.0, 0.5, 0.0, 0.0],
    "warmup_linear(1.0, steps=5, warmup=2, first='step', last='floor')": [
        0.5,
        1.0,
        2 * third,
        third,
        0.0,
        0.0,
    ],
    "warmup_linear(1.0, steps=5, warmup=1, first='step')": [1.0, 0.8, 0.6, 0.4, 0.2, 0.0],
    "warmup_linear(1.0, steps=2, warmup=1, last='floor')": [0.0, 1.0, 0.0],
    "warmup_linear(1.0, steps=6, warmup=2, hold=2, start=0.5, floor=0.5)": [
        0.5,
        0.75,
        1,
        1,
        1,
        0.75,
        0.5,
    ],
    "warmup_linear(1.0, steps=30, warmup='5%')": [
        0.0,
        0.5,
        *(1.0 - k / 28 for k in range(28)),
        0.0,
    ],
    "warmup_cosine(1.0, steps=6, warmup=2)": [
        0.0,
        0.5,
        1.0,
        0.5 + root / 2,
        0.5,
        0.5 - root / 2,
        0.0,
    ],
    "warmup_cosine(1.0, steps=5, warmup=2, last='floor', floor=0.2)": [
        0.0,
        0.5,
        1.0,
        0.6,
        0.2,
        0.2,
    ],
    "warmup_cosine(1.0, steps=5, warmup=2, first='step', hold=1)": [0.5, 1.0, 1.0, 0.75, 0.25, 0.0],
    "warmup_constant(0.5, warmup=2)": [0.0, 0.25, 0.5, 0.5],
    "warmup_constant(0.5, warmup=2, first='step', steps=4)": [0.25, 0.5, 0.5, 0.5, 0.5],
    "warmup_inverse_sqrt(1.0, warmup=1)": [0.0, 1.0, root],
    "wsd(1.0, steps=6, warmup=2, cooldown=2, shape='linear')": [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0],
    "wsd(1.0, steps=6, warmup=2, cooldown=2, shape='linear', last='floor')": [
        0.0,
        0.5,
        1.0,
        1.0,
        1.0,
        0.0,
        0.0,
    ],
    "wsd(1.0, steps=6, warmup=2, cooldown=2, shape='linear', first='step')": [
        0.5,
        1.0,
        1.0,
        1.0,
        1.0,
        0.5,
        0.0,
    ],
    "wsd(1.0, steps=5, warmup=0, cooldown=4)": [1.0, 1.0, 0.5, 1 - root, 1 - sqrt(0.75), 0.0],
    "wsd(1.0, steps=3, warmup=0, cooldown=2, shape='exponential', floor=0.01)": [
        1.0,
        1.0,
        0.1,
        0.01,
    ],
    "wsd(1.0, steps=3, warmup=0, cooldown=2, shape='sqrt-cube')": [1.0, 1.0, 0.5**1.5, 0.0],
    "trapezoid(1.0, steps=10)": [0.0, *[1.0] * 8, 0.5, 0.0],
    "one_cycle(1.0, steps=4, warmup=2, start=0.5, floor=0.0)": [0.5, 0.75, 1.0, 0.5, 0.0],
    "one_cycle(1.0, steps=4, warmup=2, last='floor', shape='linear')": [
        0.04,
        0.52,
        1.0,
        4e-6,
        4e-6,
    ],
    "one_cycle(1.0, steps=4, warmup=1, start=0.5, floor=0.0, shape='linear', three_phases=True)": [
        0.5,
        1.0,
        0.5,
        0.25,
        0.0,
    ],
    "cyclic(1.0, start=0.5, up=2)": [0.5, 0.75, 1.0, 0.75, 0.5, 0.75, 1.0],
    "cyclic(1.0, start=0.5, up=1, down=3)": [0.5, 1.0, 1 - third / 2, 1 - third, 0.5, 1.0],
    "cyclic(1.0, start=0.5, up=1, mode='triangular2')": [0.5, 1.0, 0.5, 0.75, 0.5, 0.625],
    "cyclic(1.0, start=0.5, up=1, mode='exp_range', factor=0.5)": [
        0.5,
        0.75,
        0.5,
        0.5 + 0.5**4,
        0.5,
    ],
    "cyclic(1.0, start=0.0)": [0.0, 1 / 2000, 1 / 1000],
    "cosine_restarts(1.0, cycle=2)": [1.0, 0.5, 1.0, 0.5, 1.0],
    "cosine_restarts(1.0, cycle=1, stretch=2)": [1.0, 1.0, 0.5, 1.0, 0.5 + root / 2, 0.5],
    "cosine_restarts(1.0, cycle=1, cycles=2, stretch=2)": [1.0, 1.0, 0.5, 0.0],
    "cosine_restarts(1.0, cycle=1, factor=0.5, floor=0.5)": [1.0, 0.75, 0.625],
    "step_decay(1.0, every=2, factor=0.5)": [1.0, 1.0, 0.5, 0.5, 0.25, 0.25],
    "step_decay(1.0, every=2, factor=0.5, warmup=2)": [0.0, 0.5, 1.0, 1.0, 0.5, 0.5],
    "multistep(1.0, boundaries=[2, 3], factor=0.5)": [1.0, 1.0, 0.5, 0.25, 0.25],
    "multistep(1.0, boundaries=[3], factor=0.5, warmup=2)": [0.0, 0.5, 1.0, 0.5],
    "piecewise_constant([3, 2, 1], boundaries=[1, 3])": [3.0, 2.0, 2.0, 1.0],
    "noam(2, peak=1.0)": [0.5, 1.0, sqrt(2 / 3), root],
    "noam(2, peak=1.0, first='start')": [0.0, 0.5, 1.0, sqrt(2 / 3)],
    "noam(4, model_size=4)": [0.0625, 0.125, 0.1875, 0.25, 0.25 * sqrt(0.8)],
    "linear_noam(1.0, warmup=2, hold=1)": [0.5, 1.0, 1.0, 2 * third, 0.5],
    "inverse_sqrt_t5(4)": [0.5, 0.5, 0.5, 0.5, 0.5, sqrt(0.2)],
    "power(1.0, warmup=2, power=1.0)": [0.0, 0.5, 1.0, 2 * third, 0.5],
    "power(1.0, warmup=1, power=1.0, hold=1, steps=6, cooldown=2)": [
        0.0,
        1.0,
        1.0,
        2 * third,
        0.5,
        0.25,
        0.0,
    ],
    "slanted_triangular(1.0, steps=6, warmup=2, ratio=2.0)": [
        0.5,
        0.75,
        1.0,
        0.875,
        0.75,
        0.625,
        0.5,
    ],
    "tri_stage(1.0, warmup=2, hold=1, cooldown=2, floor=0.01)": [0.01, 0.505, 1.0, 1.0, 0.1, 0.01],
    "tri_stage(1.0, warmup=2, hold=1, cooldown=2, floor=0.01, first='step')": [
        0.505,
        1.0,
        1.0,
        0.1,
        0.01,
    ],
    "warm_cool_decay(1.0, steps=6, warmup=1, cooldown=2, factor=0.5, every=1)": [
        0.0,
        1.0,
        0.5,
        0.25,
        0.125,
        0.0625,
        0.0,
    ],
    "warm_cool_decay(1.0, steps=2, warmup=0, cooldown=0)": [1.0, 0.75**1e-5, 0.75**2e-5],
    "infinite(1.0, level=0.5, warmup=1, decay=2, hold=1, cooldown=2, floor=0.005)": [
        0,
        1,
        0.75,
        0.5,
        0.5,
        0.05,
        0.005,
    ],
    # The defaults of the pieces.
    "REX(1.0, 0.0, 4)": [1.0, 0.75 / 0.875, 0.5 / 0.75, 0.25 / 0.625, 0.0],
    "Logistic(1.0, 0.0, 2, 2.0)": [1.0, 0.5, 0.0],
    "Logistic(1.0, 0.0, 4).cut(2)": [1.0, sinh(3) / (sinh(3) + sinh(1)), 0.5],
    "InverseTimeDecay(1.0, 0.5)": [1.0, 2 * third, 0.5],
    "ExponentialDecay(1.0, 0.5)": [1.0, 0.5, 0.25],
    "Linear(1.0, 0.0, 2).repeat()": [1.0, 0.5, 1.0, 0.5],
}


@pytest.mark.parametrize("text", BY_HAND)
def test_values_by_hand(text: str):
    schedule, values = parse(text), BY_HAND[text]
    assert [schedule(step) for step in range(len(values))] == pytest.approx(values, rel=1e-14)
    if schedule.length is not None:
        assert schedule(10**9) == pytest.approx(values[-1], rel=1e-14)


# What other projects compute, written from their source as a function of their own counter.
W, T = 5, 40


def transformers_linear(k: int) -> float:
    return k / W if k < W else max(0.0, (T - k) / (T - W))


def transformers_cosine(k: int) -> float:
    return k / W if k < W else max(0.0, 0.5 * (1.0 + cos(pi * (k - W) / (T - W))))


def transformers_inverse_sqrt(k: int) -> float:
    return k / W if k < W else 1.0 / sqrt((k + W - W) / W)


def transformers_wsd(k: int) -> float:
    # 5 of warm-up, 25 stable, 10 of cosine to a tenth.
    if k < W:
        return k / W
    if k < 30:
        return 1.0
    return 0.1 + 0.9 * (0.5 * (1.0 + cos(pi * (k - 30) / 10))) if k < T else 0.1


def speechbrain_noam(n: int) -> float:
    return W**0.5 * min(n**-0.5, n * W**-1.5)


def speechbrain_noam_of_model(n: int) -> float:
    return 64**-0.5 * min(n**-0.5, n * W**-1.5)


def speechbrain_linear_noam(n: int) -> float:
    return n / W if n < W else 1.0 if n < W + 7 else W / (n - 7)


def speechbrain_linear_warmup(k: int) -> float:
    return k / W if k < W else max(0.0, (T - k) / (T - W))


def speechbrain_tri_stage(u: int) -> float:
    # Its tail goes on falling; ours stays at the floor from update 30 on.
    if u < W:
        return 0.01 + 0.99 / W * u
    return 1.0 if u < 15 else exp(log(0.05) / 15 * (min(u, 30) - 15))


def speechbrain_warm_cool_decay(u: int) -> float:
    # Without its jump: it leaves the warm-up out of the exponent where the cooldown begins.
    def decayed(v: int) -> float:
        return exp(log(0.75) / 20 * (v - W))

    if u < W:
        return u / W
    return decayed(u) if u <= 30 else max(0.0, decayed(30) - decayed(30) / 10 * (u - 30))


def speechbrain_cyclic(i: int) -> float:
    cycle = 1 + i // (2 * W)
    return 0.1 + 0.9 * max(0.0, 1 - abs(i / W - 2 * cycle + 1)) / 2.0 ** (cycle - 1)


def t5(k: int) -> float:
    return 1.0 / sqrt(max(k, W))


def fairseq_inverse_sqrt(k: int) -> float:
    return 1e-3 + k * (1.0 - 1e-3) / W if k < W else W**0.5 * k**-0.5


@pytest.mark.parametrize(
    ("theirs", "counts_from", "ours"),
    [
        (transformers_linear, 0, warmup_linear(1.0, steps=T, warmup=W)),
        (transformers_cosine, 0, warmup_cosine(1.0, steps=T, warmup=W)),
        (transformers_inverse_sqrt, 0, warmup_inverse_sqrt(1.0, warmup=W)),
        (transformers_wsd, 0, wsd(1.0, steps=T, warmup=W, cooldown=10, shape="cosine", floor=0.1)),
        (speechbrain_noam, 1, noam(W, peak=1.0)),
        (speechbrain_noam_of_model, 1, noam(W, model_size=64)),
        (speechbrain_linear_noam, 1, linear_noam(1.0, warmup=W, hold=7)),
        (speechbrain_linear_warmup, 0, warmup_linear(1.0, steps=T, warmup=W)),
        (speechbrain_linear_warmup, 1, warmup_linear(1.0, steps=T - 1, warmup=W, first="step")),
        (speechbrain_tri_stage, 0, tri_stage(1.0, warmup=W, hold=10, cooldown=15)),
        (
            speechbrain_warm_cool_decay,
            0,
            warm_cool_decay(1.0, steps=T, warmup=W, cooldown=10, every=20),
        ),
        (speechbrain_cyclic, 0, cyclic(1.0, start=0.1, up=W, mode="triangular2")),
        (t5, 0, inverse_sqrt_t5(W)),
        (fairseq_inverse_sqrt, 0, warmup_inverse_sqrt(1.0, warmup=W, start=1e-3)),
    ],
    ids=lambda part: getattr(part, "__name__", part if isinstance(part, int) else "ours"),
)
def test_values_of_other_projects(theirs, counts_from: int, ours: Schedule):
    expected = [theirs(k + counts_from) for k in range(T)]
    assert [ours(k) for k in range(T)] == pytest.approx(expected, rel=1e-13, abs=1e-15)


def test_a_run_may_change_its_mind_a_hundred_times():
    schedule = g.warmup_cosine(peak=1.0, steps=1000, warmup=10)
    for at in range(10, 1000, 10):
        schedule = g.branch(schedule, at=at, then=g.Linear(0.5, 0.25, 2000))
    assert schedule(5) == 0.5
    assert schedule(25) == g.Linear(0.5, 0.25, 2000)(5)
    assert g.parse(repr(schedule)) == g.build(schedule.config()) == schedule


def test_closed_forms_may_be_given_by_two_of_their_values():
    decay = NaturalDecay.by(start=3.0, factor=0.25, every=10)
    assert [decay(k) for k in (0, 5, 10, 20)] == pytest.approx([3.0, 1.5, 0.75, 0.1875], rel=1e-15)
    line = Line.between(start=2.0, end=1.0, steps=4)
    assert [line(k) for k in (0, 1, 4, 6)] == [2.0, 1.75, 1.0, 0.5]
