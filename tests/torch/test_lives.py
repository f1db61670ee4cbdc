"""Whole lives of a training run, step by step at random, next to a small model of what must be.

The model writes every update and every metric down and works each rate out anew.
"""

import contextlib
import copy
import io
import pickle

import pytest
import torch
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from torch.optim import SGD

from gradatim import Linear, Plateau, cosine_restarts, warmup_cosine
from gradatim.torch import Scheduler, relative
from tests.counting import LONG
from tests.torch.lives import life

HEAD = warmup_cosine(peak=0.5, steps=30, warmup=4, floor=0.01)
SHAPE = cosine_restarts(peak=1.0, cycle=7, stretch=2, floor=0.1)
MOMENTUM = Linear(start=0.95, end=0.85, steps=12)
RULE = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0, nan="worse")
NAMES = ("head", "a", "b", "c", "d")
BASES = {"head": 9.0, "a": 0.1, "b": 0.2, "c": 0.4, "d": 0.8}


def group(name):
    weight = torch.nn.Parameter(torch.ones(NAMES.index(name) + 1))
    return {"params": [weight], "lr": BASES[name], "name": name}


def optimizer_of(names):
    return SGD([group(name) for name in names], momentum=0.9)


def attach(optimizer):
    return Scheduler(
        optimizer, lr={"head": HEAD, "*": relative(SHAPE)}, momentum=MOMENTUM, rule=RULE
    )


def through_a_file(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)


