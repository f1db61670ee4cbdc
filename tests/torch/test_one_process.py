"""What needs a process group of torch.distributed, in a group of this one process."""

import pytest
import torch.distributed as dist
from torch.optim import SGD

from gradatim import Linear
from gradatim.torch import Scheduler
from gradatim.torch.all_reduce import AsyncMax, async_max
from tests.torch.messages import weights

LINE = Linear(start=1.0, end=0.0, steps=4)


@pytest.fixture
def process_group():
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("process_group")
def test_the_largest_numbers_of_one_rank_are_its_own():
    largest = AsyncMax()
    assert largest.is_first
    assert largest.start([3, -(2**60)])() == [3, -(2**60)]
    assert async_max() is None  # there is nobody to agree with


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")  # of torch, which uses it
@pytest.mark.usefixtures("process_group")
def test_a_zero_redundancy_optimizer_is_driven_through_its_own_groups():
    from torch.distributed.optim import ZeroRedundancyOptimizer

    optimizer = ZeroRedundancyOptimizer(weights(), SGD, lr=0.5)
    scheduler = Scheduler(optimizer, lr=LINE)
    optimizer.step()
    assert scheduler.optimizer is optimizer
    assert (scheduler.position, optimizer.param_groups[0]["lr"]) == (1, LINE(1))
