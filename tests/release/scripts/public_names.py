"""Prints what is public in some modules, as JSON: ``public_names.py MODULE ...``.

For each name of ``__all__``: its parameters, and of a class its members and their parameters.
"""

import importlib
import inspect
import json
import sys
import warnings
from typing import Any


def main() -> None:
    warnings.simplefilter("ignore")
    found = {name: public(importlib.import_module(name)) for name in sys.argv[1:]}
    print(json.dumps(found, indent=1, sort_keys=True))


def public(module: Any) -> dict[str, Any]:
    names = getattr(module, "__all__", [name for name in dir(module) if not name.startswith("_")])
    return {name: described(getattr(module, name)) for name in names}


def described(thing: Any) -> dict[str, Any]:
    if not inspect.isclass(thing):
        return {"parameters": parameters(thing)}
    names = {*dir(thing), *getattr(thing, "__annotations__", {})}
    members = {
        name: parameters(getattr(thing, name, None)) for name in names if not name.startswith("_")
    }
    return {"parameters": parameters(thing), "members": members}


def parameters(thing: Any) -> list[str]:
    try:
        found = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


if __name__ == "__main__":
    main()
