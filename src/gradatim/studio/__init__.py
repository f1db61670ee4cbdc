"""The studio: a page in the browser that draws, checks, compares and exports schedules.

May import ``core``, ``drive``, ``findings``, ``plans``, ``peers``, ``look``, ``logs``, ``forecast``
and ``audit``. To add a question that the page can ask, write one function from a ``Body`` to plain
data, and name it in ``api.py``.
"""

from gradatim.studio.app import studio_app
from gradatim.studio.server import Studio

__all__ = ["Studio", "studio_app"]
