"""The states of a plan's rules, moved on by the metrics of evaluations."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from gradatim.core.rules import Rule, RuleState
from gradatim.errors import GradatimError, unknown_name


class RuleStates:
    """The state of each rule.

    Args:
        rules: The rules, by the names of their values.
        states: Their states; new ones if left out.
    """

    def __init__(
        self, rules: Mapping[str, Rule], states: Mapping[str, RuleState] | None = None
    ) -> None:
        self._rules = dict(rules)
        self.states = {n: rule.init() for n, rule in rules.items()} if states is None else states

    @property
    def scales(self) -> dict[str, float]:
        """What each rule multiplies its value with at the moment."""
        return {name: state.scale for name, state in self.states.items()}

    def observe(self, metric: float, name: str | None) -> Unusable | None:
        """Show a metric to one rule or to all; what became of it if it is no finite number.

        Raises:
            GradatimError: If there is no such rule, or the metric is not usable. Nothing changed.
        """
        if not self._rules:
            raise GradatimError(
                "observe: there is no rule to show the metric to. Give one when building: "
                "rule=Plateau(mode='min')."
            )
        if name is not None and name not in self._rules:
            raise unknown_name("observe", "rule", name, self._rules)
        names = list(self._rules) if name is None else [name]
        new = {n: self._rules[n].update(self.states[n], metric) for n in names}
        self.states = {**self.states, **new}
        if isfinite(metric):
            return None
        # Only reached under nan="ignore" and nan="worse": under "error" the rule has refused.
        nan = self._rules[names[0]].nan
        return Unusable(names, "left out" if nan == "ignore" else "counted as no improvement")


class Unusable:
    """A metric that was no finite number: which rules saw it, and what it counted as."""

    def __init__(self, names: list[str], effect: str) -> None:
        self.names, self.effect = names, effect
