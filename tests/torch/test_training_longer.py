"""Training longer under a trainer: the script says a longer run, and loads without a position."""

import copy
import itertools
import json

import pytest
import torch
from torch import nn
from torch.optim import SGD, AdamW

from gradatim import GradatimError, Linear, Plateau, extend, rewarm, warmup_cosine, wsd
from gradatim.torch import Scheduler, relative

SHORT, LONG, AT = 20, 40, 12


def optimizers():
    torch.manual_seed(3)
    a = SGD([{"params": [nn.Parameter(torch.ones(2))], "name": "matrix"}], lr=0.02, momentum=0.9)
    groups = [{"params": [nn.Parameter(torch.ones(2))], "name": name} for name in ("embed", "head")]
    return a, AdamW(groups, lr=3e-4, weight_decay=0.1)


def cosine(n):
    return warmup_cosine(peak=1.0, steps=n, warmup="10%")


def script(n, on_mismatch="strict", rate=cosine):
    a, b = optimizers()
    scheduler = Scheduler(
        {"muon": a, "adamw": b},
        lr={"muon": 0.02 * rate(n), "adamw": relative(rate(n)), "adamw/head": rate(n)},
        momentum=Linear(0.85, 0.95, n // 10),
        external={"kl": Linear(0.0, 1.0, n)},
        rule=Plateau(mode="min", patience=0, factor=0.5),
        on_mismatch=on_mismatch,
    )
    return a, b, scheduler


def train(a, b, scheduler, until):
    trace = []
    while scheduler.position < until:
        for optimizer in (a, b):
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    parameter.grad = torch.sin(parameter.detach() + scheduler.position)
            optimizer.step()
        trace.append((scheduler.applied, weights(a, b)))
        if scheduler.position in (5, 9, 15):
            scheduler.observe(1.0)
    return trace


def weights(a, b):
    return [p.detach().tolist() for o in (a, b) for g in o.param_groups for p in g["params"]]


def checkpoint(a, b, scheduler):
    parts = {"a": a.state_dict(), "b": b.state_dict()}
    return copy.deepcopy(parts) | {
        "scheduler": json.loads(json.dumps(scheduler.state_dict())),
        "weights": weights(a, b),
    }


def load(a, b, scheduler, saved, order=("a", "b", "scheduler")):
    for p, value in zip(
        (p for o in (a, b) for g in o.param_groups for p in g["params"]),
        saved["weights"],
        strict=True,
    ):
        p.data.copy_(torch.tensor(value))
    for name in order:
        # A deep copy: torch goes on with the tensors that it is given.
        state = copy.deepcopy(saved[name])
        {"a": a, "b": b, "scheduler": scheduler}[name].load_state_dict(state)


@pytest.mark.parametrize("order", list(itertools.permutations(["a", "b", "scheduler"])))
def test_said_when_building_a_longer_run_goes_on_in_any_order_of_loading(order):
    first = script(SHORT)
    train(*first, AT)
    saved = checkpoint(*first)
    longer = script(LONG, "extend")
    load(*longer, saved, order)
    plan = longer[2].driver.plan
    curve = extend(cosine(SHORT), at=AT, steps=LONG, shape="cosine")
    assert plan["lr/muon"] == 0.02 * curve
    assert plan["lr/adamw/head"] == curve
    assert plan["lr/adamw/embed"] == 3e-4 * curve
    assert plan["kl"] == extend(Linear(0.0, 1.0, SHORT), at=AT, steps=LONG)
    whole = train(*longer, LONG)
    assert whole[0][0]["lr/adamw/head"] == 0.5 * curve(AT)  # halved at 9
    # Killed at any update after it, the same script goes on bit for bit.
    for k in range(AT, LONG, 5):
        again = script(LONG, "extend")
        load(*again, saved, order)
        train(*again, k)
        killed = checkpoint(*again)
        resumed = script(LONG, "extend")
        load(*resumed, killed, order)
        assert train(*resumed, LONG) == whole[k - AT :]


def test_a_longer_level_is_the_scripts_own_schedule():
    def rate(n):
        return wsd(peak=1.0, steps=n, warmup=4, cooldown=6)

    first = script(SHORT, rate=rate)
    train(*first, AT)
    longer = script(LONG, "extend", rate=rate)
    load(*longer, checkpoint(*first))
    assert longer[2].driver.plan["lr/muon"] == 0.02 * rate(LONG)


def test_what_has_come_to_its_end_is_warmed_up_again():
    def single(schedule, policy):
        optimizer = SGD([nn.Parameter(torch.ones(1))], lr=1.0)
        return optimizer, Scheduler(optimizer, schedule, on_mismatch=policy)

    _, finished = single(cosine(SHORT), "strict")
    finished.seek(SHORT)
    optimizer, scheduler = single(cosine(LONG), "extend")
    with pytest.raises(GradatimError, match=r"rewarm\(schedule, at=20, .*'same-past'"):
        scheduler.load_state_dict(finished.state_dict())
    assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (0, 0.0)
    again = rewarm(cosine(SHORT), at=SHORT, steps=LONG, peak=0.5)
    optimizer, scheduler = single(again, "same-past")
    scheduler.load_state_dict(finished.state_dict())
    optimizer.step()
    assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (SHORT + 1, again(SHORT + 1))


def test_a_call_may_say_otherwise_than_the_building():
    optimizer = SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = Scheduler(optimizer, cosine(LONG), on_mismatch="extend")
    other = Scheduler(SGD([nn.Parameter(torch.ones(1))], lr=1.0), cosine(SHORT))
    other.seek(AT)
    with pytest.raises(GradatimError, match="on_mismatch='extend' continues the checkpoint's"):
        scheduler.load_state_dict(other.state_dict(), "strict")
    scheduler.load_state_dict(other.state_dict(), "override")
    assert scheduler.driver.plan["lr"] == cosine(LONG)
    scheduler.load_state_dict(other.state_dict())
    assert scheduler.driver.plan["lr"] == extend(cosine(SHORT), at=AT, steps=LONG, shape="cosine")


@pytest.mark.parametrize("order", [("optimizer", "scheduler"), ("scheduler", "optimizer")])
@pytest.mark.parametrize("policy", ["keep", "extend"])
def test_what_a_load_keeps_stays_when_the_optimizer_is_loaded_after_it(policy, order):
    def single(schedule, policy="strict"):
        optimizer = SGD([nn.Parameter(torch.ones(1))], lr=1.0)
        return {
            "optimizer": optimizer,
            "scheduler": Scheduler(optimizer, schedule, on_mismatch=policy),
        }

    saved = single(cosine(SHORT))
    saved["scheduler"].seek(AT)
    states = copy.deepcopy({name: part.state_dict() for name, part in saved.items()})
    parts = single(cosine(LONG), policy)
    for name in order:
        parts[name].load_state_dict(states[name])
    expected = extend(cosine(SHORT), at=AT, steps=LONG, shape="cosine")
    expected = expected if policy == "extend" else cosine(SHORT)
    assert parts["scheduler"].driver.plan["lr"] == expected
    assert parts["optimizer"].param_groups[0]["lr"] == expected(AT)


@pytest.mark.parametrize("policy", ["extend", "same-past"])
def test_groups_of_other_names_are_refused_as_strictly_as_ever(policy):
    def named(name, policy="strict"):
        optimizer = SGD([{"params": [nn.Parameter(torch.ones(1))], "name": name}], lr=1.0)
        return optimizer, Scheduler(optimizer, cosine(SHORT), on_mismatch=policy)

    saved, _ = named("body")
    optimizer, _ = named("head", policy)
    with pytest.raises(GradatimError, match="checkpoint has the groups body; this optimizer has"):
        optimizer.load_state_dict(saved.state_dict())
