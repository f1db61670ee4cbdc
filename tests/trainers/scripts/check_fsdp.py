"""FSDP2, with checkpoints of torch.distributed.checkpoint."""

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import distributed
from torch.distributed.checkpoint.state_dict import (
    get_model_state_dict,
    get_optimizer_state_dict,
    get_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
    set_state_dict,
)
from torch.distributed.checkpoint.stateful import Stateful
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.optim import AdamW

from gradatim.torch import Scheduler
from tests.trainers import pages
from tests.trainers.seen import Seen
from tests.trainers.training import MOMENTUM, SCHEDULE, Net, batches, same

QUIET = [
    # torch's own, in its own checkpoints.
    "TypedStorage is deprecated",
]

UPDATES = 24
SAVED = (0, 1, 7, 12, UPDATES - 1)


def bare():
    mesh = init_device_mesh("cpu", (distributed.get_world_size(),))
    net = Net()
    fully_shard(net.layer, mesh=mesh)
    fully_shard(net, mesh=mesh)
    # The decay moves the weights at each update, even where gradients are zero.
    return net, AdamW(net.parameters(), lr=9.0, betas=(0.5, 0.75), weight_decay=0.5)


def attach(optimizer):
    scheduler = Scheduler(optimizer, lr=SCHEDULE, **{"betas[0]": MOMENTUM})
    return scheduler, Seen(optimizer, "lr", "betas")


def used(start, stop):
    return [((SCHEDULE(k), (MOMENTUM(k), 0.75)),) for k in range(start, stop)]


def real(seen):
    """What was seen, but for what torch does with a rate of zero to look into an optimizer."""
    return [groups for groups in seen.values if groups[0][0]]


def go(net, optimizer, updates):
    for batch in batches(updates):
        optimizer.zero_grad()
        # A batch of its own for each process, so that a lost reduction shows in the weights.
        net(batch["x"] * (1 + distributed.get_rank()), batch["y"])["loss"].backward()
        optimizer.step()


def whole(net):
    return {name: weight.full_tensor() for name, weight in net.state_dict().items()}


def expected():
    """The weights of a loop that sets the values by hand."""
    net, optimizer = bare()
    for k in range(UPDATES):
        optimizer.param_groups[0] |= {"lr": SCHEDULE(k), "betas": (MOMENTUM(k), 0.75)}
        go(net, optimizer, 1)
    return whole(net)


def agree(scheduler, seen):
    mine = (real(seen), scheduler.state_dict())
    values = [None] * distributed.get_world_size()
    distributed.all_gather_object(values, mine)
    assert all(value == mine for value in values), "the schedulers have come apart"


def check_each_update():
    net, optimizer = bare()
    scheduler, seen = attach(optimizer)
    go(net, optimizer, UPDATES)
    assert real(seen) == used(0, UPDATES)
    assert scheduler.position == UPDATES
    assert same(whole(net), expected())
    agree(scheduler, seen)


class App(Stateful):
    """What torch's tutorial calls so: all that is saved, in one object."""

    def __init__(self, net, optimizer, scheduler):
        self.net, self.optimizer, self.scheduler = net, optimizer, scheduler

    def state_dict(self):
        net, optimizer = get_state_dict(self.net, self.optimizer)
        return {"net": net, "optimizer": optimizer, "scheduler": self.scheduler.state_dict()}

    def load_state_dict(self, state):
        set_state_dict(
            self.net,
            self.optimizer,
            model_state_dict=state["net"],
            optim_state_dict=state["optimizer"],
        )
        self.scheduler.load_state_dict(state["scheduler"])


def parts(net, optimizer):
    return {
        "net": get_model_state_dict(net),
        "optimizer": get_optimizer_state_dict(net, optimizer),
    }


def load_parts(folder, net, optimizer):
    state = parts(net, optimizer)
    dcp.load(state, checkpoint_id=folder)
    set_model_state_dict(net, state["net"])
    set_optimizer_state_dict(net, optimizer, state["optimizer"])


