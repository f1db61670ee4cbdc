"""A scheduler means the same as object, as code and as settings, and what its own project does."""

import inspect
import re
from typing import Any

import keras
import optax
import pytest

from gradatim import speechbrain
from gradatim.jax import from_optax
from gradatim.peers import read, read_call, read_object
from gradatim.peers.arguments import Ignored
from gradatim.peers.found import Read
from gradatim.peers.keras import read_config
from gradatim.peers.objects import call_of
from gradatim.peers.peer import signature
from gradatim.peers.projects import PEERS
from gradatim.peers.transformers import TYPES
from tests.peers.forms import (
    LR,
    ROWS,
    Row,
    as_code,
    as_object,
    as_settings,
    original,
    read_again,
    sgd,
)
from tests.peers.random_schedulers import hf, off, used

STEPS = 60
LOOPS = {"timm": "timm", "ignite": "ignite"}
DRIVE_AN_OPTIMIZER = ("torch", "transformers", "timm", "ignite", "accelerate")


def same(one: Read, other: Read) -> bool:
    return one.values == other.values and one.rule == other.rule


def rows(*projects: str) -> Any:
    chosen = [row for row in ROWS if row.project in projects]
    return pytest.mark.parametrize("row", chosen, ids=str)


OF_FUNCTIONS = {"LambdaLR", "MultiplicativeLR", "LearningRateScheduler"}
"""They take a function of the step; test_functions.py tests them."""


@pytest.mark.parametrize("name", PEERS)
def test_every_scheduler_has_a_row(name: str):
    known = PEERS[name].meanings.keys() - OF_FUNCTIONS
    assert {row.name for row in ROWS if row.project == name} == known


@rows("torch", "transformers", "timm", "ignite", "keras", "optax", "composer", "accelerate")
def test_code_means_what_the_arguments_mean(row: Row):
    found = read(as_code(row), row.project, lr=LR, steps=200)
    assert same(found, read_again(row, LR))
    assert found.values


@rows("deepspeed", "megatron", "speechbrain", "nemo", "torchtitan", "torchtune")
def test_settings_mean_what_the_arguments_mean(row: Row):
    steps = row.arguments.get("max_steps", 200)
    found = read(as_settings(row), row.project, lr=LR, steps=steps)
    assert same(found, read_again(row, LR))


@rows(*DRIVE_AN_OPTIMIZER)
def test_an_object_means_what_the_arguments_mean(row: Row):
    (found,), rule = read_object(as_object(row, sgd()))
    wanted = read_again(row, LR)
    assert found.values == wanted.values
    assert rule == wanted.rule


@rows(*DRIVE_AN_OPTIMIZER)
def test_the_values_are_those_of_the_original(row: Row):
    if row.rule:
        return  # test_objects.py runs the rules on metrics
    over = sgd()
    theirs = as_object(row, over)
    if row.project == "accelerate":
        theirs = theirs.scheduler
    found = used(theirs, over, STEPS, LOOPS.get(row.project, "torch"))
    for key, schedule in read_again(row, LR).values.items():
        assert off([schedule(step) for step in range(STEPS)], found[key][0]) <= 1e-11


@rows("keras")
def test_an_object_and_a_config_of_keras_mean_what_the_arguments_mean(row: Row):
    theirs, wanted = (
        original("keras", row.name)(**row.arguments),
        read_call("keras", row.name, (), row.arguments),
    )
    assert same(call_of(theirs).means(), wanted)
    if not row.rule:
        config = {"class_name": row.name, "config": theirs.get_config()}
        assert same(read_config(config), wanted)
        for step in range(0, STEPS, 7):
            assert float(theirs(step)) == pytest.approx(wanted.schedule(step), rel=3e-6, abs=1e-8)


@rows("optax")
def test_a_constructor_of_optax_means_what_the_arguments_mean(row: Row):
    if row.name == "join_schedules":
        return  # its schedules are closures, which cannot be read
    found, wanted = from_optax(row.name, **row.arguments), read_again(row, LR)
    assert found == (wanted.rule if row.rule else wanted.schedule)
    if not row.rule:
        theirs = original("optax", row.name)(**row.arguments)
        for step in range(STEPS):
            assert float(theirs(step)) == pytest.approx(found(step), rel=3e-6, abs=1e-7)


SIGNATURES = [
    (project, name)
    for project, peer in PEERS.items()
    for name in peer.meanings
    if original(project, name) is not None
]


@pytest.mark.parametrize(("project", "name"), SIGNATURES)
def test_the_signature_is_the_foreign_one(project: str, name: str):
    peer = PEERS[project]
    defaults = {p.name: p.default for p in signature(peer.meanings[name]).values()}
    beside = {"optimizer": inspect.Parameter.empty, "last_epoch": -1, "initialize": True}
    ours = [(key, (beside | defaults)[key]) for key in peer.parameters(name)]
    parameters = inspect.signature(original(project, name)).parameters.values()
    theirs = [
        (p.name, p.default) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if len(theirs) < len(parameters):  # the rest goes to another class
        theirs = [pair for pair in theirs if pair[0] in dict(ours)]
        assert dict(theirs).items() <= dict(ours).items()
        return
    if project == "speechbrain":  # the classes of gradatim take more
        theirs = theirs[: len(ours)]
    assert ours == theirs


def test_every_schedule_of_optax_keras_and_speechbrain_is_read_or_refused():
    there = {
        name for name in vars(optax.schedules) if re.match(r"[a-z]\w+_(schedule|decay)$", name)
    }
    assert there | {"join_schedules", "reduce_on_plateau"} == PEERS["optax"].known
    schedules = {name for name in vars(keras.optimizers.schedules) if not name.startswith("_")}
    theirs = schedules - {"LearningRateSchedule", "serialize", "deserialize"}
    callbacks = {"ReduceLROnPlateau", "LearningRateScheduler"}
    assert theirs | callbacks == PEERS["keras"].known
    functions = {"explain", "check", "update_learning_rate"}
    assert {*speechbrain.__all__} - functions == PEERS["speechbrain"].known


def test_every_type_of_transformers_is_read():
    there = {kind.value for kind in hf.TYPE_TO_SCHEDULER_FUNCTION}
    assert there == set(TYPES)
    assert set(TYPES.values()) <= PEERS["transformers"].meanings.keys()


def test_the_optimizer_is_never_looked_at():
    for peer in PEERS.values():
        for name in peer.meanings:
            assert peer.parameters(name).get("optimizer", Ignored) == Ignored


@rows("speechbrain")
def test_an_entry_of_speechbrain_means_what_its_class_means(row: Row):
    theirs, found = original("speechbrain", row.name)(**row.arguments), read_again(row, LR)
    if row.rule:
        in_rates = {"floor": theirs.lr_min / LR} if hasattr(theirs, "lr_min") else {}
        assert found.rule == theirs.rule.replace(**in_rates)
        return
    if row.name == "IntervalScheduler":
        theirs(sgd())  # it begins with the rate of the optimizer
    last = row.arguments.get("total_steps", 200)
    wanted = [theirs.schedule(step) for step in range(last)]
    assert [found.schedule(step) for step in range(last)] == pytest.approx(wanted, rel=1e-9)
