"""Lives of runs with two optimizers, a counted clock, a group left alone, and a value outside.

As in test_lives.py, a small model writes down every update and works each value out anew.
"""

import contextlib
import copy
import io
import itertools
import pickle

import pytest
import torch
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from torch.optim import SGD, AdamW

from gradatim import GradatimError, Linear, Plateau, Run, by_updates, cosine_restarts, wsd
from gradatim.torch import Scheduler, relative
from tests.counting import LONG
from tests.torch.lives import life

RUN = Run(total_tokens=5_000, clock="tokens")
MATRIX = wsd(peak=0.02, warmup="10%", cooldown="40%", steps=RUN, floor=0.001)
EMBED = cosine_restarts(peak=0.3, cycle=700, floor=0.01)
HEAD = Linear(start=1.0, end=0.2, steps=4_000)
MOMENTUM = Linear(start=0.85, end=0.95, steps=12)
KL = Linear(start=0.0, end=3.0, steps=3_000)
RULE = Plateau(mode="min", factor=0.5, patience=1, threshold=0.0)
FIRST = {"matrix": 0.1, "embed": 0.2, "head": 0.4, "frozen": 0.8}
NONE = 9  # no optimizer has stepped


def group(name):
    return {"params": [torch.nn.Parameter(torch.ones(2))], "lr": FIRST[name], "name": name}


def optimizers(order=("embed", "head", "frozen")):
    return {
        "muon": SGD([group("matrix")], momentum=0.9),
        "adamw": AdamW([group(name) for name in order]),
    }


def attach(both):
    scheduler = Scheduler(
        both,
        lr={"muon": MATRIX, "adamw": EMBED, "adamw/head": relative(HEAD), "adamw/frozen": None},
        momentum=by_updates(MOMENTUM),
        external={"kl": KL},
        rule=RULE,
        run=RUN,
    )
    return scheduler, scheduler.tensor("kl", dtype=torch.float64)


