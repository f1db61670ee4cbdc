"""The optimizers that one scheduler drives, each with its attachment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from weakref import ReferenceType

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, Target
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.torch.attachment import Attachment
from gradatim.torch.group_writer import GroupValue
from gradatim.torch.hyperparameters import Group
from gradatim.torch.unwrap import OptimizerLike, unwrap_optimizer
from gradatim.torch.value_schedules import Groups, ValueSchedules, new_schedules

Optimizers = Mapping[str | None, Optimizer]
"""Optimizers by name; a single one has None for a name."""


def optimizers_by_name(
    given: OptimizerLike | Mapping[str, OptimizerLike] | Sequence[OptimizerLike],
) -> Optimizers:
    """The optimizers to attach to, without the wrappers around them.

    Args:
        given: An optimizer, a mapping from names to optimizers, or a list of them, which are
            called "0", "1", ...

    Raises:
        GradatimError: If something is no optimizer, or two share a parameter group.
    """
    by_name: dict[str | None, Optimizer]
    if isinstance(given, Mapping):
        by_name = {_name(name): unwrap_optimizer(one) for name, one in given.items()}
    elif isinstance(given, Sequence) and not isinstance(given, str):
        by_name = {str(i): unwrap_optimizer(one) for i, one in enumerate(given)}
    else:
        return {None: unwrap_optimizer(given)}
    if not by_name:
        raise invalid_value(
            "Scheduler", "optimizer", given, "an optimizer, or several in a mapping"
        )
    names: dict[int, str | None] = {}
    for name, one in by_name.items():
        for group in one.param_groups:
            if (other := names.setdefault(id(group), name)) != name:
                raise GradatimError(
                    f"Scheduler: the optimizers {other!r} and {name!r} share a parameter group, "
                    "so one would overwrite the other's values. Give each its own groups."
                )
    return by_name


def _name(name: str) -> str:
    if not isinstance(name, str) or not name or any(sign in name for sign in "/*?["):
        raise invalid_value(
            "Scheduler", "an optimizer's name", name, "a string without any of / * ? ["
        )
    return name


def groups_of(optimizers: Optimizers) -> Groups:
    """The parameter groups of each optimizer."""
    return {name: one.param_groups for name, one in optimizers.items()}


def index_of(update: str | None, optimizers: Optimizers) -> int | None:
    """The index of the optimizer whose steps are the updates; None if no single one counts."""
    if update is None:
        return None
    names = [name for name in optimizers if name is not None]
    if update not in names:
        raise unknown_name("Scheduler", "optimizer for update", update, names)
    return names.index(update)


class Attachments:
    """Attaches every optimizer to one driver.

    Args:
        optimizers: The optimizers, by name.
        values: The schedules of each value.
        strict: Whether checkpoints of the optimizers must have groups of the same names.
    """

    def __init__(
        self, optimizers: Optimizers, values: Sequence[ValueSchedules], strict: bool
    ) -> None:
        self.values, self._strict = values, strict
        groups = groups_of(optimizers)
        for one in values:
            one.check_all_used(groups)
            one.warn_if_initials_differ(groups)
        self.all = [
            Attachment(optimizer, values, strict, index, name)
            for index, (name, optimizer) in enumerate(optimizers.items())
        ]

    @property
    def single(self) -> Attachment:
        """The attachment, if there is one optimizer.

        Raises:
            GradatimError: If there are several.
        """
        if len(self.all) > 1:
            names = ", ".join(repr(name) for name in self.optimizers)
            raise GradatimError(
                f"Scheduler: optimizer is not one, this scheduler drives {names}. Write "
                "scheduler.optimizers[name]."
            )
        return self.all[0]

    def with_optimizer(self, optimizer: Optimizer, known: Mapping[Target, Schedule]) -> Attachments:
        """The same schedules for another optimizer in place of a single one.

        Args:
            optimizer: The other optimizer.
            known: The schedules of the plan.

        Raises:
            GradatimError: If its groups need schedules that are not in the plan.
        """
        new = Attachments({self.single.known_groups.name: optimizer}, self.values, self._strict)
        missing = new_schedules(new.single.known_groups.assignments(), known)
        if missing:
            raise GradatimError(
                "Scheduler: the new optimizer has groups that the old one did not have: "
                f"{', '.join(sorted(map(str, missing)))}. Build a new Scheduler for it."
            )
        return new

    @property
    def optimizers(self) -> dict[str | None, Optimizer]:
        """The optimizers, by name."""
        return {one.known_groups.name: one.optimizer for one in self.all}

    @property
    def value_names(self) -> set[str]:
        """The names of the values that are driven."""
        return {one.value for one in self.values}

    @property
    def group_values(self) -> Iterator[GroupValue]:
        """Every driven number of every group."""
        return (group_value for one in self.all for group_value in one.writer.group_values)

    @property
    def groups(self) -> Iterator[Group]:
        """The parameter groups of all optimizers."""
        return (group for one in self.all for group in one.optimizer.param_groups)

    def schedules(self) -> dict[Target, Schedule]:
        """All schedules of the plan, including those for groups that are added later."""
        found: dict[Target, Schedule] = {}
        for one in self.all:
            found |= one.known_groups.schedules()
        return found

    def tensors(self, values: Collection[str]) -> list[tuple[GroupValue, Tensor]]:
        """The tensors in which groups hold these values."""
        held = [(one, one.hyperparameter.read(one.group)) for one in self.group_values]
        return [
            (one, tensor)
            for one, tensor in held
            if one.target.value in values and isinstance(tensor, Tensor)
        ]

    def take_over(self) -> None:
        """Raise if another scheduler drives one of the values of an optimizer."""
        for one in self.all:
            one.take_over()

    def attach(
        self, driver: Driver, scheduler: ReferenceType[LRScheduler], released: Counter[str]
    ) -> None:
        """Drive all optimizers from now on; see ``Attachment.attach``."""
        for one in self.all:
            one.attachments = self.all
            one.attach(driver, scheduler, released)

    def match_groups(self) -> None:
        """Find out which groups were changed."""
        for one in self.all:
            one.match_groups()

    def write(self) -> None:
        """Write the values that the next step of each optimizer uses."""
        for one in self.all:
            one.write()

    def write_if_due(self) -> None:
        """Write the values of the next steps where they are not written yet."""
        for one in self.all:
            if one.is_attached and not one.is_written():
                one.write_if_due()

    def update_released(self) -> None:
        """Change which values are written, after a ``released`` block has begun or ended."""
        for one in self.all:
            one.update_released()

    def detach(self) -> None:
        """Remove the hooks from all optimizers."""
        for one in self.all:
            one.detach()

    def check_bases(self) -> None:
        """Raise, for a run that goes on in the middle, if the base of a relative is uncertain."""
        for one in self.all:
            one.known_groups.check_bases()
