"""``GradatimError``, and how its messages are worded."""

from __future__ import annotations

from collections.abc import Iterable


class GradatimError(ValueError):
    """The error for every invalid argument, file or state.

    It is raised when an object is built, loaded or read. During a run it is raised only for what
    cannot be known earlier, such as changed parameter groups or a function that returns NaN. The
    message names the argument, the value received, what is allowed, and what to write instead.
    """


def shown(value: object) -> str:
    """The ``repr`` of a value, at most 80 characters long."""
    try:
        text = repr(value)
    except ValueError:  # an int of thousands of digits
        text = f"a number of {type(value).__name__} too long to print"
    return in_short(text, 80)


def in_short(text: str, longest: int) -> str:
    """A text that ends in "..." if it is longer than so many characters.

    >>> in_short("CosineAnnealingLR(optimizer, T_max=90)", 20)
    'CosineAnnealingLR...'
    """
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def invalid_value(
    where: str, name: str, value: object, allowed: str, hint: str = ""
) -> GradatimError:
    """The error for an invalid value; the caller raises it.

    Args:
        where: The class or function that the user called.
        name: The argument.
        value: The value that was given.
        allowed: What is allowed, such as "a finite number above 0".
        hint: What to write instead.
    """
    sentence = f"{where}: {name} must be {allowed}, got {shown(value)}."
    return GradatimError(f"{sentence} {hint}" if hint else sentence)


_MOST_LISTED = 24
"""Longer lists of known names are cut to the five most similar."""


def unknown_name(where: str, what: str, name: object, known: Iterable[str]) -> GradatimError:
    """The error for an unknown name, with the known ones; the caller raises it."""
    import difflib  # needed only here, and slow to import

    names = sorted(known)
    text = name if isinstance(name, str) else ""
    # A part of a name is nearer than another word that happens to be spelt alike.
    within = [known for known in names if len(text) > 2 and text.lower() in known.lower()]
    near = difflib.get_close_matches(text, within or names, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    listed = f"Known: {', '.join(names)}." if names else "There are none."
    if len(names) > _MOST_LISTED:
        some = difflib.get_close_matches(text, within, 5, 0.0)
        some += [one for one in difflib.get_close_matches(text, names, 5, 0.0) if one not in some]
        listed = f"Known: {', '.join(some[:5])}, ... ({len(names)} in all)."
    return GradatimError(f"{where}: unknown {what} {shown(name)}.{guess} {listed}")
