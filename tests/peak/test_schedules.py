"""The schedules of short runs: as many updates of warm-up as the full run has."""

from functools import partial

import pytest

from gradatim import one_cycle, warmup_cosine, warmup_linear, wsd
from gradatim.peak import find_peak_for
from gradatim.peak.schedules import shortened

STEPS = 1600
SHAPES = {
    "linear": partial(warmup_linear, warmup="5%"),
    "cosine": partial(warmup_cosine, warmup="2%", floor=0.01),
    "wsd": partial(wsd, warmup="5%", cooldown="20%"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("updates", [400, 800])
def test_a_short_run_is_warmed_up_like_the_full_one_and_ends_like_it(shape, updates: int):
    full = shape(peak=1.0, steps=STEPS)
    short = shortened(shape, 1.0, STEPS, updates)
    warmup = full.values(STEPS).index(1.0)
    assert short.values(warmup + 1) == pytest.approx(full.values(warmup + 1))
    assert short(updates) == pytest.approx(full(STEPS))
    # What follows is the same curve in fewer updates.
    for part in (0.25, 0.5, 0.75):
        at = warmup + part * (updates - warmup)
        assert short(at) == pytest.approx(full(warmup + part * (STEPS - warmup)), abs=0.02)


def test_the_warmup_takes_at_most_a_quarter_of_a_short_run():
    short = shortened(SHAPES["linear"], 1.0, STEPS, 100)
    assert short.values(101)[:26] == pytest.approx([k / 25 for k in range(26)])
    assert short(100) == 0.0


@pytest.mark.parametrize(
    "shape",
    [one_cycle, partial(warmup_cosine, warmup=0), partial(warmup_linear, warmup=30)],
    ids=["a longer share", "none", "a number of updates"],
)
def test_a_warmup_that_is_not_too_short_is_left_alone(shape):
    assert shortened(shape, 1.0, STEPS, 400) == shape(peak=1.0, steps=400)


def test_the_full_length_is_the_schedule_itself():
    for shape in SHAPES.values():
        assert shortened(shape, 0.1, STEPS, STEPS) == shape(peak=0.1, steps=STEPS)


def test_a_search_trains_with_them():
    torch = pytest.importorskip("torch")
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    rates = []

    def step():
        optimizer.zero_grad()
        loss = weight.square().sum()
        loss.backward()
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        return loss

    shape = SHAPES["linear"]
    module = torch.nn.ParameterList([weight])
    found = find_peak_for(module, optimizer, step, steps=320, schedule=shape, low=1e-3, high=1.0)
    longest = found.runs[-1]
    assert longest.share == 0.5
    assert rates[-160:] == pytest.approx(shortened(shape, longest.peak, 320, 160).values(160))
    assert rates[-160:].index(max(rates[-160:])) == 16