def all_in_one(folder, net, optimizer):
    scheduler, _ = attach(optimizer)
    dcp.load({"app": App(net, optimizer, scheduler)}, checkpoint_id=folder)
    return scheduler


def built_before(folder, net, optimizer):
    scheduler, _ = attach(optimizer)
    load_parts(folder, net, optimizer)
    dcp.load({"scheduler": scheduler}, checkpoint_id=folder)
    return scheduler


def built_after(folder, net, optimizer):
    load_parts(folder, net, optimizer)
    scheduler, _ = attach(optimizer)
    dcp.load({"scheduler": scheduler}, checkpoint_id=folder)
    return scheduler


def loaded_first(folder, net, optimizer):
    scheduler, _ = attach(optimizer)
    dcp.load({"scheduler": scheduler}, checkpoint_id=folder)
    load_parts(folder, net, optimizer)
    return scheduler


def goes_on(load, saved=SAVED):
    net, optimizer = bare()
    scheduler, seen = attach(optimizer)
    for k in range(UPDATES):
        if k in saved:
            app = App(net, optimizer, scheduler)
            dcp.save({"app": app}, checkpoint_id=f"app-{k}")
            dcp.save(parts(net, optimizer) | {"scheduler": scheduler}, checkpoint_id=f"parts-{k}")
        go(net, optimizer, 1)
    assert real(seen) == used(0, UPDATES)
    finished = whole(net)
    for k in saved:
        net, optimizer = bare()
        scheduler = load(f"{'app' if load is all_in_one else 'parts'}-{k}", net, optimizer)
        seen = Seen(optimizer, "lr", "betas")
        assert scheduler.position == k
        go(net, optimizer, UPDATES - k)
        assert real(seen) == used(k, UPDATES)
        assert same(whole(net), finished)
        agree(scheduler, seen)


def check_resume_of_all_in_one():
    goes_on(all_in_one, SAVED[1:])


def check_resume_of_a_scheduler_that_was_built_before():
    goes_on(built_before, SAVED[1:])


def check_resume_of_a_scheduler_that_was_built_after():
    goes_on(built_after, SAVED[1:])


def check_resume_of_a_scheduler_that_was_loaded_first():
    goes_on(loaded_first, SAVED[1:])


def check_asking_for_the_state_before_the_first_update_is_none():
    # torch asks a fresh optimizer for an update with a rate of zero, to see what it keeps.
    net, optimizer = bare()
    scheduler, seen = attach(optimizer)
    before = whole(net)
    get_state_dict(net, optimizer)
    assert same(whole(net), before), "the weights have moved"
    assert scheduler.position == 0
    go(net, optimizer, UPDATES)
    assert real(seen) == used(0, UPDATES)


def check_saving_an_optimizer_that_keeps_nothing():
    # It looks fresh at every save, so that torch asks it for an update each time.
    net, _ = bare()
    optimizer = torch.optim.SGD(net.parameters(), lr=9.0, weight_decay=0.5)
    scheduler = Scheduler(optimizer, lr=SCHEDULE)
    seen = Seen(optimizer)
    for _ in range(UPDATES):
        go(net, optimizer, 1)
        optimizer.zero_grad()
        before = whole(net)
        get_state_dict(net, optimizer)
        assert same(whole(net), before), "the weights have moved"
    assert scheduler.position == UPDATES
    assert real(seen) == [((SCHEDULE(k),),) for k in range(UPDATES)]


def check_resume_of_a_run_that_was_saved_before_its_first_update():
    goes_on(built_before)


def check_the_page_runs():
    with pytest.MonkeyPatch.context() as patch:
        # These processes have met already, and have more to do.
        patch.setattr(distributed, "init_process_group", lambda backend: None)
        patch.setattr(distributed, "destroy_process_group", lambda: None)
        pages.run("fsdp")
