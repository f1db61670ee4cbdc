"""A value as a tensor of one number, which compiled code and CUDA graphs can read."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from gradatim.drive import Driver
from gradatim.errors import invalid_value


def value_tensor(
    driver: Driver, name: str, dtype: torch.dtype | None, device: torch.device | str | None
) -> Tensor:
    """A tensor that keeps its storage and is filled with each new number of a value.

    Raises:
        GradatimError: If there is no such value, or the dtype is of integers and it is no integer.
    """
    if dtype is None:
        is_whole = isinstance(driver.value(name), int)
        dtype = torch.int64 if is_whole else torch.get_default_dtype()
    tensor = torch.zeros((), dtype=dtype, device=device)
    driver.add_setter(name, partial(_fill, tensor))
    return tensor


def _fill(tensor: Tensor, value: float) -> None:
    if value != int(value) and not tensor.is_floating_point():
        raise invalid_value(
            "Scheduler.tensor",
            "dtype",
            tensor.dtype,
            f"one of floats, since the value is {value!r}",
            "Leave dtype out, or write schedule.rounded() for whole numbers.",
        )
    tensor.fill_(value)
