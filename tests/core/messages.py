"""The message of a wrong call: tables of calls and messages stand in ``test_messages*.py``."""

import math
from fractions import Fraction

import pytest

import gradatim
from gradatim import GradatimError, pieces, recipes
from gradatim.core.build import build

PUBLIC = {
    **{name: getattr(module, name) for module in (pieces, recipes) for name in module.__all__},
    **{name: getattr(gradatim, name) for name in gradatim.__all__},
    "__name__": "gradatim",  # of functions that an expression makes
    "build": build,
    "math": math,
    "Fraction": Fraction,
}


def message(written: str) -> str:
    """The message of the error that an expression raises."""
    with pytest.raises(GradatimError) as caught:
        eval(written, PUBLIC.copy())
    return str(caught.value)
