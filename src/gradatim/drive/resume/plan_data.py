"""Plans as plain data, read back: that of a state, or those of a history.

Data may name functions to import and call. They are called only if the script, or the user of the
command, names them too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, TypeVar

from gradatim.core.build import build
from gradatim.core.rules import Rule
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.values.renames import current_config
from gradatim.drive.plan import Plan, Target
from gradatim.errors import GradatimError, invalid_value

T = TypeVar("T")


def built(where: str, name: str, config: Any, kind: type[T]) -> T:
    """What a config describes, which must be of this kind."""
    value = build(config, imports=True)
    if not isinstance(value, kind):
        raise invalid_value(where, name, value, f"a {kind.__name__.lower()}")
    return value


def schedules_in(config: Mapping[str, Any], where: str) -> dict[Target, Schedule]:
    """The schedules of a plan in plain data. Its functions must be known by then to be harmless."""
    return {
        Target.read(name): built(where, name, entry, Schedule)  # type: ignore[type-abstract]
        for name, entry in config["schedules"].items()
    }


def rules_in(config: Mapping[str, Any], where: str) -> dict[str, Rule]:
    """The rules of a plan in plain data."""
    return {
        name: built(where, name, entry, Rule)  # type: ignore[type-abstract]
        for name, entry in config["rules"].items()
    }


def functions_in(config: Any) -> Iterator[str]:
    """The functions that a config would import and call, such as "package.module:function"."""
    if isinstance(config, Mapping):
        if isinstance(config.get("Function"), Mapping):
            yield str(config["Function"].get("function"))
        for entry in config.values():
            yield from functions_in(entry)
    elif isinstance(config, (list, tuple)):
        for entry in config:
            yield from functions_in(entry)


def plan_in(config: Any, where: str, modules: Collection[str] = ()) -> Plan:
    """The plan that ``Plan.config()`` gave as plain data.

    Args:
        config: The data.
        where: Who asks, for an error.
        modules: The modules whose functions may be called.

    Raises:
        GradatimError: If it is no plan, or would call a function of another module.
    """
    parts = {"schedules": Mapping, "external": list, "rules": Mapping, "run": Mapping | None}
    if not isinstance(config, Mapping) or set(config) != set(parts):
        raise invalid_value(where, "plan", config, f"a mapping with {', '.join(parts)}")
    for part, kind in parts.items():
        if not isinstance(config[part], kind):
            raise invalid_value(where, part, config[part], "what Plan.config() gives")
    try:
        foreign = {name for name in functions_in(config) if name.partition(":")[0] not in modules}
    except RecursionError:
        raise GradatimError(f"{where}: it is nested too deeply to be one of ours.") from None
    if foreign:
        raise GradatimError(
            f"{where}: it would import and run {', '.join(sorted(foreign))}. If you trust that "
            f"code, name its module: --import {sorted(foreign)[0].partition(':')[0]}."
        )
    return _plan(current_config(config), where)


def _plan(config: Mapping[str, Any], where: str) -> Plan:
    schedules = {str(target): one for target, one in schedules_in(config, where).items()}
    external = config["external"]
    if not all(isinstance(name, str) and name in schedules for name in external):
        raise invalid_value(where, "external", external, f"among {sorted(schedules)}")
    outside = {name: schedules.pop(name) for name in external}
    run = None if config["run"] is None else built(where, "run", config["run"], Run)
    return Plan(schedules, external=outside, rules=rules_in(config, where), run=run)
