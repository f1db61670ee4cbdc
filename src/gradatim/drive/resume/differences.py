"""Where two plans differ, in the words that schedules are written in.

All of it works on plain data, so a plan that cannot be built here can be shown, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from gradatim.core.values.value import buildable

_LONGEST = 120


def differences_of(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    """Every difference of two plans, such as "lr: Cosine(..., steps=90) -> Cosine(..., steps=190)".

    Args:
        theirs: A plan as plain data.
        ours: Another one.
    """
    for part, about in (("schedules", ""), ("rules", "rule of ")):
        one, other = theirs[part], ours[part]
        for name in dict.fromkeys((*one, *other)):
            for text in differences_in(one.get(name), other.get(name)):
                yield f"{about}{name}: {text}"
    for part in ("external", "run"):
        for text in differences_in(theirs[part], ours[part]):
            yield f"{part}: {text}"


def differences_in(one: Any, other: Any) -> Iterator[str]:
    """Where two values differ, each time the smallest part of them that does, as plain data."""
    if one == other:
        return
    if not (_is_value(one) and _is_value(other) and one.keys() == other.keys()):
        yield f"{_shown(_text(one))} -> {_shown(_text(other))}"
        return
    ((name, fields),), ((_, others),) = one.items(), other.items()
    mine, their = _pieces(name, fields), _pieces(name, others)
    if mine is not None and their is not None and len(mine) != len(their):
        yield _different_pieces(mine, their)
        return
    own = []
    for field in dict.fromkeys((*fields, *others)):
        parts = _parts(fields.get(field), others.get(field))
        if parts is not None:
            for part, another in parts:
                yield from differences_in(part, another)
        elif fields.get(field) != others.get(field):
            own.append(field)
    if own:
        is_all = set(own) == {*fields, *others}
        yield f"{_some_of(name, fields, own, is_all)} -> {_some_of(name, others, own, is_all)}"


def _parts(one: Any, other: Any) -> list[tuple[Any, Any]] | None:
    """The values inside two fields, in pairs; None if they hold something else."""
    if _is_value(one) and _is_value(other):
        return [(one, other)]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = list(zip(one, other, strict=True))
        if pairs and all(_is_value(part) for pair in pairs for part in pair):
            return pairs
    return None


def _is_value(config: Any) -> bool:
    """Whether this is the config of a value: one name, and under it its fields."""
    return (
        isinstance(config, Mapping)
        and len(config) == 1
        and all(isinstance(name, str) and _has_names(fields) for name, fields in config.items())
    )


def _has_names(fields: Any) -> bool:
    return isinstance(fields, Mapping) and all(isinstance(field, str) for field in fields)


def _pieces(name: str, fields: Mapping[str, Any]) -> list[Any] | None:
    """The pieces of a join; None if it is none."""
    pieces = fields.get("pieces")
    return pieces if name == "Join" and isinstance(pieces, list) else None


def _some_of(name: str, fields: Mapping[str, Any], shown: list[str], is_all: bool) -> str:
    if name == "Scale":
        return f"{fields.get('factor')!r} * ..."
    listed = [] if is_all else ["..."]
    listed += [f"{field}={_shown(_text(fields.get(field)))}" for field in shown]
    return f"{name}({', '.join(listed)})"


def _different_pieces(one: list[Any], other: list[Any]) -> str:
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))
    begin = "... >> " if same else ""
    texts = (_joined(pieces[same:]) or "nothing more" for pieces in (one, other))
    return " -> ".join(f"{begin}{_shown(text)}" for text in texts)


def _joined(pieces: list[Any]) -> str:
    return " >> ".join(map(_text, pieces))


def _text(config: Any) -> str:
    """A value as it would be written in Python."""
    if config is None:
        return "nothing"
    if isinstance(config, list):
        return f"[{', '.join(map(_text, config))}]"
    if not _is_value(config):
        return repr(config)
    ((name, fields),) = config.items()
    pieces = _pieces(name, fields)
    if pieces is not None:
        return _joined(pieces)
    if name == "Scale":
        inside = fields.get("schedule")
        text = _text(inside)
        brackets = _is_value(inside) and "Join" in inside
        return f"{fields.get('factor')!r} * {f'({text})' if brackets else text}"
    kind = buildable().get(name)
    listed = (
        f"{field}={_text(entry)}"
        for field, entry in fields.items()
        if entry is not None and entry != getattr(kind, field, None)
    )
    return f"{name}({', '.join(listed)})"


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
