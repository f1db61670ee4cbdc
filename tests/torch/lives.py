"""Runs a state machine as a test: so many programs, of so many steps each."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine


def life(machine: type[RuleBasedStateMachine], programs: int, steps: int):
    made = type(f"{machine.__name__}{programs}", (machine,), {})
    made.TestCase.settings = settings(
        max_examples=programs,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    return made.TestCase
