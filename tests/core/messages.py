"""The message of a wrong call: tables of calls and messages stand in ``test_messages*.py``."""

import math
from fractions import Fraction
from functools import partial

import gradatim
from gradatim import closed_forms, pieces, recipes
from gradatim.core.build import build
from tests.messages import message_of

PUBLIC = {
    **{
        name: getattr(module, name)
        for module in (closed_forms, pieces, recipes)
        for name in module.__all__
    },
    **{name: getattr(gradatim, name) for name in gradatim.__all__},
    "__name__": "gradatim",  # of functions that an expression makes
    "build": build,
    "math": math,
    "Fraction": Fraction,
}


message = partial(message_of, names=PUBLIC)
