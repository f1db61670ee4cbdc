"""A JSON schema of plan files, from the registry, for editors that complete and underline."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, Literal, Union, get_args, get_origin

from gradatim.core.rules import Rule
from gradatim.core.run.data import Size
from gradatim.core.run.durations import Level
from gradatim.core.run.run import Run
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import FieldType, declared_types
from gradatim.core.values.value import buildable, parameters_of
from gradatim.plans.reading import FORMAT, is_length, required

_LENGTH = r"^\s*\d[\d_]*\.?\d*(e\+?\d{1,3})?\s*[kMBT]?\s*(%|[A-Za-z_]\w*)\s*$"

_PERCENT = r"^\s*\d[\d_]*\.?\d*(e\+?\d{1,3})?\s*%\s*$"


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a plan file, generated from every registered name.

    >>> schema()["properties"]["schedules"]["additionalProperties"]
    {'$ref': '#/$defs/schedule'}
    """
    schedules = {
        n: m for n, m in buildable().items() if _kind_of(m) is Schedule and not _runs_code(m)
    }
    rules = {n: m for n, m in buildable().items() if _kind_of(m) is Rule}
    by_name = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"$ref": "#/$defs/schedule"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A plan of gradatim",
        "type": "object",
        "required": ["format"],
        "anyOf": [{"required": ["schedules"]}, {"required": ["external"]}],
        "additionalProperties": False,
        "properties": {
            "format": {"const": FORMAT},
            "run": _schema_of_arguments(Run),
            "schedules": by_name,
            "external": by_name,
            "rules": {"type": "object", "additionalProperties": {"$ref": "#/$defs/rule"}},
        },
        "$defs": {"schedule": _one_of(schedules), "rule": _one_of(rules)},
    }


def _kind_of(make: Callable[..., Any]) -> type | None:
    if not isinstance(make, type):
        return Schedule
    return next((kind for kind in (Schedule, Rule) if issubclass(make, kind)), None)


def _runs_code(make: Callable[..., Any]) -> bool:
    return getattr(make, "imports_code", False)


def _one_of(makers: dict[str, Callable[..., Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {name: _schema_of_arguments(make) for name, make in makers.items()},
    }


def _schema_of_arguments(make: Callable[..., Any]) -> dict[str, Any]:
    defaults = {name: parameter.default for name, parameter in parameters_of(make).items()}
    properties = {}
    for name, wanted in declared_types(make).items():
        if wanted is Run:
            continue  # that of the plan
        properties[name] = _schema_of_type(wanted)
        if isinstance(defaults[name], (str, int, float)):
            properties[name]["default"] = defaults[name]
    return {
        "type": "object",
        "description": inspect.cleandoc(make.__doc__ or "").partition("\n")[0],
        # The steps of a schedule may be those of the run, and the run is that of the plan.
        "required": [name for name in required(make) if name not in ("steps", "run")],
        "additionalProperties": False,
        "properties": properties,
    }


def _schema_of_type(wanted: Any) -> dict[str, Any]:
    if get_origin(wanted) in (Union, types.UnionType):
        (one,) = (part for part in get_args(wanted) if part is not type(None))
        return {"anyOf": [_schema_of_type(one), {"type": "null"}]}
    if get_origin(wanted) is Literal:
        return {"enum": list(get_args(wanted))}
    if get_origin(wanted) is tuple:
        parts = get_args(wanted)
        if parts[-1] is Ellipsis:
            return {"type": "array", "items": _schema_of_type(parts[0])}
        return {
            "type": "array",
            "prefixItems": [_schema_of_type(part) for part in parts],
            "items": False,
            "minItems": len(parts),
        }
    if wanted is bool:
        return {"type": "boolean"}
    if isinstance(wanted, type) and issubclass(wanted, Schedule):
        return {"$ref": "#/$defs/schedule"}
    field_type = next((part for part in get_args(wanted) if isinstance(part, FieldType)), None)
    if field_type is None:  # a user's class may declare plain types
        return {"type": {int: "integer", float: "number"}.get(wanted, "string")}
    if wanted == Size:
        return {"anyOf": [{"type": "integer", "minimum": 1}, {"$ref": "#/$defs/schedule"}]}
    if wanted == Level:
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _PERCENT}]}
    if get_args(wanted)[0] is str:
        return {"type": "string", "description": field_type.allowed}
    basic = "number" if get_args(wanted)[0] is float else "integer"
    if is_length(wanted):
        number = {"type": basic, **_bounds_of(field_type)}
        return {"anyOf": [number, {"type": "string", "pattern": _LENGTH}]}
    return {"type": basic, "description": field_type.allowed, **_bounds_of(field_type)}


def _bounds_of(field_type: FieldType) -> dict[str, Any]:
    """The bounds of a field type, found by trying values: only ``convert`` defines them."""

    def takes(value: float) -> bool:
        try:
            field_type.convert(value)
        except (TypeError, ValueError, OverflowError):
            return False
        return True

    integers_only = takes(1) and not takes(0.5) and not takes(1e-9)
    bounds: dict[str, Any] = {}
    if not takes(-1):
        if takes(0):
            bounds["minimum"] = 0
        else:
            bounds |= {"minimum": 1} if integers_only else {"exclusiveMinimum": 0}
    if not takes(1):
        bounds["exclusiveMaximum"] = 1
    return bounds
