"""All pieces that schedules are made of, including rare ones and the classes of combinations.

The most used ones are in ``gradatim`` itself. Operators and methods of a schedule return
combinations: ``a >> b`` is a ``Join``, ``0.5 * a`` a ``Scale``, ``a.cut(10)`` a
``Cut``.
"""

from gradatim.core.combine import Join, Product, Scale, Sum, join
from gradatim.core.decays import (
    Constant,
    ExponentialDecay,
    Function,
    InverseSqrtDecay,
    InverseTimeDecay,
    PowerDecay,
    Table,
)
from gradatim.core.ramps import (
    REX,
    Cosine,
    Exponential,
    FractionalRamp,
    KDecay,
    Linear,
    Logarithmic,
    Logistic,
    OneMinusSqrt,
    Polynomial,
    SquareRoot,
)
from gradatim.core.reshape import Clip, Cut, Repeat, Shift, Staircase
from gradatim.core.rounded import Rounded
from gradatim.core.run.by_updates import ByUpdates

__all__ = [
    "ByUpdates",
    "Clip",
    "Constant",
    "Cosine",
    "Cut",
    "Exponential",
    "ExponentialDecay",
    "FractionalRamp",
    "Function",
    "InverseSqrtDecay",
    "InverseTimeDecay",
    "Join",
    "KDecay",
    "Linear",
    "Logarithmic",
    "Logistic",
    "OneMinusSqrt",
    "Polynomial",
    "PowerDecay",
    "Product",
    "REX",
    "Repeat",
    "Rounded",
    "Scale",
    "Shift",
    "SquareRoot",
    "Staircase",
    "Sum",
    "Table",
    "join",
]