def through_a_file(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return torch.load(io.BytesIO(buffer.getvalue()), weights_only=True)


class Model:
    """What must be: position and tick, who stepped last, what was used."""

    def __init__(self):
        self.position = self.tick = 0
        self.pending, self.told, self.last = 0, False, NONE
        self.metrics, self.log, self.written = [], [], {}
        self.previous, self.began, self.before, self.rows = None, False, NONE, []

    def retract(self):
        """Take the last step back; its tokens were seen."""
        if self.began:
            self.position -= 1
            self.log.pop()
            self.rows.pop()
            self.last, self.previous = self.before, self.rows[-1] if self.rows else None
        self.written = {}

    def values(self):
        scale = [1.0, *RULE.replay(self.metrics)][-1]
        return {
            "lr/muon": MATRIX(self.tick) * scale,
            "lr/adamw": EMBED(self.tick) * scale,
            "lr/adamw/head": FIRST["head"] * HEAD(self.tick) * scale,
            "momentum": MOMENTUM(self.position),
            "kl": KL(self.tick),
        }

    def step(self, index):
        """What the step uses, by name of the group; None if it is refused."""
        begins = index <= self.last
        if begins and not self.told:
            return None
        row = self.values() if begins else self.previous
        own = {"matrix": row["lr/muon"], "momentum": row["momentum"]}
        if index == 1:
            own = {
                "embed": row["lr/adamw"],
                "head": row["lr/adamw/head"],
                "frozen": FIRST["frozen"],
            }
        used = own | self.written.pop(index, {})
        if begins:
            self.log.append(dict(row))
            self.previous = row
            self.rows.append(row)
            self.position += 1
            self.tick, self.pending, self.told = self.tick + self.pending, 0, False
        self.before, self.last, self.began = self.last, index, begins
        names = {"matrix": "lr/muon", "embed": "lr/adamw", "head": "lr/adamw/head"}
        for name, value in used.items():
            if self.log and value != own[name] and name != "frozen":
                self.log[-1][names.get(name, name)] = value
        return used


class Life(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.saves = []
        self.both = optimizers()
        self.scheduler, self.kl = attach(self.both)
        self.model = Model()

    @rule(tokens=st.integers(0, 400))
    def count(self, tokens):
        self.scheduler.count(tokens=tokens)
        self.model.pending += tokens
        self.model.told = True

    @rule(tokens=st.integers(0, 400), updates=st.integers(1, 5))
    def whole_updates(self, tokens, updates):
        for _ in range(updates):
            self.count(tokens)
            self.step(0)
            self.step(1)

    @rule(index=st.sampled_from([0, 1]))
    def step(self, index):
        optimizer = list(self.both.values())[index]
        used = {}

        def look(optimizer, *_):
            used.update({g["name"]: g["lr"] for g in optimizer.param_groups})
            if index == 0:
                used["momentum"] = optimizer.param_groups[0]["momentum"]

        hook = optimizer.register_step_pre_hook(look)
        for g in optimizer.param_groups:
            for parameter in g["params"]:
                parameter.grad = torch.ones_like(parameter)
        expected = self.model.step(index)
        if expected is None:
            with pytest.raises(GradatimError, match="nothing has been counted"):
                optimizer.step()
        else:
            optimizer.step()
            assert used == expected
        hook.remove()

    @rule(index=st.sampled_from([0, 1]))
    def write_by_hand(self, index):
        name, key = [("matrix", "momentum"), ("embed", "lr")][index]
        optimizer = list(self.both.values())[index]
        self.scheduler.step()  # what is due is written
        (mine,) = (g for g in optimizer.param_groups if g["name"] == name)
        mine[key] = 0.5
        self.model.written[index] = {"momentum" if index == 0 else name: 0.5}

    @rule()
    def leave_an_update_out(self):
        model = self.model
        with contextlib.suppress(GradatimError):
            self.scheduler.retract()
            model.retract()

    @rule(metric=st.sampled_from([3.0, 2.0, 1.0, -1.0, -1.5]))
    def observe(self, metric):
        self.scheduler.observe(metric)
        self.model.metrics.append(metric)
        self.model.written = {}

    @rule()
    def save(self):
        state = [*(one.state_dict() for one in self.both.values()), self.scheduler.state_dict()]
        self.saves.append((through_a_file(state), copy.deepcopy(self.model)))

    @precondition(lambda self: self.saves)
    @rule(
        data=st.data(),
        order=st.sampled_from(list(itertools.permutations(["muon", "adamw", "scheduler"]))),
        groups=st.permutations(["embed", "head", "frozen"]),
    )
    def start_again(self, data, order, groups):
        (muon, adamw, state), model = data.draw(st.sampled_from(self.saves))
        self.both = optimizers(groups)
        self.scheduler, self.kl = attach(self.both)
        saved = {"muon": muon, "adamw": adamw}
        for name in order:
            if name == "scheduler":
                self.scheduler.load_state_dict(state)
            else:
                self.both[name].load_state_dict(saved[name])
        self.model = copy.deepcopy(model)
        self.model.log, self.model.written = [], {}
        self.model.rows = [] if self.model.previous is None else [self.model.previous]
        self.model.pending, self.model.told = 0, False

    @rule(clone=st.sampled_from([copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]))
    def go_on_with_a_copy(self, clone):
        old = self.both, self.scheduler, self.kl
        self.both, self.scheduler, self.kl = clone(old)
        self.model.written = {}
        old[1].observe(-99.0)
        old[1].detach()

    @invariant()
    def is_what_the_model_is(self):
        model, scheduler = self.model, self.scheduler
        assert (scheduler.position, scheduler.tick) == (model.position, model.tick)
        assert scheduler.next == model.values()
        assert scheduler.value("kl") == self.kl.item() == KL(model.tick)
        shown = {"lr/adamw/embed": "lr/adamw", "momentum": "momentum"}
        applied = dict(scheduler.applied or {})
        for name, target in shown.items():
            if name in applied and name != target:
                applied[target] = applied.pop(name)
        assert applied == (model.log[-1] if model.log else {})
        assert scheduler.done == (model.tick + model.pending >= 5_000)


expected = pytest.mark.filterwarnings("ignore:gradatim")
TestLifeOfSeveral = expected(life(Life, 60, 50))
TestLongLifeOfSeveral = pytest.mark.long(expected(life(Life, LONG["R3"], 100)))
