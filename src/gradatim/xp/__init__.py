"""The operations that a formula may use, for each kind of number that a step can be.

``Operations`` lists and documents them; your own ``at(self, t, xp)`` is given one. The other files
implement them: for Python numbers, for arrays of NumPy, torch, JAX and TensorFlow, for the
high-precision numbers of mpmath, and for SymPy. No other folder but a framework's own names one.

May import ``core.errors``. To add an operation, write it in ``operations.py`` and in each file.
"""

from gradatim.xp.dispatch import operations_for
from gradatim.xp.numeric import Numeric
from gradatim.xp.operations import Operations
from gradatim.xp.scalar import PYTHON

__all__ = ["Numeric", "Operations", "PYTHON", "operations_for"]
