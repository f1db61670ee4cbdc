"""A run that is stopped and goes on is the run that was never stopped, or it says why not."""

import json
import math
import os
import sys

import pytest

from gradatim import (
    Constant,
    Driver,
    Function,
    GradatimError,
    Greedy,
    Linear,
    NewBob,
    Plateau,
    Target,
    cosine_restarts,
    cyclic,
    warmup_cosine,
)
from tests.core.fitting import fitting

N = 40
METRICS = [5.0, 4.0, 4.0, 4.0, 4.5, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.5, 3.0, -1.0, -1.0, -1.0]
EVERY = 3


def half(step):
    return 0.5


def double(step):
    return 2.0


def one_third(step):
    return 1.0 / (step + 3)


SCHEDULES = fitting(N) | {
    "grown": cosine_restarts(peak=0.3, cycle=5, stretch=2, factor=0.7),
    "nested": (0.3 * cyclic(peak=1.0, start=0.1, up=3).staircase(2)).clip(high=0.2).shift(5),
    "own": Function(function=one_third),
}
RULES = {
    "plateau": Plateau(mode="min", factor=0.7, patience=1, cooldown=1),
    "newbob": NewBob(mode="max", factor=0.9, patience=1),
    "greedy": Greedy(mode="min", factor=0.8, patience=0, warmup=1),
}


