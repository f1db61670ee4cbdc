"""Laws that say what the loss is after any step, from the whole schedule up to it.

All have the form

    L = L0 + A * total^-alpha + B * sum over changes of the rate (change * kernel(time since)).

The power is what a constant rate would give. A rate that falls, a negative change, lowers the loss,
and the kernel, which rises from 0 to 1, says how much of that has already come. The laws differ in
what they take for time and for the rate. The loss at step k counts updates 0 to k as done.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from gradatim.core.errors import unknown
from gradatim.forecast.rate_changes import Clock, Events
from gradatim.forecast.weight_norm import squared_norm

if TYPE_CHECKING:
    from gradatim.logs.rates import Array

Limits = tuple[float, float]
_POWER: Limits = (0.02, 3.0)
_AMOUNT: Limits = (1e-6, 1e6)


@dataclass(frozen=True)
class Law:
    """A law: what it reads off a run, its parameters, and the loss they give."""

    parameters: ClassVar[Mapping[str, Limits]]

    def clock(self, rates: Array, weight_decay: float) -> Clock:
        """What the law reads off a run with these rates."""
        raise NotImplementedError

    def effect(self, p: Array, events: Events) -> tuple[Array, Array]:
        """The sum over changes, without its factor B, and its slope by the logarithm of each p."""
        raise NotImplementedError

    def loss(self, p: Array, events: Events) -> tuple[Array, Array]:
        """The loss at each logged step, and its slope by the logarithm of each parameter.

        Args:
            p: The parameters, in the order of ``parameters``: L0, A, alpha, B, then the law's own.
            events: The run as seen from its logged steps.
        """
        floor, amount, alpha, factor = p[:4]
        effect, slope = self.effect(p, events)
        constant = amount * events.total**-alpha
        slope *= factor
        slope[:, 0] = floor
        slope[:, 1] = constant
        slope[:, 2] -= constant * alpha * np.log(events.total)
        slope[:, 3] = factor * effect
        return floor + constant + factor * effect, slope

    def variants(self) -> Iterator[Law]:
        """The laws of an ensemble, this one first: how much the answer hangs on what is assumed."""
        yield self


def power_kernel(x: Array, beta: float) -> tuple[Array, Array, Array]:
    """``1 - (1 + x)^-beta``, and its slopes by the logarithms of x and of beta."""
    log = np.log1p(x)
    left = np.exp(-beta * log)
    return 1.0 - left, beta * left * x / (1.0 + x), beta * left * log


@dataclass(frozen=True)
class MultiPower(Law):
    """The multi-power law: the sooner and the lower the rate falls, the more is gained.

    ``L0 + A S^-alpha + B sum (eta_k - eta_{k-1}) (1 - (1 + C eta_k^-gamma S_k)^-beta)`` with S the
    sum of all rates and S_k that from update k on. The sum begins with the second update, so a
    warm-up counts, with the other sign.

    Source: Luo et al., "A Multi-Power Law for Loss Curve Prediction Across Learning Rate
    Schedules", 2025 (arXiv:2503.12811).
    """

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": _AMOUNT,
        "beta": _POWER,
        "gamma": (0.02, 2.0),
    }

    def clock(self, rates: Array, weight_decay: float) -> Clock:
        """Time is the sum of the rates; a change's mark is the logarithm of the rate after it."""
        total = np.cumsum(rates)
        change = np.diff(rates, prepend=rates[0])
        return Clock(total, total, change, np.log(np.maximum(rates, 1e-30)))

    def effect(self, p: Array, events: Events) -> tuple[Array, Array]:
        """The sum over changes, each on the clock of its own rate."""
        c, beta, gamma = p[4:]
        kernel, by_x, by_beta = power_kernel(c * np.exp(-gamma * events.mark) * events.gap, beta)
        slope = np.zeros((len(events.total), 7))
        slope[:, 4] = by_x @ events.change
        slope[:, 5] = by_beta @ events.change
        slope[:, 6] = -gamma * (by_x @ (events.change * events.mark))
        return kernel @ events.change, slope


