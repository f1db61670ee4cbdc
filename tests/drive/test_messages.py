"""What a plan and a driver take, and what to write instead."""

import pytest

from tests.drive.messages import message

PLANS = {
    "Plan({})": (
        'Plan: schedules must be a mapping from targets to schedules, got {}. Write {"lr": '
        "schedule}."
    ),
    'Plan({"lr": "x"})': (
        "Plan: lr must be a schedule, or a number that stays, got 'x'. Write for example "
        "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)."
    ),
    'Plan({"lr": None})': (
        "Plan: lr must be a schedule, or a number that stays, got None. Write for example "
        "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)."
    ),
    "Plan({5: 1.0})": 'Plan: a target must be a text such as "lr" or "lr/head", got 5.',
    'Plan({"/head": 1.0})': (
        'Plan: a target must be a text such as "lr" or "lr/head", got \'/head\'.'
    ),
    'Plan({"lr": 1.0}, external=5)': (
        'Plan: external must be a mapping from names to schedules, got 5. Write external={"kl": '
        "schedule}."
    ),
    'Plan({"lr": 1.0}, external={"": 1.0})': (
        "Plan: a name of an external value must be a text without \"/\", got ''."
    ),
    'Plan({"lr": 1.0}, external={"a/b": 1.0})': (
        "Plan: a name of an external value must be a text without \"/\", got 'a/b'."
    ),
    'Plan({"lr": 1.0}, external={"tick": 1.0})': (
        "Plan: a name of an external value must be another one, got 'tick'."
    ),
    'Plan({"lr": 1.0}, external={"position": 1.0})': (
        "Plan: a name of an external value must be another one, got 'position'."
    ),
    'Plan({"lr": 1.0}, external={"lr": 1.0})': (
        "Plan: lr is driven in the optimizer already; give the external value another name."
    ),
    'Plan({"lr": 1.0}, external={"kl": "x"})': (
        "Plan: kl must be a schedule, or a number that stays, got 'x'. Write for example "
        "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)."
    ),
    'Plan({"lr": 1.0}, rules=5)': (
        'Plan: rule must be a rule, or a mapping from values such as "lr" to rules, got 5. Write '
        "rule=Plateau(mode='min')."
    ),
    'Plan({"lr": 1.0}, rules={"lr": 5})': (
        "Plan: the rule for 'lr' must be a rule such as Plateau, got 5."
    ),
    'Plan({"lr": 1.0}, rules={"wd": PLATEAU})': (
        "Plan: unknown value to apply a rule to 'wd'. Known: lr."
    ),
    'Plan({"wd": 1.0}, rules=PLATEAU)': "Plan: unknown value to apply a rule to 'lr'. Known: wd.",
    'Plan({"lr": 1.0}, run=5)': (
        "Plan: run must be a Run, got 5. Write Run(samples=..., batch=..., ...)."
    ),
    'Plan({"lr": 1.0})["wd"]': "Plan: unknown target 'wd'. Known: lr.",
    'Plan({"wd": 1.0}).with_rates(lambda s: s)': "Plan: unknown value 'lr'. Known: wd.",
    "Plan({\"lr\": 1.0}).__setattr__('run', 5)": (
        "Plan: run cannot be set, a plan never changes. Build another one."
    ),
    'as_plan("Scheduler", 5)': (
        "Scheduler: plan must be a Plan, the path of a plan file, or a mapping of schedules, got "
        '5. Write {"lr": schedule}.'
    ),
    'as_plan("Scheduler", Plan({"lr": 1.0}), run=Run(steps=5))': (
        "Scheduler: a plan has its external values, its rules and its run already. Give them to "
        "the plan: Plan(schedules, external=..., rules=..., run=...)."
    ),
    'as_plan("Scheduler", Plan({"lr": 1.0}), rules=PLATEAU)': (
        "Scheduler: a plan has its external values, its rules and its run already. Give them to "
        "the plan: Plan(schedules, external=..., rules=..., run=...)."
    ),
    'as_plan("Scheduler", {"lr": "x"})': (
        "Scheduler: lr must be a schedule, or a number that stays, got 'x'. Write for example "
        "warmup_cosine(peak=3e-4, warmup=500, steps=10_000)."
    ),
}

