"""Import a user module by name, with errors that say what is missing and where it was searched."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

from gradatim.errors import GradatimError, invalid_value


def import_named(where: str, name: str, needed_for: str, hint: str) -> ModuleType:
    """Import a module. The current directory is added to ``sys.path``.

    Args:
        where: What the user called, for errors.
        name: The name as in an import statement, such as "mypkg.schedules".
        needed_for: What the module is needed for, for errors.
        hint: What to write instead, for errors.

    Raises:
        GradatimError: If there is no such module, or importing it raises anything.
    """
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        raise invalid_value(where, "a module", name, "named as in an import statement", hint)
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise GradatimError(
                f"{where}: no module {error.name!r} for {needed_for}, neither in the current "
                f"directory, {here}, nor installed. {hint}"
            ) from None
        raise GradatimError(
            f"{where}: {needed_for}: importing {name} raised {type(error).__name__}: {error}"
        ) from error
