"""Choose the peak rate before the expensive run, with an interval or with no suggestion.

May import ``core``, ``race`` and ``look``. The model of the loss is in ``surface``, which runs are
made in ``stages``, and what is said of them in ``answer``.
"""

from gradatim.peak.answer import PeakAnswer
from gradatim.peak.find import find_peak
from gradatim.peak.surface import Ended

__all__ = ["Ended", "PeakAnswer", "find_peak"]
