"""The plans that ``gradatim show`` was given, with their targets and the axis of each."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from gradatim.cli._plans import Source
from gradatim.core.run.clocks import tick_name
from gradatim.core.schedule import Schedule
from gradatim.drive import Plan, Target

if TYPE_CHECKING:
    from gradatim.look.axis import Axis


class ShownPlans:
    """Several plans by name, the targets of all of them, and how many steps are shown."""

    def __init__(self, sources: Sequence[Source], plans: Sequence[Plan]) -> None:
        from gradatim.look.panels import targets_of

        self.sources = {source.name: source for source in sources}
        self.plans = dict(zip(self.sources, plans, strict=True))
        self.targets = targets_of(self.plans)

    @property
    def several(self) -> bool:
        """Whether there is more than one plan."""
        return len(self.plans) > 1

    def number_of(self, name: str) -> int:
        """The number of a plan, from 0, which determines its mark and its colour."""
        return list(self.plans).index(name)

    @cached_property
    def axes(self) -> dict[Target, Axis]:
        """The axis of each target."""
        from gradatim.look.axis import axis_of_target

        return {target: axis_of_target("show", self.plans, target) for target in self.targets}

    @property
    def axis(self) -> Axis:
        """The axis of most targets: that of the run, or of the updates if all follow these."""
        axes = list(self.axes.values())
        return next((axis for axis in axes if axis.clock != "updates"), axes[0])

    @property
    def step_header(self) -> str:
        """The header of a column of steps."""
        clock = self.axis.clock
        return "step" if clock == "updates" else tick_name(clock)

    def schedules_of(self, target: Target) -> dict[str, Schedule]:
        """The schedule of this target in each plan that has one, by the name of the plan."""
        return {name: plan[target] for name, plan in self.plans.items() if target in plan}

    def columns(self) -> dict[str, Schedule]:
        """The schedules by the header of their column: "lr", or of several plans "NAME: lr".

        A target that follows the updates has no place in a table by another clock: it is left out,
        and named on stderr.
        """
        others = [target for target in self.targets if self.axes[target].clock != self.axis.clock]
        for target in others:
            print(
                f"show: {target} follows the updates and is left out. --value {target} shows it.",
                file=sys.stderr,
            )
        return {
            f"{name}: {target}" if self.several else str(target): schedule
            for target in self.targets
            if target not in others
            for name, schedule in self.schedules_of(target).items()
        }
