"""What is wrong with a state that cannot be read."""

import pytest

from tests.drive.messages import message

STATES = {
    'Driver({"lr": 1.0}).load(5)': (
        "load: state must be what state_dict() gave: it has a 'format', got 5. To go on at a "
        "position that you know, write scheduler.seek(position)."
    ),
    'Driver({"lr": 1.0}).load({})': (
        "load: state must be what state_dict() gave: it has a 'format', got {}. To go on at a "
        "position that you know, write scheduler.seek(position)."
    ),
    'Driver({"lr": 1.0}).load({}, "x")': (
        "load: unknown on_mismatch 'x'. Known: extend, keep, override, rescale, same-past, strict."
    ),
    'Driver({"lr": 1.0}).load({"last_epoch": 5})': (
        "load: this is the state of another scheduler, such as one of torch or transformers: it "
        "has a 'last_epoch', 5, and no 'format'. If it was stepped once per update, write "
        "scheduler.seek(5) instead of loading it. Where a trainer loads it by itself, seek, then "
        "save scheduler.state_dict() over the trainer's file. gradatim.torch.from_torch(...) "
        "translates the scheduler itself."
    ),
    'Driver({"lr": 1.0}).load({"last_epoch": 5, "num_bad_epochs": 0})': (
        "load: this is the state of another scheduler, such as one of torch or transformers: it "
        "has a 'last_epoch', 5, and no 'format'. That one counts evaluations, not updates: write "
        "scheduler.seek(position) instead of loading it. Where a trainer loads it by itself, seek, "
        "then save scheduler.state_dict() over the trainer's file. gradatim.torch.from_torch(...) "
        "translates the scheduler itself."
    ),
    'Driver({"lr": 1.0}).load([{"last_epoch": 5}])': (
        "load: this is the state of another scheduler, such as one of torch or transformers: it "
        "has a 'last_epoch', 5, under [0] and no 'format'. If it was stepped once per update, "
        "write scheduler.seek(5) instead of loading it. Where a trainer loads it by itself, seek, "
        "then save scheduler.state_dict() over the trainer's file. gradatim.torch.from_torch(...) "
        "translates the scheduler itself."
    ),
    'Driver({"lr": 1.0}).load({"last_epoch": -5})': (
        "load: state must be what state_dict() gave: it has a 'format', got {'last_epoch': -5}. To "
        "go on at a position that you know, write scheduler.seek(position)."
    ),
    'Driver({"lr": 1.0}).load({"model": {}, "scheduler": Driver({"lr": 1.0}).state()})': (
        "load: this holds the state that state_dict() gave, under ['scheduler']. Load that."
    ),
    "loaded(format=3)": (
        "load: format must be 1 to 2, those this version reads, got 3. A larger one was written by "
        "a newer version: update gradatim."
    ),
    "loaded(format=0)": (
        "load: format must be 1 to 2, those this version reads, got 0. A larger one was written by "
        "a newer version: update gradatim."
    ),
    "loaded(schedules=5)": "load: schedules must be a mapping from names, got 5.",
    "loaded(states=None)": "load: states must be a mapping from names, got None.",
    "loaded(external=5)": "load: external must be a list of names, got 5.",
    'loaded(external=["kl"])': "load: external must be among ['lr'], got ['kl'].",
    'loaded(states={"lr": STATE})': "load: states must be for [], got ['lr'].",
    "loaded(position=-1)": "load: position must be a whole number, 0 or more, got -1.",
    "loaded(position=1.5)": "load: position must be a whole number, 0 or more, got 1.5.",
    'loaded(tick="x")': "load: tick must be a whole number, 0 or more, got 'x'.",
    "loaded(last=5)": "load: last must be None, or an optimizer's index and its values, got 5.",
    "loaded(last=[0])": "load: last must be None, or an optimizer's index and its values, got [0].",
    "loaded(last=[0, 5])": "load: the values of last must be a mapping from targets, got 5.",
    'loaded(last=[0, {"lr": "x"}])': "load: last['lr'] must be a finite number, got 'x'.",
    'loaded(last=[-1, {"lr": 1.0}])': "load: last must be a whole number, 0 or more, got -1.",
    'loaded(of_rules=PLATEAU, states={"lr": [1.0]})': (
        "load: states['lr'] must be a list of 6 numbers, got [1.0]."
    ),
    "loaded(of_rules=PLATEAU, states={\"lr\": [1.0, 0, 0, 0, 0, 'x']})": (
        "load: states['lr'].pause must be a whole number, 0 or more, got 'x'."
    ),
    'loaded(of_rules=PLATEAU, states={"lr": [-1.0, 0, 0, 0, 0, 0]})': (
        "load: states['lr'].scale must be a finite number, 0 or more, got -1.0."
    ),
    "loaded(of_run=TIME)": (
        "load: the state was measured in time, this plan is measured in updates, so its tick, 100, "
        "means nothing here. Use a run with the clock 'time', or say where this run stands: "
        "seek(10, tick=...)."
    ),
    "loaded(run=TIME)": (
        "load: the state was measured in updates, this plan is measured in time, so its tick, 10, "
        "means nothing here. Use a run with the clock 'updates', or say where this run stands: "
        "seek(10, tick=...)."
    ),
    "loaded(its_rules=[])": "load: rules must be a mapping from names, got [].",
    "loaded(its_run=LINE.config())": (
        "load: the run of the state: load: run must be a run, got Linear(start=1.0, end=0.0, "
        "steps=100)."
    ),
    'loaded(its_run={"Run": {"steps": -4}})': (
        "load: the run of the state: Run: steps must be a whole number, 1 or more, got -4."
    ),
    'loaded(last="left out")': (
        "load: the keys of the state must be ['external', 'format', 'last', 'position', 'rules', "
        "'run', 'schedules', 'states', 'tick'], got ['external', 'format', 'position', 'rules', "
        "'run', 'schedules', 'states', 'ti...."
    ),
}


@pytest.mark.parametrize("written", STATES)
def test_a_broken_state_gets_its_sentence(written: str):
    assert message(written) == STATES[written]
