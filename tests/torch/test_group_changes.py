"""Parameter groups changed at random: each value goes to its group by name, or is refused.

The oracle is how far the weights of a group really move: with plain SGD and gradients of 1, that is
the rate that was used. What the rate must be follows from the group's name, or, without names, from
which weights it holds.
"""

import copy
from collections import Counter
from random import Random

import pytest
import torch
from torch.optim import SGD

from gradatim import Constant, GradatimError
from gradatim.torch import Scheduler, relative

NAMES = ("a", "b", "c", "d", "e")
RATES = {"a": 2.0**-1, "b": 2.0**-2, "c": 2.0**-3, "*": 2.0**-6}
BASES = dict(zip(NAMES, (1.0, 2.0, 4.0, 8.0, 16.0), strict=True))
LOADS = (
    "none",
    "optimizer",
    "older optimizer",
    "scheduler",
    "scheduler, optimizer",
    "older optimizer, scheduler",
)


def group(name, named, base=0.5):
    made = {"params": [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))], "lr": base}
    return made | ({"name": name} if named else {})


class Changes:
    """One optimizer whose groups change, and what each of its weights was meant for at first."""

    def __init__(self, random, style):
        self.random, self.style, self.kept = random, style, []
        self.named = style != "one per index, no names"
        names = random.sample(NAMES, random.randint(2, 4))
        base = BASES.get if style == "relative" else lambda name: 0.5
        self.optimizer = SGD([group(name, self.named, base(name)) for name in names])
        self.meant = {id(one["params"][0]): names[i] for i, one in enumerate(self.groups)}
        if style == "relative":
            wanted = relative(Constant(0.125))
        elif style == "by name":
            wanted = {key: rate for key, rate in RATES.items() if key == "*" or key in names}
        else:
            wanted = [RATES.get(name, RATES["*"]) for name in names]
        self.scheduler = Scheduler(self.optimizer, lr=wanted)

    @property
    def groups(self):
        return self.optimizer.param_groups

    def remove(self):
        if len(self.groups) > 1:
            del self.groups[self.random.randrange(len(self.groups))]

    def reorder(self):
        self.random.shuffle(self.groups)

    def replace(self):
        """A new list, and new objects with the same weights."""
        self.optimizer.param_groups = [dict(one) for one in self.groups]

    def replace_weights(self):
        """Other weights in the place of a group, under its name if it has one."""
        i = self.random.randrange(len(self.groups))
        old = self.groups[i]
        parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.groups[i] = {**old, "params": [parameter]}
        self.meant[id(parameter)] = None
        self.kept.append(old)  # or another weight could get its id

    def rename(self):
        free = [name for name in NAMES if name not in [one.get("name") for one in self.groups]]
        if self.named and free and self.style == "by name":
            self.random.choice(self.groups)["name"] = self.random.choice(free)

    def add(self):
        free = [name for name in NAMES if name not in [one.get("name") for one in self.groups]]
        if self.named and free:
            name = self.random.choice(free)
            self.optimizer.add_param_group(group(name, True, BASES[name]))

    def strip(self):
        """As wrappers do that shard weights: an empty group, taken out again."""
        self.groups.append({**self.groups[0], "params": [], "name": "empty"})
        self.groups[:] = [one for one in self.groups if one["params"]]

    def load(self, order, older):
        for act in order.split(", "):
            if act == "optimizer":
                self.optimizer.load_state_dict(copy.deepcopy(self.optimizer.state_dict()))
            elif act == "older optimizer":
                self.optimizer.load_state_dict(copy.deepcopy(older))
            elif act == "scheduler":
                self.scheduler.load_state_dict(self.scheduler.state_dict())

    def expected(self, one):
        if self.style == "relative":
            return 0.125 * BASES[one["name"]]
        if self.style == "by name":
            wanted = self.scheduler.driver.plan
            return wanted[f"lr/{one['name']}" if f"lr/{one['name']}" in wanted else "lr/*"](0)
        name = self.meant[id(one["params"][0])]
        return None if name is None else RATES.get(name, RATES["*"])

    def update(self):
        """How far each group moves, and how far it should."""
        weights = [one["params"][0] for one in self.groups]
        before = [weight.item() for weight in weights]
        for weight in weights:
            weight.grad = torch.ones_like(weight)
        self.optimizer.step()
        used = [b - weight.item() for b, weight in zip(before, weights, strict=True)]
        return used, [self.expected(one) for one in self.groups]


ACTS = ("remove", "reorder", "replace", "replace_weights", "rename", "add", "strip")


def life_of(random, style):
    """One life of an optimizer, and how it ended."""
    life = Changes(random, style)
    older = life.optimizer.state_dict()
    acts, order = random.choices(ACTS, k=random.randint(1, 4)), random.choice(LOADS)
    try:
        for act in acts:
            getattr(life, act)()
            if random.random() < 0.3:
                life.scheduler.step()
        life.load(order, older)
        for _ in range(2):
            used, expected = life.update()
            assert used == expected, (acts, order)
    except GradatimError as error:
        said = str(error)
    except ValueError:
        return "refused by torch"  # a state with another number of groups or weights
    else:
        assert life.scheduler.position == 2
        return "right"
    assert "groups" in said or "checkpoint" in said, (acts, order, said)
    return "refused"


@pytest.mark.parametrize("style", ["by name", "one per index, no names", "relative"])
def test_a_thousand_changes(style):
    done = Counter(life_of(Random(f"{style} {seed}"), style) for seed in range(1_000))
    print(f"{style}: {dict(done)}")
    assert done["right"] > 600
    if style != "one per index, no names":
        assert done["refused"] < 150  # only checkpoints whose groups have other names
