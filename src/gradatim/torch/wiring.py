"""The wires between a driver and an optimizer: what is counted, and what is written where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from torch import Tensor
from torch.optim import Optimizer

from gradatim.core.driver import Driver
from gradatim.core.errors import GradatimError, refuse
from gradatim.core.schedule import Schedule
from gradatim.torch.groups import Entry
from gradatim.torch.hooks import around
from gradatim.torch.parts import (
    Part,
    Relative,
    Wanted,
    all_serve,
    in_our_order,
    merged,
    parts,
    per_part,
)
from gradatim.torch.writers import Writer

_CONNECTED: WeakKeyDictionary[Optimizer, WeakSet[Wiring]] = WeakKeyDictionary()


class Wiring:
    """Holds on to an optimizer, tells a driver of its updates, and writes what comes next.

    Args:
        optimizer: The optimizer.
        values: For the name of each value, what is to drive it.
        strict: Whether a checkpoint of the optimizer must have groups of the same names.
    """

    schedules: dict[str, Schedule]
    """By name, all that a driver is to drive; what waits for a group added later included."""

    driver: Driver
    writer: Writer
    alone: tuple[str | None, int]
    """The key and the column, if one float is all there is to write, and for any group."""

    _settle: Callable[[], None] | None = None

    def __init__(self, optimizer: Optimizer, values: Mapping[str, Wanted], strict: bool) -> None:
        groups = optimizer.param_groups
        self.optimizer, self._strict, self._handles = optimizer, strict, list[Any]()
        self._entries = {name: Entry.read(name, groups) for name in values}
        self._wanted = {
            name: schedule
            for value, wanted in values.items()
            for name, schedule in per_part(value, wanted, groups).items()
        }
        self._targets: list[list[Part]] = [
            parts(self._wanted, self._entries, group, i) for i, group in enumerate(groups)
        ]
        self._groups = list(groups)
        every = [part for taken in self._targets for part in taken]
        absolute = {n: s for n, s in self._wanted.items() if not isinstance(s, Relative)}
        all_serve(absolute, {part.name for part in every}, groups)
        self.schedules = absolute | merged(every, absolute)

    def connect(self, driver: Driver) -> None:
        """Count the optimizer's updates for this driver from now on, and write its values.

        Raises:
            GradatimError: If something else drives one of these values of this optimizer.
        """
        self.driver = driver
        self._attach()
        try:
            self._find_targets()
            self.write()
        except BaseException:
            self.cut()
            raise

    def _attach(self) -> None:
        others = _CONNECTED.setdefault(self.optimizer, WeakSet())
        for other in others:
            for name in self._entries:
                if name in other._entries:
                    raise GradatimError(
                        f"Scheduler: {name} of this optimizer is driven by another scheduler. Call "
                        "its detach() first, write one Scheduler with all schedules, or build the "
                        "optimizer anew."
                    )
        others.add(self)
        before, after, self._settle = around(self)
        self._handles = [
            self.optimizer.register_step_pre_hook(before),
            self.optimizer.register_step_post_hook(after),
            self.optimizer.register_load_state_dict_pre_hook(self._before_load),
            self.optimizer.register_load_state_dict_post_hook(self._after_load),
        ]

    def cut(self) -> None:
        """Let go of the optimizer."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        _CONNECTED.get(self.optimizer, WeakSet()).discard(self)

    def refresh(self) -> None:
        """Take up groups that were added, taken away or put in another order."""
        if self._handles and not self.writer.fits(self.optimizer.param_groups):
            self._find_targets()

    def write(self) -> None:
        """Write what the next update is to use, unless the wires are cut."""
        if not self._handles:
            return
        self.refresh()
        driver = self.driver
        row = tuple(driver.next.values())
        self.writer.write(self.optimizer.param_groups, row)
        key, column = self.alone
        driver.mark = row if key is None else row[column]

    def ensure(self) -> None:
        """Write what the next update is to use, unless it can be seen to stand there."""
        key, _ = self.alone
        if key is None or self.optimizer.param_groups[-1][key] is not self.driver.mark:
            self.write()

    def probed(self, kwargs: Mapping[str, Any]) -> bool:
        """Whether an update is none: torch's distributed checkpoints make one to fill the state.

        They call ``step(closure=None)`` on an optimizer without state, with every rate set to 0.
        """
        if kwargs != {"closure": None} or self.optimizer.state:
            return False
        groups = self.optimizer.param_groups
        rate = Entry("lr", None)
        if any(rate.number(group) != 0.0 for group in groups if "lr" in group):
            return False
        # A schedule may begin at 0 itself. Who drives the rate knows whether it wrote these.
        drivers = [one for one in _CONNECTED[self.optimizer] if "lr" in one._entries]
        return not any(one._wrote("lr") for one in drivers)

    def _wrote(self, value: str) -> bool:
        """Whether what stands in the groups is what was written there last, object by object."""
        entry, mark = self._entries[value], self.driver.mark
        place, order = list(self._entries).index(value), list(self.driver.schedules)
        groups = self.optimizer.param_groups
        for i, (group, taken) in enumerate(zip(groups, self._targets, strict=True)):
            held = entry.held(group)
            if isinstance(held, Tensor):
                written = self._tensors[value][i]
            elif isinstance(mark, tuple):
                written = mark[order.index(taken[place].name)]
            else:
                written = mark
            if held is not written:
                return False
        return True

    def _find_targets(self, by_place: bool = False) -> None:
        """Settle for each new group what to write where; the others keep what they have."""
        groups = self.optimizer.param_groups
        keys = range(len(self._groups)) if by_place else map(id, self._groups)
        known = dict(zip(keys, self._targets, strict=True))
        targets: list[list[Part]] = []  # taken over when all groups are served, or not at all
        for i, group in enumerate(groups):
            taken = known.get(i if by_place else id(group))
            if taken is None:
                taken = parts(self._wanted, self._entries, group, i)
                for name, schedule in merged(taken, self.driver.schedules).items():
                    self.driver.add(name, schedule)
            for part in taken:
                part.keep_base(group)
            targets.append(taken)
        self._targets, self._groups = targets, list(groups)
        for entry in self._entries.values():
            entry.separate(groups, self.optimizer.defaults)
        order = {name: column for column, name in enumerate(self.driver.schedules)}
        served = [[order[part.name] for part in taken] for taken in self._targets]
        columns = zip(self._entries.values(), zip(*served, strict=True), strict=False)
        self.writer = Writer(groups, columns)
        self._tensors = {v: [entry.held(g) for g in groups] for v, entry in self._entries.items()}
        for_all = set(self.driver.schedules) == set(self._entries)
        self.alone = (self.writer.only if for_all else None) or (None, 0)
        if self._settle is not None:
            self._settle()

    def _before_load(self, optimizer: Any, state: dict[str, Any]) -> dict[str, Any]:
        return in_our_order(state, self.optimizer.param_groups, self._strict)

    def _after_load(self, *_: Any) -> None:
        # The optimizer's checkpoint carries rates of its own; the driver's position decides. The
        # groups are new objects, in the places of the old ones.
        self._find_targets(by_place=True)
        self.write()

    def __getstate__(self) -> dict[str, Any]:
        # A copy finds out for itself how to write into the groups of its own optimizer.
        state = self.__dict__ | {"_handles": bool(self._handles), "_settle": None}
        del state["writer"]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"_handles": []}
        if state["_handles"]:
            self._attach()
        self._find_targets()


def innermost(optimizer: Any) -> Optimizer:
    """The optimizer whose step is the real update, inside the wrappers of trainers."""
    while isinstance(getattr(optimizer, "optimizer", None), Optimizer):
        optimizer = optimizer.optimizer
    if not isinstance(optimizer, Optimizer):
        raise refuse("Scheduler", "optimizer", optimizer, "a torch optimizer")
    return optimizer
