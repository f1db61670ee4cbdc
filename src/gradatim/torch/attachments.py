"""The optimizers that one scheduler drives, each with its attachment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from weakref import ReferenceType

from torch import Tensor
from torch.optim import Optimizer

from gradatim.core.errors import GradatimError, refuse, unknown
from gradatim.core.schedule import Schedule
from gradatim.drive import Driver, Target
from gradatim.torch.assign import Groups, Parts
from gradatim.torch.attachment import Attachment
from gradatim.torch.inner import innermost
from gradatim.torch.table import Place


def optimizers_of(given: Any) -> dict[str | None, Optimizer]:
    """The optimizers to attach to, by their names; a single one has no name.

    Args:
        given: An optimizer, a mapping from names to optimizers, or a list of them, which are
            called "0", "1", ...; wrappers are looked through.

    Raises:
        GradatimError: If something is no optimizer, or two share a parameter group.
    """
    by_name: dict[str | None, Optimizer]
    if isinstance(given, Mapping):
        by_name = {_name(name): innermost(one) for name, one in given.items()}
    elif isinstance(given, (list, tuple)):
        by_name = {str(i): innermost(one) for i, one in enumerate(given)}
    else:
        return {None: innermost(given)}
    if not by_name:
        raise refuse("Scheduler", "optimizer", given, "an optimizer, or several in a mapping")
    owners: dict[int, str | None] = {}
    for name, one in by_name.items():
        for group in one.param_groups:
            if (other := owners.setdefault(id(group), name)) != name:
                raise GradatimError(
                    f"Scheduler: the optimizers {other!r} and {name!r} share a parameter group, "
                    "so one would overwrite the other's values. Give each its own groups."
                )
    return by_name


def _name(name: object) -> str:
    if not isinstance(name, str) or not name or any(sign in name for sign in "/*?["):
        raise refuse("Scheduler", "an optimizer's name", name, "a text without any of / * ? [")
    return name


def groups_of(optimizers: Mapping[str | None, Optimizer]) -> Groups:
    """The parameter groups of each optimizer."""
    return {name: one.param_groups for name, one in optimizers.items()}


def index_of(update: str | None, optimizers: Mapping[str | None, Optimizer]) -> int | None:
    """The place of the optimizer whose steps are the updates; None if all make them together."""
    if update is None:
        return None
    names = [name for name in optimizers if name is not None]
    if update not in names:
        raise unknown("Scheduler", "optimizer for update", update, names)
    return names.index(update)


class Attachments:
    """Attaches every optimizer to one driver.

    Args:
        optimizers: The optimizers, by name.
        parts: For each value, its schedules by group.
        strict: Whether checkpoints of the optimizers must have groups of the same names.
    """

    def __init__(
        self, optimizers: Mapping[str | None, Optimizer], parts: Sequence[Parts], strict: bool
    ) -> None:
        self.parts = parts
        groups = groups_of(optimizers)
        for one in parts:
            one.check_served(groups)
            one.warn_of_spread(groups)
        self.all = [
            Attachment(one, parts, strict, index, name)
            for index, (name, one) in enumerate(optimizers.items())
        ]

    @property
    def optimizers(self) -> dict[str | None, Optimizer]:
        """The optimizers, by name."""
        return {one.roster.name: one.optimizer for one in self.all}

    @property
    def values(self) -> set[str]:
        """The names of the values that are driven."""
        return {one.value for one in self.parts}

    @property
    def targets(self) -> set[Target]:
        """The targets of the plan that some group takes."""
        return {place.target for one in self.all for place in one.table.places}

    def schedules(self) -> dict[Target, Schedule]:
        """All that is to be driven, including what waits for a group added later."""
        found: dict[Target, Schedule] = {}
        for one in self.all:
            found |= one.roster.schedules()
        return found

    def tensors(self, values: Collection[str]) -> list[tuple[Place, Tensor]]:
        """The tensors that hold these values, and where."""
        places = [place for one in self.all for place in one.table.places]
        held = [(place, place.entry.held(place.group)) for place in places]
        return [
            (place, one)
            for place, one in held
            if place.target.value in values and isinstance(one, Tensor)
        ]

    def claim(self) -> None:
        """Refuse if another scheduler drives one of the values of an optimizer."""
        for one in self.all:
            one.claim()

    def attach(self, driver: Driver, owner: ReferenceType[Any], released: Counter[str]) -> None:
        """Drive all optimizers from now on."""
        for one in self.all:
            one.siblings = self.all
            one.attach(driver, owner, released)

    def match(self) -> None:
        """Take up groups that were changed."""
        for one in self.all:
            one.match()

    def write(self) -> None:
        """Write the values of the next step."""
        for one in self.all:
            one.write()

    def catch_up(self) -> None:
        """Write the values that are due, where they are not written yet."""
        for one in self.all:
            if one.attached and not one.is_written():
                one.catch_up()

    def rebuild(self) -> None:
        """Take up that values were handed over or taken back."""
        for one in self.all:
            one.rebuild()

    def detach(self) -> None:
        """Let go of all optimizers."""
        for one in self.all:
            one.detach()

    def check_bases_are_known(self) -> None:
        """Refuse to go on in the middle of a run if the base of a relative schedule is a guess."""
        for one in self.all:
            one.roster.check_bases_are_known()

    def groups(self) -> Iterable[dict[str, Any]]:
        """The parameter groups of all optimizers."""
        return (group for one in self.all for group in one.optimizer.param_groups)
