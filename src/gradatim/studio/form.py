"""The form of a text: each of its calls with the fields that its class or recipe declares.

An edit of a field replaces one stretch of the text, so text and form are one state.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from gradatim.core.run.durations import Length, Level
from gradatim.core.run.run import Run, Total
from gradatim.core.schedule import Schedule
from gradatim.core.values.fields import (
    DecayFactor,
    FieldType,
    NonNegativeInt,
    OpenFraction,
    PositiveInt,
    declared_types,
)
from gradatim.core.values.value import parameters_of
from gradatim.look.catalogue import descriptions_of
from gradatim.plans.plan import format_of
from gradatim.studio.body import Body, Data
from gradatim.studio.calls import Argument, Call, calls_in
from gradatim.studio.plan_calls import calls_in_plan


def calls_of(text: str) -> list[Call]:
    """The calls of an expression or of a plan."""
    ending = format_of(text)
    return calls_in_plan(text, ending) if ending else calls_in(text)


def form(body: Body) -> Data:
    """The groups of fields of a text."""
    text = body.text("text")
    return {
        "groups": [_group(call) for call in calls_of(text) if call.make is not None],
        "plan": bool(format_of(text)),
    }


def run_form(body: Body) -> Data:
    """The fields of a run, which the page holds beside its cards."""
    return {"groups": [_group(Call("Run", "", Run, (), 0, 0, 0, "{name}=", ""))]}


def _group(call: Call) -> Data:
    assert call.make is not None
    text = inspect.cleandoc(call.make.__doc__ or "")
    return {
        "name": call.name,
        "about": call.about,
        "help": _plain(" ".join(text.partition("\n\n")[0].split())),
        "fields": list(_fields(call, call.make)),
    }


def _fields(call: Call, make: Callable[..., Any]) -> Iterator[Data]:
    given = {argument.name: argument for argument in call.arguments}
    parameters, descriptions = (
        parameters_of(make),
        descriptions_of(inspect.cleandoc(make.__doc__ or "")),
    )
    for name, wanted in declared_types(make).items():
        kind, choices = kind_of(wanted)
        if not kind or (call.before == "" and name not in given):
            continue  # a schedule has a group of its own; to a factor no other field can be added
        default = parameters[name].default
        yield {
            "name": name,
            "kind": kind,
            "choices": choices,
            "help": _plain(descriptions.get(name, "")),
            "default": "" if default in (inspect.Parameter.empty, None) else str(default),
            "required": default is inspect.Parameter.empty,
            **_place(call, name, given.get(name)),
        }


def _place(call: Call, name: str, argument: Argument | None) -> dict[str, Data]:
    """Where the value of a field is written, or would be."""
    if argument is None:
        before = call.before.format(name=name)
        at = call.insert
        return {"text": None, "start": at, "end": at, "before": before, "after": call.after}
    return {"text": argument.text, "start": argument.start, "end": argument.end}


def kind_of(wanted: Any) -> tuple[str, list[Data]]:
    """How a field is edited, and its choices; "" for what is a group of its own.

    >>> kind_of(PositiveInt), kind_of(Literal["min", "max"])
    (('whole', []), ('choice', ['min', 'max']))
    """
    if get_origin(wanted) in (Union, types.UnionType):
        wanted = next(part for part in get_args(wanted) if part is not type(None))
    if get_origin(wanted) is Literal:
        return "choice", list(get_args(wanted))
    if wanted is bool:
        return "flag", []
    if wanted in (Length, Total):
        return "steps", []
    if wanted is Level:
        return "number", []
    if wanted in (DecayFactor, OpenFraction):
        return "share", []
    if wanted in (PositiveInt, NonNegativeInt):
        return "whole", []
    if get_origin(wanted) is Annotated:
        (field_type,) = (part for part in get_args(wanted) if isinstance(part, FieldType))
        if field_type.is_length:
            return "steps", []
        if Schedule in get_args(get_args(wanted)[0]):
            return "whole", []  # a size, which may also be a schedule of sizes
        return ("number" if get_args(wanted)[0] in (int, float) else "text"), []
    if isinstance(wanted, type) and issubclass(wanted, Schedule):
        return "", []
    return ("text" if get_origin(wanted) is tuple and not _of_schedules(wanted) else ""), []


def _of_schedules(wanted: Any) -> bool:
    first = get_args(wanted)[0]
    return isinstance(first, type) and issubclass(first, Schedule)


def _plain(text: str) -> str:
    """A text of a docstring without marks of code."""
    return text.replace("``", "")
