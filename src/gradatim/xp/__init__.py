"""The operations that a formula may use, for each type of step.

``Operations`` lists and documents them; ``at(self, t, xp)`` of a schedule receives them as ``xp``.
The other files implement them: for Python numbers, for arrays of NumPy, torch, JAX and TensorFlow,
for the high-precision numbers of mpmath, and for SymPy. Frameworks are imported only here and in
their own folders.

May import ``errors``. To add an operation, write it in ``operations.py`` and in each file.
"""

from gradatim.xp.dispatch import operations_for
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations
from gradatim.xp.scalar import PYTHON

__all__ = ["Numeric", "Operations", "PYTHON", "operations_for"]
