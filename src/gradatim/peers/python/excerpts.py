"""Excerpts of Python that begin or end inside a call or a docstring, as complete code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<long>\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3})|(?P<cut>\"{3}|'{3})"""
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<comment>\#[^\n]*)"""
    r"""|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<line>\n)""",
    re.DOTALL,
)
CUT_OFF = "rest_of_excerpt"
"""The name that stands for what is not shown."""
_CALLED = "CutOffScheduler"  # it may be one, so that what it is made of is not read alone
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSERS = {opener: closer for closer, opener in _PAIRS.items()}
_STARRED = {"(": "**", "[": "*", "{": "**"}
_GOES_ON = re.compile(r"\.|[-+/%<>=!&|^@]|(and|or|if|else|for|in|is|not in)\b")
_NEEDS_VALUE = re.compile(r"([-+*/%<>=!&|^~@:]|\b(and|or|not|if|else|in|is|lambda))$")
_HEADER = re.compile(r"\s*(async\s+)?(def|class|if|elif|else|for|while|with|try|except|finally)\b")


class _Cut(NamedTuple):
    closers: str
    """The brackets that are closed and were opened before the excerpt."""
    end: int
    """The end of the line with the last of them."""
    openers: str
    """The brackets that are open at the end."""
    begin: int
    """The beginning of the statement that they are in."""
    written: int
    """The end of what stands before a comment at the end."""
    string: int
    """Where a long string begins that has no end; -1 if none does."""


def completed(text: str) -> Iterator[str]:
    """Complete code for an excerpt, as guesses to be parsed; lines keep their numbers.

    What is not shown becomes the name ``rest_of_excerpt``, which has no value.

    >>> print(next(completed("    lr=0.1,\\n)\\ns = StepLR(\\n    o, 3,")))
    CutOffScheduler(    lr=0.1,
    )
    s = StepLR(
        o, 3, **rest_of_excerpt)
    """
    cut = _scanned(text)
    if cut.string < 0:
        yield _closed(text, cut)
        return
    sign = text[cut.string : cut.string + 3]
    ended = f"{text}\n{sign}"
    yield _closed(ended, _scanned(ended))
    docstring = text.index(sign) + 3
    begun = "\n" * text[:docstring].count("\n") + text[docstring:]
    yield _closed(begun, _scanned(begun))


def _scanned(text: str) -> _Cut:
    closers, stack, end, begin, written = "", "", 0, 0, 0
    begins = True
    for token in _TOKEN.finditer(text):
        kind, sign = token.lastgroup, token[0]
        if kind == "cut":
            return _Cut(closers, end, stack, begin, written, token.start())
        if kind == "open":
            if not stack:
                begin = text.rfind("\n", 0, token.start()) + 1
            stack += sign
        elif kind == "close":
            if stack:
                stack = stack[:-1] if stack[-1] == _PAIRS[sign] else stack
            else:
                closers, begins = closers + sign, True
        elif kind == "line" and begins and not stack:
            end, begins = (token.end() if closers else 0), False
        if kind != "comment":
            written = token.end()
    return _Cut(closers, end, stack, begin, max(written, len(text.rstrip())), -1)


def _closed(text: str, cut: _Cut) -> str:
    text = _ended(text, cut)
    if not cut.closers:
        return text
    rest = text[cut.end :]
    following = next((line for line in rest.split("\n") if line.strip()), "")
    indent = following[: len(following) - len(following.lstrip())]
    openers = [_PAIRS[sign] for sign in reversed(cut.closers)]
    if openers[0] != "(":
        indent += f"{CUT_OFF} = "
    before = "".join(_CALLED + sign if sign == "(" else sign for sign in openers)
    first = text.lstrip("\n \t")
    goes_on = f"{CUT_OFF} " if _GOES_ON.match(first) else ""
    blank = text[: len(text) - len(first)]
    kept = blank[: blank.rfind("\n") + 1]
    return f"{kept}{indent}{before}{goes_on}{text[len(kept) :]}"


def _ended(text: str, cut: _Cut) -> str:
    """The text with the brackets closed that are open at its end, and a body for its last line."""
    text = text.rstrip()
    statement = text[cut.begin :] if cut.openers else text[text.rfind("\n") + 1 :]
    if cut.openers:
        code = re.sub(r"\s*#[^\n]*$", "", text)
        if _NEEDS_VALUE.search(code) and not code.endswith("**"):
            code += f" {CUT_OFF}"
        for opener in reversed(cut.openers):
            comma = "" if code.endswith(opener) else " " if code.endswith(",") else ", "
            code += f"{comma}{_STARRED[opener]}{CUT_OFF}{_CLOSERS[opener]}"
        text = code
        if _HEADER.match(statement):
            text += ":"
    if _HEADER.match(statement) and text.endswith(":"):
        text += " pass"
    return text