DRIVERS = {
    'Driver({"lr": warmup_cosine(1.0, steps=TIME)})': (
        "Driver: the lengths of lr are those of a run measured in time, and it would be asked for "
        "updates. Give that run here, too: run=..."
    ),
    'Driver(Plan({"lr": warmup_cosine(1.0, steps=TIME)}))': (
        "Driver: the lengths of lr are those of a run measured in time, and it would be asked for "
        "updates. Give that run here, too: run=..."
    ),
    'Driver({"lr": by_updates(warmup_cosine(1.0, steps=TIME))}, run=TIME)': (
        "Driver: the lengths of lr are those of a run measured in time, and it would be asked for "
        "updates. Give that run here, too: run=..."
    ),
    'Driver({"lr": 1.0}, setters={"kl": print})': "setters: unknown value to set 'kl'. Known: lr.",
    'Driver({"lr": 1.0}, setters={"lr": 5})': (
        "setters: the setter of 'lr' must be a function of one number, got 5."
    ),
    'Driver({"lr": 1.0}, now=5)': (
        "Scheduler: now must be a function without arguments that gives seconds, got 5."
    ),
    'Driver({"lr": 1.0}).value("kl")': "value: unknown value 'kl'. Known: lr.",
    'Driver({"lr": 1.0}).add_setter("kl", print)': (
        "add_setter: unknown value to set 'kl'. Known: lr."
    ),
    'Driver({"lr": 1.0}).count(5)': "count: give one argument by its name: updates=n.",
    'Driver({"lr": 1.0}).count(tokens=5)': (
        "count: tokens cannot be counted, the clock of this run is in updates. For a clock in "
        'tokens, write Run(..., clock="tokens").'
    ),
    'Driver({"lr": 1.0}).count(updates=5)': (
        "count: updates cannot be counted, the clock of this run is in updates. Leave the call out."
    ),
    'Driver({"lr": 1.0}, run=STEPS).count(tokens=5)': (
        "count: the clock of this run is in env_steps; write count(env_steps=...)."
    ),
    'Driver({"lr": 1.0}, run=STEPS).count(env_steps=-5)': (
        "count: env_steps must be a whole number, 0 or more, got -5."
    ),
    'Driver({"lr": 1.0}, run=STEPS).count(env_steps=1.5)': (
        "count: env_steps must be a whole number, 0 or more, got 1.5."
    ),
    'Driver({"lr": 1.0}, run=STEPS).check_ready()': (
        "Scheduler: the clock of this run is in env_steps, and nothing has been counted for this "
        "update. Call scheduler.count(env_steps=n) before each step."
    ),
    'Driver({"lr": 1.0}, run=STEPS).advance()': (
        "Scheduler: the clock of this run is in env_steps, and nothing has been counted for this "
        "update. Call scheduler.count(env_steps=n) before each step."
    ),
    'Driver({"lr": 1.0}, run=PROGRESS).check_ready()': (
        "Scheduler: the clock of this run is in progress, and nothing has been counted for this "
        "update. Call scheduler.count(progress=0.25) before each step."
    ),
    'Driver({"lr": 1.0}, run=PROGRESS).count(progress=1.5)': (
        "count: progress must be a share of the run, from 0.0 to 1.0, got 1.5."
    ),
    "Driver({\"lr\": 1.0}, run=PROGRESS).count(progress='x')": (
        "count: progress must be a share of the run, from 0.0 to 1.0, got 'x'."
    ),
    "(d := Driver({'lr': 1.0}, run=PROGRESS)).count(progress=0.5) or d.count(progress=0.25)": (
        "count: progress must be at least 0.5, as before, got 0.25. A clock never runs backwards."
    ),
    "Driver({\"lr\": 1.0}, run=FOURS.replace(clock='samples')).count(samples=5)": (
        "count: samples cannot be counted, the clock of this run is in samples, known from the "
        "run. Leave the call out."
    ),
    'Driver({"lr": 1.0}, run=Run(seconds=5)).count(time=5)': (
        "count: time cannot be counted, the clock of this run is in time. Leave the call out."
    ),
    'Driver({"lr": 1.0}).done': (
        "done: the length of the run is not known. Give run=Run(steps=...) when building."
    ),
    'Driver({"lr": 1.0}).remaining': (
        "done: the length of the run is not known. Give run=Run(steps=...) when building."
    ),
    'Driver({"lr": 1.0}).advance(-1)': (
        "advance: updates must be a whole number, 0 or more, got -1."
    ),
    'Driver({"lr": 1.0}).retract()': (
        "retract: no update has been counted since the start of the run or the last load."
    ),
    'Driver({"lr": 1.0}).observe(1.0)': (
        "observe: there is no rule to show the metric to. Give one when building: "
        "rule=Plateau(mode='min')."
    ),
    'Driver({"lr": 1.0}, rules=PLATEAU).observe(1.0, "wd")': (
        "observe: unknown rule 'wd'. Known: lr."
    ),
    'Driver({"lr": 1.0}).seek(-1)': "seek: position must be a whole number, 0 or more, got -1.",
    'Driver({"lr": 1.0}).seek(5, tick=-1)': "seek: tick must be a whole number, 0 or more, got -1.",
    'Driver({"lr": 1.0}, run=Run(seconds=5)).seek(5)': (
        "seek: the clock of this run is in time; say what it shows after 5 updates: seek(5, "
        "tick=...)."
    ),
    'Driver({"lr": 1.0}).history("wd")': "history: unknown target 'wd'. Known: lr.",
}


@pytest.mark.parametrize("written", PLANS | DRIVERS)
def test_a_wrong_argument_gets_its_sentence(written: str):
    assert message(written) == (PLANS | DRIVERS)[written]
