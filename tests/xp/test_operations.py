"""Every kind of number has every operation, and none has one that is not documented."""

import inspect

import jax
import mpmath
import numpy
import pytest
import sympy
import torch

from gradatim.peers.source import PYTHON as PYTHON_CODE
from gradatim.peers.source import _Writer
from gradatim.xp import PYTHON, Operations, operations_for
from gradatim.xp.array import Array
from gradatim.xp.dispatch import operations_of
from gradatim.xp.scalar import Scalar
from gradatim.xp.symbols import Symbolic

OPERATIONS = {name for name in vars(Operations) if not name.startswith("_")}
KINDS = {
    "python": PYTHON,
    "mpmath": operations_of("mpmath"),
    "sympy": operations_of("sympy"),
    "numpy": operations_of("numpy"),
    "torch": operations_of("torch"),
    "jax": operations_of("jax"),
    "code": _Writer(PYTHON_CODE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_every_operation(kind):
    assert [name for name in OPERATIONS if not hasattr(KINDS[kind], name)] == []


@pytest.mark.parametrize("kind", [Scalar, Array, Symbolic])
def test_no_kind_has_an_operation_that_is_not_documented(kind):
    # What an array needs to know of its step, besides: how its framework counts.
    public = {name for name in vars(kind) if not name.startswith("_")}
    assert public - OPERATIONS == set()


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_has_an_example(name):
    assert ">>> " in inspect.getdoc(vars(Operations)[name])


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (3, "python"),
        (3.5, "python"),
        (numpy.int64(3), "python"),
        (numpy.arange(3), "numpy"),
        (torch.arange(3), "torch"),
        (jax.numpy.arange(3), "jax"),
        (mpmath.mpf(3), "mpmath"),
        (sympy.Symbol("t"), "sympy"),
    ],
    ids=repr,
)
def test_the_step_chooses_the_operations(step, kind):
    assert operations_for(step)[0] is KINDS[kind]


# t, steps and what is left of them by hand: also past the end, where both shares stay.
@pytest.mark.parametrize("kind", ["python", "mpmath", "sympy"])
@pytest.mark.parametrize(("t", "left"), [(0, 1.0), (1, 0.75), (4, 0.0), (5, 0.0), (10**9, 0.0)])
def test_shares_stop_at_the_end(kind, t, left):
    number = {"python": int, "mpmath": mpmath.mpf, "sympy": sympy.Integer}[kind](t)
    xp = KINDS[kind]
    assert [float(share) for share in xp.progress(number, 4)] == [1.0 - left, left]
    assert float(xp.remaining(number, 4)) == left
    assert xp.at_most(number, 4) == min(t, 4)


@pytest.mark.parametrize("kind", ["numpy", "torch", "jax"])
def test_shares_of_arrays_stop_at_the_end(kind):
    make = {"numpy": numpy.array, "torch": torch.tensor, "jax": jax.numpy.array}[kind]
    xp, t = operations_for(make([0, 1, 4, 5, 10**9]))
    done, left = xp.progress(t, 4)
    assert done.tolist() == [0.0, 0.25, 1.0, 1.0, 1.0]
    assert left.tolist() == xp.remaining(t, 4).tolist() == [1.0, 0.75, 0.0, 0.0, 0.0]
    assert xp.at_most(t, 4).tolist() == [0, 1, 4, 4, 4]
