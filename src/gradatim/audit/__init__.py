"""What a run really did: its logged rates against a plan, and how the two differ.

May import ``core``, ``drive``, ``logs``, ``findings`` and ``look``. To add a way in which a log can
differ from its plan, write one search in ``searches.py`` and its causes in ``causes.py``; to add a
schedule that a log without a plan can look like, write one fit in ``likeness.py``.
"""

from gradatim.audit.audit import Audit, audit
from gradatim.audit.causes import Known
from gradatim.audit.change import Change
from gradatim.audit.likeness import Likeness, looks_like
from gradatim.audit.segments import Segment

__all__ = ["Audit", "Change", "Known", "Likeness", "Segment", "audit", "looks_like"]
