"""Plan files: a run and its schedules in YAML, TOML or JSON.

May import ``core`` and ``drive``. To add a format, write one file that reads text into a ``Node``.
"""

from typing import TYPE_CHECKING

from gradatim.plans.plan import load_plan
from gradatim.plans.schema import schema

__all__ = ["load_plan", "schema"]


if not TYPE_CHECKING:  # or type checkers would accept any attribute

    def __getattr__(name: str):
        from gradatim.core.deprecated import moved_name

        return moved_name(__name__, name)
