"""Settings files of other projects (YAML, JSON, TOML, INI) as one tree with line numbers."""

from __future__ import annotations

from typing import NamedTuple

from gradatim.core.build import Scalar
from gradatim.errors import GradatimError


class Setting(NamedTuple):
    """One value of a settings file: a mapping, a list or a scalar."""

    value: Scalar | list[Setting] | dict[str, Setting]
    line: int
    tag: str = ""
    """The YAML tag, such as "!new:speechbrain.nnet.schedulers.NoamScheduler", or ""."""


def read_settings(text: str, suffix: str) -> Setting:
    """The tree of a settings file.

    Args:
        text: The text of the file.
        suffix: ".yaml", ".json", ".toml" or ".ini".

    Raises:
        GradatimError: With the line, for a text that is not of this format.
    """
    raise GradatimError(f"settings in {suffix} are not read yet.")
