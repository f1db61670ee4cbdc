"""The built-in tasks, one file each, and the look-up of tasks by name or import path.

May import what ``race`` may. To add a task, write one file and name it below.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from gradatim.core.user_modules import import_named
from gradatim.errors import GradatimError, invalid_value, unknown_name
from gradatim.race.task import CONTRACT, Task, task_of

_OWN = "For your own write package.module:function, such as mypkg.train:run."


def built_in() -> list[str]:
    """The names of the tasks that come with the package.

    >>> built_in()
    ['digits', 'text']
    """
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def find_task(what: str | Task | Callable[..., Any]) -> Task:
    """The task of this name, at this import path, or made of this function.

    Args:
        what: A built-in name such as ``digits``, a path such as ``mypkg.train:run`` (the current
            directory is importable), a function, or a ``Task``.

    Raises:
        GradatimError: If there is no such task, or it is not a function of this form.

    >>> find_task("digits").metric
    'accuracy'
    """
    if isinstance(what, Task):
        return what
    if isinstance(what, str) and ":" in what:
        return task_of(_imported(what), what)
    if isinstance(what, str):
        if what not in built_in():
            raise GradatimError(f"{unknown_name('race', 'task', what, built_in())} {_OWN}")
        module = importlib.import_module(f"{__name__}.{what}")
        return task_of(module.run, what)
    if callable(what):
        return task_of(what)
    raise invalid_value("race", "task", what, "a name, an import path or a function", CONTRACT)


def _imported(path: str) -> Callable[..., Any]:
    name, _, attribute = path.partition(":")
    if not all(part.isidentifier() for part in (*name.split("."), attribute)):
        raise invalid_value("race", "task", path, "an import path", _OWN)
    module = import_named("race", name, f"task {path!r}", _OWN)
    if not hasattr(module, attribute):
        functions = [n for n, v in vars(module).items() if getattr(v, "__module__", None) == name]
        raise unknown_name(f"race: task {path!r}", "function", attribute, functions)
    function = getattr(module, attribute)
    if not callable(function):
        raise invalid_value("race", f"task {path!r}", function, "a function", CONTRACT)
    return function  # type: ignore[no-any-return]
