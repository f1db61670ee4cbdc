"""Curves in the closed form that papers print, the same to the last bit as other projects compute.

Take one of these where a run of another project is to be continued exactly; otherwise take the
pieces and recipes of ``gradatim``, which keep more digits and have an end.
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
