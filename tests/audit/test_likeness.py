"""Without a plan: the schedule that a log looks like is the one that made it."""

import math

import numpy as np
import pytest

from gradatim import Constant, ExponentialDecay, parse, trapezoid, warmup_cosine
from gradatim.audit import audit, looks_like
from gradatim.cli import main
from gradatim.logs.logged_rates import read_rates
from tests.audit.planted import PLANS, STEPS, write_csv, write_text

KNOWN = {
    "cosine": "warmup_cosine(",
    "cosine to 0": "warmup_cosine(",
    "linear": "warmup_linear(",
    "wsd": "wsd(",
    "step decay": "piecewise_constant(",
    "inverse sqrt": "warmup_inverse_sqrt(",
    "constant": "Constant(",
    "warm constant": "warmup_constant(",
    "polynomial": "warmup_polynomial(",
    "trapezoid": "wsd(",
    "exponential": "ExponentialDecay(",
    "multistep": "Linear(",
}
MORE = {
    "trapezoid": trapezoid(peak=1e-3, steps=STEPS, warmup=200, cooldown=1500),
    "exponential": ExponentialDecay(start=0.01, factor=0.999),
}


@pytest.mark.parametrize("every", [1, 10, 50])
@pytest.mark.parametrize("name", KNOWN)
def test_a_log_looks_like_what_made_it(name, every, tmp_path):
    plan = (PLANS | MORE)[name]
    log = write_csv(tmp_path, [(s, plan(s)) for s in range(0, STEPS, every)])
    found = audit(log).rates[0].likeness
    assert found.fits
    assert found.expression.startswith(KNOWN[name])
    # Also between the logged steps, but where a rate drops between two of them.
    between = np.arange(STEPS)
    off = np.abs(parse(found.expression)(between) - plan(between)) / plan(between).max()
    assert (off > 2e-4).sum() <= (2 * every if name == "multistep" else 0)


def test_the_parameters_are_those_that_made_it(tmp_path):
    plan = warmup_cosine(peak=3e-4, steps=STEPS, warmup=300, floor=3e-5)
    log = write_text(tmp_path, [(s, plan(s)) for s in range(0, STEPS, 10)])
    assert looks_like(read_rates(log)[0]).schedule == plan


def test_the_parameters_survive_three_digits(tmp_path):
    plan = PLANS["cosine"]
    log = write_csv(tmp_path, [(s, float(f"{plan(s):.2e}")) for s in range(0, STEPS, 10)])
    found = looks_like(read_rates(log)[0])
    assert found.fits
    every = np.arange(STEPS)
    assert np.abs(found.schedule(every) - plan(every)).max() < 0.01 * 3e-4


def test_what_is_no_known_schedule_is_said(tmp_path, capsys):
    log = write_csv(tmp_path, [(s, 1e-3 * (2 + math.sin(s / 70))) for s in range(0, STEPS, 10)])
    with pytest.raises(SystemExit) as exit_:
        main(["audit", str(log)])
    assert exit_.value.code == 0
    assert "None of the known schedules fits" in capsys.readouterr().out


def test_check_is_asked_about_it(tmp_path, capsys):
    # A run that goes on long after the end of its schedule, at a rate of 0.
    plan = warmup_cosine(peak=3e-4, steps=2000, warmup=300)
    log = write_csv(tmp_path, [(s, plan(s)) for s in range(0, STEPS, 10)])
    found = audit(log).rates[0].likeness
    assert found.findings == tuple(plan.check(STEPS - 9))
    assert found.findings


def test_a_constant_is_a_constant(tmp_path):
    log = write_csv(tmp_path, [(s, 0.0002) for s in range(30)])
    assert looks_like(read_rates(log)[0]).schedule == Constant(value=0.0002)
