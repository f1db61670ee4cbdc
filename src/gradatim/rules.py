"""Rules that react to a metric, and what they remember between evaluations."""

from gradatim.core.rules import Greedy, NewBob, Plateau, Rule, RuleState

__all__ = ["Greedy", "NewBob", "Plateau", "Rule", "RuleState"]
