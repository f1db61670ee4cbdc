"""Text that UTF-8 can encode, from text that Python decoded by the locale."""

from __future__ import annotations


def as_utf8(text: str) -> str:
    r"""The text with its bytes read as UTF-8, in place of the surrogates that stand for them.

    Python decodes arguments and paths by the locale, and keeps the bytes that do not fit as
    surrogates, which no file and no picture can hold.

    >>> as_utf8("gr\udcc3\udcb6\udcc3\udc9fe"), as_utf8("size")
    ('größe', 'size')
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
