"""Curves in closed form, equal to the last bit to what other projects compute.

Use them to continue a run of another project exactly. Otherwise use the pieces and recipes of
``gradatim``, which are more accurate and have an end.
"""

from gradatim.core.closed_forms import (
    CosineWave,
    GeometricDecay,
    Line,
    NaturalDecay,
    Noam,
    Tanh,
    Triangle,
)

__all__ = ["CosineWave", "GeometricDecay", "Line", "NaturalDecay", "Noam", "Tanh", "Triangle"]