class Model:
    """What must be: the groups in order, how many updates there were, which metrics were seen."""

    def __init__(self, names):
        self.names, self.position, self.metrics, self.begun = list(names), 0, [], 0
        self.log = []
        self.written = {}  # what somebody else wrote for the next update

    def rate(self, name):
        value = HEAD(self.position) if name == "head" else BASES[name] * SHAPE(self.position)
        return value * [1.0, *RULE.replay(self.metrics)][-1]

    def values(self):
        rates = {"lr/" + name: self.rate(name) for name in self.names}
        return rates | {"momentum": MOMENTUM(self.position)}

    def used(self):
        used = self.values()
        for key, value in self.written.items():
            used |= {name: value for name in used if name.partition("/")[0] == key}
        return used

    def update(self):
        self.log.append((self.position, self.used()))
        self.position += 1
        self.written = {}


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.saves = []
        self.optimizer = optimizer_of(["head", "a"])
        self.scheduler = attach(self.optimizer)
        self.model = Model(["head", "a"])

    def backward(self, factor=1.0):
        weights = [one for group in self.optimizer.param_groups for one in group["params"]]
        return sum(weight.sum() for weight in weights) * factor

    @rule(updates=st.integers(1, 20))
    def update(self, updates):
        used = []
        hook = self.optimizer.register_step_pre_hook(
            lambda optimizer, *_: used.append(
                {"lr/" + g["name"]: g["lr"] for g in optimizer.param_groups}
                | {"momentum": optimizer.param_groups[-1]["momentum"]}
            )
        )
        for _ in range(updates):
            self.optimizer.zero_grad()
            self.backward().backward()
            self.optimizer.step()
            self.model.update()
        hook.remove()
        assert used == [values for _, values in self.model.log[-updates:]]

    @rule()
    def an_update_that_overflows(self):
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
        before = copy.deepcopy(self.optimizer.param_groups[0]["params"])
        self.optimizer.zero_grad()
        scaler.scale(self.backward(float("inf"))).backward()
        scaler.step(self.optimizer)
        scaler.update()
        assert scaler.get_scale() == 1.0
        self.optimizer.zero_grad()
        assert torch.equal(before[0], self.optimizer.param_groups[0]["params"][0])

    @rule(batches=st.integers(1, 3))
    def accumulate(self, batches):
        for _ in range(batches):
            self.backward().backward()

    @rule(calls=st.integers(1, 4))
    def call_the_scheduler_as_trainers_do(self, calls):
        for _ in range(calls):
            self.scheduler.step()

    @rule(key=st.sampled_from(["lr", "momentum"]))
    def write_by_hand(self, key):
        for one in self.optimizer.param_groups:
            one[key] = 77.0
        self.scheduler.step()
        self.model.written[key] = 77.0

    @rule()
    def leave_an_update_out(self):
        with contextlib.suppress(ValueError):
            self.scheduler.retract()
            self.model.position -= 1
            self.model.log.pop()
            self.model.written = {}

    @precondition(lambda self: len(self.model.names) < len(NAMES))
    @rule(data=st.data())
    def add_a_group(self, data):
        name = data.draw(st.sampled_from([n for n in NAMES if n not in self.model.names]))
        self.optimizer.add_param_group(group(name))
        self.model.names.append(name)
        self.scheduler.step()
        self.model.written = {}

    @rule(metric=st.sampled_from([3.0, 2.0, 2.0, 1.0, -1.0, -1.5, float("nan"), float("inf")]))
    def observe(self, metric):
        self.scheduler.observe(metric)
        self.model.metrics.append(metric)
        self.model.written = {}  # the plan has written again

    @rule()
    def save(self):
        state = through_a_file([self.optimizer.state_dict(), self.scheduler.state_dict()])
        self.saves.append((state, copy.deepcopy(self.model)))

    @precondition(lambda self: self.saves)
    @rule(
        data=st.data(),
        order=st.sampled_from(
            [
                "build, optimizer, scheduler",
                "build, scheduler, optimizer",
                "optimizer, build, scheduler",
                "build, scheduler, optimizer, scheduler, optimizer",
            ]
        ),
    )
    def start_again(self, data, order):
        (of_optimizer, of_scheduler), model = data.draw(st.sampled_from(self.saves))
        names = data.draw(st.permutations(model.names))
        if order.startswith("optimizer"):
            names = model.names  # nothing of ours is there yet to put them in order
        self.optimizer = optimizer_of(names)
        for act in order.split(", "):
            if act == "build":
                self.scheduler = attach(self.optimizer)
            elif act == "optimizer":
                self.optimizer.load_state_dict(of_optimizer)
            else:
                self.scheduler.load_state_dict(of_scheduler)
        self.began_anew(model, names)

    @precondition(lambda self: self.saves)
    @rule(data=st.data())
    def go_back_in_the_same_process(self, data):
        fitting = [save for save in self.saves if set(save[1].names) == set(self.model.names)]
        if fitting:
            (of_optimizer, of_scheduler), model = data.draw(st.sampled_from(fitting))
            self.optimizer.load_state_dict(of_optimizer)
            self.scheduler.load_state_dict(of_scheduler)
            self.began_anew(model, self.model.names)

    def began_anew(self, model, names):
        self.model = copy.deepcopy(model)
        self.model.names, self.model.log, self.model.written = list(names), [], {}

    @rule(clone=st.sampled_from([copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))]))
    def go_on_with_a_copy(self, clone):
        old = self.optimizer, self.scheduler
        self.optimizer, self.scheduler = clone(old)
        self.model.written = {}
        old[0].step()
        old[1].observe(-99.0)
        old[1].detach()

    @rule(state=st.sampled_from([{}, None, {"format": 1}, {"format": 2}, {"last_epoch": 3}]))
    def refuse(self, state):
        before = self.scheduler.state_dict()
        with pytest.raises(ValueError, match="load: "):
            self.scheduler.load_state_dict(state)
        with pytest.raises(ValueError, match="metric"):
            self.scheduler.observe("0.5")
        assert self.scheduler.state_dict() == before

    @invariant()
    def is_what_the_model_is(self):
        model, scheduler = self.model, self.scheduler
        assert scheduler.position == model.position
        assert [one["name"] for one in self.optimizer.param_groups] == model.names
        used = model.used()
        for one in self.optimizer.param_groups:
            assert one["lr"] == used["lr/" + one["name"]]
            assert one["momentum"] == used["momentum"]
        assert scheduler.next == model.values()
        assert scheduler.applied == (model.log[-1][1] if model.log else None)
        assert list(scheduler.history("momentum")) == [
            (position, values["momentum"]) for position, values in model.log
        ]
        for weight in (one["params"][0] for one in self.optimizer.param_groups):
            buffer = self.optimizer.state.get(weight, {}).get("momentum_buffer")
            assert buffer is None or buffer.shape == weight.shape


# Writing by hand is one of the rules, and is warned of; so is training past the end of HEAD.
expected = pytest.mark.filterwarnings("ignore:gradatim")
TestLife = expected(life(Life, 60, 50))
TestLongLife = pytest.mark.long(expected(life(Life, LONG["R3"], 100)))