def go(driver, until, saves=None):
    """Train until a position, evaluating now and then; the values used, and every state."""
    used = []
    while driver.position < until:
        if saves is not None:
            saves.append(json.dumps(driver.state()))
        used.append(driver.next)
        driver.advance()
        if driver.plan.rules and driver.position % EVERY == 0:
            driver.observe(METRICS[driver.position // EVERY % len(METRICS)])
    return used


@pytest.mark.parametrize("name", SCHEDULES)
def test_stopped_at_any_update_a_run_goes_on_bitwise(name):
    schedules = {"lr": SCHEDULES[name], "momentum": Linear(start=0.9, end=0.8, steps=N)}
    for rule in (None, *RULES.values()):
        rules = {} if rule is None else {"lr": rule}
        saves = []
        whole = go(Driver(schedules, rules), N, saves)
        assert rule is None or len({json.loads(save)["states"]["lr"][0] for save in saves}) > 1
        for k, save in enumerate(saves):
            driver = Driver(schedules, rules)
            driver.advance(7)  # whatever it did before
            driver.load(json.loads(save))
            driver.load(json.loads(save))
            assert driver.position == k
            assert driver.applied is None
            assert go(driver, N) == whole[k:]


def test_a_state_is_plain_data():
    driver = Driver({"lr": SCHEDULES["nested"]}, {"lr": RULES["greedy"]})
    go(driver, 20)
    state = driver.state()

    def plain(value):
        if isinstance(value, dict):
            return all(type(key) is str and plain(entry) for key, entry in value.items())
        if isinstance(value, list):
            return all(map(plain, value))
        return value is None or type(value) in (str, int, float, bool)

    assert plain(state)
    assert json.loads(json.dumps(state)) == state
    assert state["format"] == 2


def test_a_file_holds_it_all(tmp_path):
    schedules, rules = {"lr": SCHEDULES["wsd"]}, {"lr": RULES["plateau"]}
    driver = Driver(schedules, rules)
    go(driver, 20)
    driver.save(tmp_path / "state.json")
    fresh = Driver(schedules, rules)
    fresh.restore(str(tmp_path / "state.json"))
    assert fresh.state() == driver.state()
    assert go(fresh, N) == go(driver, N)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nothing", '{"a": 1}\x00'])
def test_a_file_that_is_none_of_ours(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)
    driver = Driver({"lr": Constant(value=0.1)})
    with pytest.raises(GradatimError, match=r"state\.json: not a saved state"):
        driver.restore(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Driver({"lr": Constant(value=0.1)}).restore(tmp_path / "state.json")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_a_pipe_a_device_or_a_folder_is_not_read(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path, what in ((pipe, "a pipe"), ("/dev/zero", "a pipe"), (tmp_path, "a folder")):
        with pytest.raises(GradatimError, match=f"^{path}: it is {what}.*not a regular file"):
            Driver({"lr": Constant(value=0.1)}).restore(path)


class TestMismatch:
    ours = warmup_cosine(peak=1.0, steps=100, warmup=10)
    theirs = warmup_cosine(peak=0.5, steps=200, warmup=10)

    def saved(self, position=60, rules=None, **schedules):
        driver = Driver({"lr": self.theirs} | schedules, rules)
        driver.advance(position)
        return driver

    def test_strict_names_each_field_and_what_the_next_update_would_be(self):
        driver = Driver({"lr": self.ours})
        driver.advance(5)
        before = driver.state()
        with pytest.raises(GradatimError) as error:
            driver.load(self.saved().state())
        assert str(error.value).splitlines() == [
            "load: the checkpoint's schedules are not this script's (checkpoint -> script):",
            "  lr: Linear(..., end=0.5) -> Linear(..., end=1.0)",
            "  lr: Cosine(..., start=0.5, steps=190) -> Cosine(..., start=1.0, steps=90)",
            f"  lr of the next update: {self.theirs(60)!r} -> {self.ours(60)!r}",
            "To go on with the checkpoint's, on_mismatch='keep'; with the script's at position 60, "
            "on_mismatch='override'.",
        ]
        assert driver.state() == before

    def test_keep_goes_on_with_the_checkpoints(self):
        driver = Driver({"lr": self.ours})
        driver.load(self.saved().state(), "keep")
        assert dict(driver.plan.schedules) == {Target("lr"): self.theirs}
        assert (driver.position, driver.next) == (60, {"lr": self.theirs(60)})
        driver.load(driver.state())

    def test_override_goes_on_with_the_scripts_at_that_position(self):
        driver = Driver({"lr": self.ours})
        driver.load(self.saved().state(), "override")
        assert dict(driver.plan.schedules) == {Target("lr"): self.ours}
        assert (driver.position, driver.next) == (60, {"lr": self.ours(60)})

    @pytest.mark.parametrize("policy", ["strict", "keep", "override"])
    def test_without_a_difference_all_policies_are_one(self, policy):
        driver = Driver({"lr": self.theirs}, {"lr": RULES["plateau"]})
        saved = self.saved(rules={"lr": RULES["plateau"]})
        saved.observe(1.0)
        driver.load(saved.state(), policy)
        assert driver.state() == saved.state()

    def test_another_rule_is_a_difference_and_begins_anew(self):
        old, new = Plateau(mode="min", factor=0.5, patience=0), Plateau(mode="min", patience=3)
        saved = self.saved(rules={"lr": old})
        saved.observe(1.0)
        saved.observe(1.0)
        driver = Driver({"lr": self.theirs}, {"lr": new})
        with pytest.raises(GradatimError) as error:
            driver.load(saved.state())
        rate = self.theirs(60)
        changed = "Plateau(..., factor=0.5, patience=0) -> Plateau(..., factor=0.1, patience=3)"
        assert f"  rule of lr: {changed}" in str(error.value)
        assert f"lr of the next update: {rate * 0.5!r} -> {rate!r}" in str(error.value)
        driver.load(saved.state(), "override")
        assert driver.scales == {"lr": 1.0}
        driver.load(saved.state(), "keep")
        assert (driver.scales, driver.plan.rules) == ({"lr": 0.5}, {"lr": old})

    def test_the_same_rule_keeps_its_state_on_another_schedule(self):
        saved = self.saved(rules={"lr": Plateau(mode="min", factor=0.5, patience=0)})
        saved.observe(1.0)
        saved.observe(1.0)
        driver = Driver({"lr": self.ours}, {"lr": Plateau(mode="min", factor=0.5, patience=0)})
        driver.load(saved.state(), "override")
        assert driver.next == {"lr": 0.5 * self.ours(60)}

    def test_a_value_more_or_less_is_a_difference(self):
        more = self.saved(momentum=Constant(value=0.9))
        driver = Driver({"lr": self.theirs})
        with pytest.raises(GradatimError, match=r"momentum: Constant\(value=0\.9\) -> nothing"):
            driver.load(more.state())
        with pytest.raises(GradatimError, match=r"the targets of the state must be \['lr'\]"):
            driver.load(more.state(), "keep")
        driver.load(more.state(), "override")
        assert driver.next == {"lr": self.theirs(60)}

    def test_many_differences_are_cut_short(self):
        names = [f"v{k:02}" for k in range(20)]
        theirs, ours = ({name: Constant(value=v) for name in names} for v in (1.0, 2.0))
        with pytest.raises(GradatimError, match="and 12 more"):
            Driver(ours).load(Driver(theirs).state())

    @pytest.mark.parametrize("policy", ["Strict", "error", None, True, ""])
    def test_no_such_policy(self, policy):
        with pytest.raises(GradatimError, match="unknown on_mismatch"):
            Driver({"lr": self.ours}).load(self.saved().state(), policy)


def state(**changed):
    driver = Driver({"lr": Constant(value=0.1)}, {"lr": RULES["plateau"]})
    driver.advance(3)
    driver.observe(1.0)
    return driver.state() | changed


def schedule(config):
    return state(schedules={"lr": config})


def without(key):
    return {name: entry for name, entry in state().items() if name != key}


def deep(levels):
    config = {"Constant": {"value": 0.1}}
    for _ in range(levels):
        config = {"Scale": {"schedule": config, "factor": 1.0}}
    return config


FIELDS = [1.0, 1.0, 1, 0, 0, 0]
BAD_STATES = {
    "nothing": ({}, "it has a 'format'"),
    "None": (None, "state must be what"),
    "a list": ([1, 2], "state must be what"),
    "a text": ("format", "state must be what"),
    "of torch's StepLR": ({"step_size": 3, "gamma": 0.1, "last_epoch": 5}, r"scheduler\.seek\(5\)"),
    "newer": (state(format=3), "format must be 1 to 2.*newer version: update gradatim"),
    "format as a bool": (state(format=True), "format must be 1"),
    "format as a text": (state(format="1"), "format must be 1"),
    "format as a float": (state(format=1.0), "format must be 1"),
    "no position": (without("position"), "the keys of the state"),
    "tick -1": (state(tick=-1), "tick must be a whole number"),
    "no tick": (without("tick"), "the keys of the state"),
    "a last optimizer that is a name": (state(last="adamw"), "last must be None, or an"),
    "external a mapping": (state(external={}), "external must be a list of names"),
    "external not driven": (state(external=["kl"]), "external"),
    "a format 1 with a tick": (state(format=1), "the keys of the state"),
    "no schedules": (without("schedules"), "the keys of the state"),
    "no rules": (without("rules"), "the keys of the state"),
    "no states": (without("states"), "the keys of the state"),
    "no run": (without("run"), "the keys of the state"),
    "a run that is a number": (
        state(run=5),
        "the run of the state: .*must be one name and its arguments",
    ),
    "a run that is a schedule": (state(run=deep(0)), "load: run must be a run"),
    "a run of wrong sizes": (state(run={"Run": {"steps": 0}}), "steps must be"),
    "a key more": (state(step=5), "the keys of the state"),
    "a key that is no text": (state() | {3: 4}, "the keys of the state"),
    "position -1": (state(position=-1), "position must be a whole number"),
    "position NaN": (state(position=math.nan), "position must be a whole number"),
    "position 1.0": (state(position=1.0), "position must be a whole number"),
    "position True": (state(position=True), "position must be a whole number"),
    "position a text": (state(position="5"), "position must be a whole number"),
    "position beyond all": (state(position=10**400), "position must be a whole number"),
    "schedules a list": (state(schedules=[]), "schedules must be a mapping"),
    "rules None": (state(rules=None), "rules must be a mapping"),
    "states a number": (state(states=1), "states must be a mapping"),
    "states for nothing": (state(states={}), r"states must be for \['lr'\], got \[\]"),
    "states of mixed names": (state(states={1: FIELDS, "lr": FIELDS}), "states must be for"),
    "a state too short": (state(states={"lr": FIELDS[:5]}), r"states\['lr'\] must be a list of 6"),
    "a state too long": (state(states={"lr": [*FIELDS, 0]}), r"states\['lr'\] must be a list of 6"),
    "a state of no numbers": (state(states={"lr": ["1.0", *FIELDS[1:]]}), r"\.scale must be a fin"),
    "a state of bools": (state(states={"lr": [1.0, 1.0, True, 0, 0, 0]}), r"\.seen must be"),
    "a scale of NaN": (state(states={"lr": [math.nan, *FIELDS[1:]]}), r"\.scale must be a fin"),
    "a scale below 0": (state(states={"lr": [-1.0, *FIELDS[1:]]}), r"\.scale must be a fin"),
    "a reference of infinity": (
        state(states={"lr": [1.0, math.inf, 1, 0, 0, 0]}),
        r"\.reference must be a fin",
    ),
    "a count below 0": (state(states={"lr": [1.0, 1.0, 1, -9, 0, 0]}), r"\.worse must be a whole"),
    "a count and a half": (state(states={"lr": [1.0, 1.0, 1, 0, 0, 0.5]}), r"\.pause must be"),
    "an unknown schedule": (schedule({"Cosinus": {}}), "unknown schedule 'Cosinus'"),
    "a schedule that is none": (schedule(0.1), "must be one name and its arguments"),
    "a schedule that is a rule": (schedule(RULES["plateau"].config()), "lr must be a schedule"),
    "a rule that is a schedule": (state(rules={"lr": deep(0)}), "lr must be a rule"),
    "a rule for nothing": (
        state(rules={"x": RULES["newbob"].config()}, states={"x": FIELDS}),
        "rules of the state",
    ),
    "a schedule of wrong arguments": (
        schedule({"Linear": {"start": "0", "end": 1, "steps": 4}}),
        "start must be",
    ),
    "a schedule of NaN": (schedule({"Constant": {"value": math.nan}}), "value must be"),
    "a schedule too deep": (schedule(deep(200)), "more than|too deep"),
    "a schedule much too deep": (schedule(deep(50_000)), "more than|too deep"),
    "values past all bounds": (
        schedule({"Scale": {"schedule": {"Constant": {"value": 1e300}}, "factor": 1e300}}),
        "must be a finite number, got inf",
    ),
}


@pytest.mark.parametrize("policy", ["strict", "keep"])
@pytest.mark.parametrize("name", BAD_STATES)
def test_a_bad_state_is_refused_and_changes_nothing(name, policy):
    bad, words = BAD_STATES[name]
    driver = Driver({"lr": Constant(value=0.1)}, {"lr": RULES["plateau"]})
    driver.advance(7)
    driver.observe(2.0)
    before, log = driver.state(), list(driver.history("lr"))
    with pytest.raises(GradatimError, match=words if policy == "keep" else "^load: "):
        driver.load(bad, policy)
    assert (driver.state(), list(driver.history("lr"))) == (before, log)


class TestFunctions:
    def test_one_that_the_script_names_too_is_resumed(self):
        driver = Driver({"lr": Function(function=half)})
        driver.advance(5)
        fresh = Driver({"lr": Function(function=half)})
        fresh.load(driver.state())
        assert (fresh.position, fresh.next) == (5, {"lr": 0.5})

    @pytest.mark.parametrize(
        "config",
        [
            {"Function": {"function": "subprocess:check_output", "steps": None}},
            {"Function": {"function": f"{__name__}:double", "steps": None}},
            {"Scale": {"schedule": {"Function": {"function": "os:getpid"}}, "factor": 2.0}},
            {"Join": {"pieces": [{"Function": {"function": "os:abort", "steps": 1}}, deep(0)]}},
        ],
    )
    def test_one_that_it_does_not_name_is_never_called(self, config):
        driver = Driver({"lr": Function(function=half)})
        with pytest.raises(GradatimError, match=r"would import and run .*on_mismatch='override'"):
            driver.load(driver.state() | {"schedules": {"lr": config}}, "keep")
        with pytest.raises(GradatimError, match="are not this script's"):
            driver.load(driver.state() | {"schedules": {"lr": config}})
        driver.load(driver.state() | {"schedules": {"lr": config}, "position": 9}, "override")
        assert (driver.position, driver.next) == (9, {"lr": 0.5})

    def test_keep_with_a_function_of_both(self):
        theirs = Driver({"lr": 3.0 * Function(function=half)})
        driver = Driver({"lr": Function(function=half)})
        driver.load(theirs.state(), "keep")
        assert driver.next == {"lr": 1.5}


def test_a_state_of_version_0_1_has_neither_tick_nor_external_values():
    new = Driver({"lr": Linear(start=1.0, end=0.0, steps=100)})
    new.advance(10)
    state = {**new.state(), "format": 1}
    for key in ("tick", "last", "external"):
        del state[key]
    driver = Driver({"lr": Linear(start=1.0, end=0.0, steps=100)})
    driver.load(state)
    assert (driver.position, driver.tick, driver.next) == (10, 10, new.next)
