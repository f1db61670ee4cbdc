"""Choose the peak rate before the expensive run, with an interval or with no suggestion.

May import ``core``, ``race``, ``look`` and ``torch``. To add a reason for no suggestion, write it
in ``answer``; a stage of runs, in ``stages``. The model of the loss is in ``surface``.
"""

from typing import TYPE_CHECKING, Any

from gradatim.peak.answer import PeakAnswer
from gradatim.peak.find import find_peak, folder_of
from gradatim.peak.surface import Ended

if TYPE_CHECKING:
    from gradatim.peak.in_place import find_peak_for

__all__ = ["Ended", "PeakAnswer", "find_peak", "find_peak_for", "folder_of"]


def __getattr__(name: str) -> Any:
    if name == "find_peak_for":  # only here: it imports torch
        from gradatim.peak.in_place import find_peak_for

        return find_peak_for
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
