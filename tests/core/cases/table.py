"""The table of cases: every schedule and every recipe, what a textbook says it is, what it claims.

Every generic test runs over every row, on every framework. Adding a schedule is adding a row; a
registered name without one fails ``test_cases.py``.
"""

from tests.core.cases.batches import batches
from tests.core.cases.closed_forms import closed_forms
from tests.core.cases.combinations import combinations
from tests.core.cases.cycles import cycles
from tests.core.cases.drops import drops
from tests.core.cases.edits import edits
from tests.core.cases.far_out import far_out
from tests.core.cases.pieces import decays, ramps
from tests.core.cases.powers import powers
from tests.core.cases.stages import stage_plans
from tests.core.cases.warmups import warmups

CASES = (
    *ramps(),
    *decays(),
    *combinations(),
    *far_out(),
    *warmups(),
    *stage_plans(),
    *powers(),
    *cycles(),
    *drops(),
    *edits(),
    *batches(),
    *closed_forms(),
)
