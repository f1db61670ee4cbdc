"""The one family of errors, and the one shape of their sentences."""

from __future__ import annotations

from collections.abc import Iterable


class GradatimError(ValueError):
    """Something was asked for that cannot be right.

    Raised when a thing is built, loaded or read. In the middle of a run only by what cannot be
    known earlier: changed parameter groups, or a function that returns NaN. The message names
    the argument, the value received, what is allowed, and what to write instead.
    """


def shown(value: object) -> str:
    """The value as a message shows it: never long, whatever it is."""
    try:
        text = repr(value)
    except ValueError:  # an int of thousands of digits
        text = f"a number of {type(value).__name__} too long to print"
    return text if len(text) <= 80 else f"{text[:77]}..."


def refuse(where: str, name: str, value: object, allowed: str, hint: str = "") -> GradatimError:
    """The error for one wrong value: where, which argument, what was given, what is allowed."""
    sentence = f"{where}: {name} must be {allowed}, got {shown(value)}."
    return GradatimError(f"{sentence} {hint}" if hint else sentence)


_MOST_LISTED = 24
"""A list of more names than this is not read: a few of them, the nearest first, say more."""


def unknown(where: str, what: str, name: object, known: Iterable[str]) -> GradatimError:
    """The error for a name that does not exist: the nearest one that does, then the known ones."""
    import difflib  # needed only here, and slow to import

    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1) if isinstance(name, str) else []
    guess = f" Did you mean {near[0]!r}?" if near else ""
    listed = f"Known: {', '.join(names)}." if names else "There are none."
    if len(names) > _MOST_LISTED:
        some = difflib.get_close_matches(name, names, 5, 0.0) if isinstance(name, str) else names
        listed = f"Known: {', '.join(some[:5])}, ... ({len(names)} in all)."
    return GradatimError(f"{where}: unknown {what} {shown(name)}.{guess} {listed}")
