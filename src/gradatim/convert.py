"""The name of ``gradatim.peers`` in version 0.1."""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # or type checkers would accept any attribute

    def __getattr__(name: str):
        from gradatim.core.deprecated import moved_name

        return moved_name(__name__, name)
