"""INI of other projects, as ``configparser`` of the standard library reads it."""

from __future__ import annotations

import configparser
import re

from gradatim.core.build import at_line
from gradatim.peers.settings.tree import Setting, plain_scalar

_SECTION = re.compile(r"\[([^\]]+)\]")
_KEY = re.compile(r"([^:=\s][^:=]*?)\s*[:=]")


def read_ini(text: str) -> Setting:
    """The tree of an INI text: its sections, and in each the keys, in small letters.

    Raises:
        GradatimError: With the line, for what is not INI, and for a key that comes twice.
    """
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.DuplicateOptionError as error:
        raise at_line(error.lineno, f"the key {error.option!r} comes twice.") from None
    except configparser.Error as error:
        line = getattr(error, "lineno", None)
        raise at_line(line, f"this is not INI: {error.message.splitlines()[0][:120]}") from None
    lines = _lines(text)
    found: dict[str, Setting] = {}
    for name, section in parser.items():
        at = lines.get((name, ""), 1)
        found[name] = Setting(
            {
                key: Setting(plain_scalar(value.strip("\"'")), lines.get((name, key), at))
                for key, value in section.items()
            },
            at,
        )
    return Setting(found, 1)


def _lines(text: str) -> dict[tuple[str, str], int]:
    lines: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _SECTION.match(line):
            section = header[1]
            lines.setdefault((section, ""), number)
        elif key := _KEY.match(line):
            lines.setdefault((section, key[1].lower()), number)
    return lines
