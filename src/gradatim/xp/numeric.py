"""The static types of steps and values: what Python numbers and the frameworks' arrays share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    NumPyStep: TypeAlias = NDArray[np.integer[Any]] | NDArray[np.floating[Any]]
    NumPyValue: TypeAlias = NDArray[np.float64]
    NumPyNumber: TypeAlias = np.integer[Any] | np.floating[Any]


Operand: TypeAlias = Any
"""The other side of an operator. A float accepts floats there and a tensor tensors, so that no
narrower type fits them all."""


class Condition(Protocol):
    """The result of a comparison: a bool, or an array of them."""

    def __and__(self, other: Operand, /) -> Condition: ...
    def __or__(self, other: Operand, /) -> Condition: ...


class Numeric(Protocol):
    """A step or a value in a formula: a Python number, an array, or an expression of SymPy.

    Arithmetic and comparisons work on all of them; for everything else there is ``xp``. Annotate
    your own formula with it: ``def at(self, t: Numeric, xp: Operations) -> Numeric``.
    """

    def __neg__(self) -> Numeric: ...
    def __add__(self, other: Operand, /) -> Numeric: ...
    def __radd__(self, other: Operand, /) -> Numeric: ...
    def __sub__(self, other: Operand, /) -> Numeric: ...
    def __rsub__(self, other: Operand, /) -> Numeric: ...
    def __mul__(self, other: Operand, /) -> Numeric: ...
    def __rmul__(self, other: Operand, /) -> Numeric: ...
    def __truediv__(self, other: Operand, /) -> Numeric: ...
    def __rtruediv__(self, other: Operand, /) -> Numeric: ...
    def __floordiv__(self, other: Operand, /) -> Numeric: ...
    def __pow__(self, other: Operand, /) -> Numeric: ...
    def __rpow__(self, other: Operand, /) -> Numeric: ...
    def __lt__(self, other: Operand, /) -> Condition: ...
    def __le__(self, other: Operand, /) -> Condition: ...
    def __gt__(self, other: Operand, /) -> Condition: ...
    def __ge__(self, other: Operand, /) -> Condition: ...


Pair: TypeAlias = tuple[Numeric, Numeric]
Function: TypeAlias = Callable[[Numeric], Numeric]
Index: TypeAlias = Any
"""What ``xp.index`` gives and ``xp.take`` takes: an int, or an array of them."""


class Shaped(Protocol):
    """An array of any framework."""

    @property
    def shape(self) -> Any:
        """The lengths of its axes."""


Array = TypeVar("Array", bound=Shaped)
