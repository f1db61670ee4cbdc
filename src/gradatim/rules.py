"""Rules that scale a schedule by a metric, and their state."""

from gradatim.core.rules import Greedy, NewBob, Plateau, Rule, RuleState

__all__ = ["Greedy", "NewBob", "Plateau", "Rule", "RuleState"]
