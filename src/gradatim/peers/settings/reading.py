"""A settings file in any of the formats as one tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gradatim.errors import GradatimError
from gradatim.peers.settings.ini import read_ini
from gradatim.peers.settings.json import read_json
from gradatim.peers.settings.toml import read_toml
from gradatim.peers.settings.tree import LARGEST, Setting
from gradatim.peers.settings.yaml import read_yaml

_READERS: Mapping[str, Callable[[str], Setting]] = {
    ".yaml": read_yaml,
    ".json": read_json,
    ".toml": read_toml,
    ".ini": read_ini,
}


def read_settings(text: str, suffix: str) -> Setting:
    """The tree of a settings file. Several documents of YAML are a list.

    Args:
        text: The text of the file.
        suffix: ".yaml", ".json", ".toml" or ".ini".

    Raises:
        GradatimError: With the line, for a text that is not of this format, that is too large or
            too deep, or that has a key twice.

    >>> read_settings('{"lr": 0.1}', ".json")
    Setting(value={'lr': Setting(value=0.1, line=1, tag='')}, line=1, tag='')
    """
    if len(text) > LARGEST:
        raise GradatimError(f"settings of more than {LARGEST} characters are not read.")
    return _READERS[suffix](text.removeprefix("\ufeff"))
