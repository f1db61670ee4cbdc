"""Plan files: a run and its schedules in YAML, TOML or JSON.

May import ``core`` and ``drive``. To add a format, write one file that reads text into a ``Node``.
"""

from gradatim.plans.plan import load_plan
from gradatim.plans.schema import schema

__all__ = ["load_plan", "schema"]
