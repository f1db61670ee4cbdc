"""Choose the peak rate before the expensive run, with an interval or with no suggestion.

May import ``core``, ``race`` and ``look``. To add a reason for no suggestion, write it in
``answer``; a stage of runs, in ``stages``. The model of the loss is in ``surface``.
"""

from gradatim.peak.answer import PeakAnswer
from gradatim.peak.find import find_peak, folder_of
from gradatim.peak.surface import Ended

__all__ = ["Ended", "PeakAnswer", "find_peak", "folder_of"]
