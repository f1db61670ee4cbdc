"""Plan files: a run and its schedules, written once, for the command and for the training."""

from gradatim.plans.plan import load_plan
from gradatim.plans.schema import schema

__all__ = ["load_plan", "schema"]