@dataclass(frozen=True)
class Effective(Law):
    """The effective-rate law: what counts is the rate divided by the norm of the weights.

    The norm is simulated: ``w_0^2 = 1``, ``w^2 <- (1 - 2 eta lambda) w^2 + kappa eta^2`` with
    lambda the weight decay. With ``h = eta / w``, P the sum of h and X the sum of ``h^r``:
    ``L0 + A P^-alpha + B sum (h_k^p - h_{k-1}^p) (1 - (1 + C (X - X_k))^-beta)``.

    Args:
        log_kappa: The logarithm of kappa, for rates as they are given to the optimizer.
        r: The power of h in the time that passes after a change.
        p: The power of h that a change is of.
    """

    log_kappa: float = 8.0
    r: float = 0.5
    p: float = 1.0

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": _AMOUNT,
        "beta": _POWER,
    }

    def clock(self, rates: Array, weight_decay: float) -> Clock:
        """Rates over simulated norms."""
        norm = np.sqrt(squared_norm(rates, weight_decay, np.exp(self.log_kappa)))
        h = rates / norm
        change = np.diff(h**self.p, prepend=0.0)
        return Clock(np.cumsum(h), np.cumsum(h**self.r), change, np.zeros_like(h))

    def effect(self, p: Array, events: Events) -> tuple[Array, Array]:
        """The sum over changes, all on one clock."""
        kernel, by_x, by_beta = power_kernel(p[4] * events.gap, p[5])
        slope = np.zeros((len(events.total), 6))
        slope[:, 4] = by_x @ events.change
        slope[:, 5] = by_beta @ events.change
        return kernel @ events.change, slope

    def variants(self) -> Iterator[Effective]:
        """Thirty laws: five kappa, three clocks, two powers; those nearest to this one first."""
        every = product((-1.0, -0.5, 0.0, 0.5, 1.0), (-0.25, 0.0, 0.25), (0.0, -0.15))
        for kappa, r, p in sorted(every, key=lambda v: abs(v[0]) + 2 * abs(v[1]) - 0.1 * v[2]):
            yield Effective(self.log_kappa + kappa, self.r + r, self.p + p)


@dataclass(frozen=True)
class Momentum(Law):
    """The momentum law: a change of the rate acts with a delay counted in steps.

    ``L0 + A S^-alpha + B sum (eta_k - eta_{k-1}) (1 - exp(-C (t - k + 1)))``: the ``-C S2`` of the
    source, with the sum over its decaying momentum carried out; ``exp(-C)`` is its lambda.

    Source: Tissue et al., "Scaling Law with Learning Rate Annealing", 2024 (arXiv:2408.11029).
    """

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": (1e-5, 1.0),
    }

    def clock(self, rates: Array, weight_decay: float) -> Clock:
        """Time is the number of updates."""
        change = np.diff(rates, prepend=rates[0])
        place = np.arange(1.0, len(rates) + 1.0)
        return Clock(np.cumsum(rates), place, change, np.zeros_like(rates))

    def effect(self, p: Array, events: Events) -> tuple[Array, Array]:
        """The sum over changes, each forgotten at the same speed."""
        x = p[4] * events.gap
        slope = np.zeros((len(events.total), 5))
        slope[:, 4] = (x * np.exp(-x)) @ events.change
        return -np.expm1(-x) @ events.change, slope


@dataclass(frozen=True)
class Functional(Law):
    """The functional scaling law, in its practical form: only falling rates count.

    ``L0 + A T^-alpha - B sum (eta_{k-1} - eta_k)+ (D + T_k^-alpha) (1 - (1 + C (T - T_k))^-beta)``
    with T the sum of the rates and T_k that before update k.

    Source: Li et al., "Functional Scaling Laws in Kernel Regression", 2025 (arXiv:2509.19189).
    """

    parameters: ClassVar[Mapping[str, Limits]] = {
        "L0": (1e-3, 1e3),
        "A": _AMOUNT,
        "alpha": _POWER,
        "B": _AMOUNT,
        "C": _AMOUNT,
        "beta": _POWER,
        "D": (1e-4, 1e4),
    }

    def clock(self, rates: Array, weight_decay: float) -> Clock:
        """Time is the sum of the rates; a change's mark is the logarithm of that before it."""
        total = np.cumsum(rates)
        change = np.minimum(np.diff(rates, prepend=rates[0]), 0.0)
        return Clock(total, total, change, np.log(np.maximum(total - rates, 1e-30)))

    def effect(self, p: Array, events: Events) -> tuple[Array, Array]:
        """The sum over falls of the rate; early ones count more."""
        alpha, c, beta, offset = p[2], *p[4:]
        kernel, by_x, by_beta = power_kernel(c * events.gap, beta)
        early = np.exp(-alpha * events.mark)
        change = events.change * (offset + early)
        slope = np.zeros((len(events.total), 7))
        slope[:, 2] = -alpha * (kernel @ (events.change * early * events.mark))
        slope[:, 4] = by_x @ change
        slope[:, 5] = by_beta @ change
        slope[:, 6] = offset * (kernel @ events.change)
        return kernel @ change, slope


_NAMED: dict[str, type[Law]] = {
    "effective": Effective,
    "multipower": MultiPower,
    "momentum": Momentum,
    "functional": Functional,
}


def named(law: str | Law) -> Law:
    """The law of this name.

    >>> named("multipower")
    MultiPower()
    """
    if isinstance(law, Law):
        return law
    if law not in _NAMED:
        raise unknown("forecast", "law", law, _NAMED)
    return _NAMED[law]()
