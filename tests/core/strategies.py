"""Random schedules, small enough to look at and nested enough to surprise."""

from hypothesis import strategies as st

from gradatim import (
    Constant,
    Cosine,
    Exponential,
    ExponentialDecay,
    InverseSqrtDecay,
    InverseTimeDecay,
    Linear,
    OneMinusSqrt,
    Polynomial,
    PowerDecay,
    Schedule,
    Table,
)
from gradatim.pieces import REX, KDecay, Logarithmic, Logistic, SquareRoot

# Rates as people use them, and 0; no sizes at which sums of a few of them lose everything.
positive = st.floats(1e-8, 10.0, allow_subnormal=False)
numbers = st.one_of(st.just(0.0), positive, positive.map(lambda x: -x))
lengths = st.one_of(st.integers(1, 12), st.sampled_from([100, 10**6, 2**24 + 1, 2**31 + 5]))
steps = st.one_of(
    st.integers(0, 40), st.integers(0, 2**32), st.sampled_from([2**24, 2**24 + 1, 10**15])
)


def ramps() -> st.SearchStrategy[Schedule]:
    ends = {"start": numbers, "end": numbers, "steps": lengths}
    above = {"start": positive, "end": positive, "steps": lengths}
    power = st.floats(0.1, 5.0)
    return st.one_of(
        *(st.builds(shape, **ends) for shape in (Linear, Cosine, OneMinusSqrt, SquareRoot)),
        st.builds(Exponential, **above),
        st.builds(Polynomial, **ends, power=power),
        st.builds(KDecay, **ends, power=power),
        st.builds(Logistic, **ends, steepness=st.floats(0.1, 40.0)),
        st.builds(REX, **ends, bend=st.floats(0.01, 0.99)),
        st.builds(Logarithmic, **ends, bend=st.floats(0.01, 1e6)),
    )


@st.composite
def tables(draw: st.DrawFn) -> Table:
    gaps = draw(st.lists(lengths, max_size=4))
    points = [(sum(gaps[:i]), draw(numbers)) for i in range(len(gaps) + 1)]
    return Table(points, draw(st.sampled_from(["hold", "linear"])))


def ending() -> st.SearchStrategy[Schedule]:
    """Pieces with an end."""
    return st.one_of(ramps(), tables(), st.builds(Constant, numbers, lengths))


def endless() -> st.SearchStrategy[Schedule]:
    """Pieces without one."""
    rate = st.floats(0.5, 1.0, exclude_min=True)
    return st.one_of(
        st.builds(Constant, numbers),
        st.builds(PowerDecay, numbers, st.floats(0.1, 3.0), lengths),
        st.builds(InverseSqrtDecay, numbers, lengths),
        st.builds(InverseTimeDecay, numbers, positive, lengths),
        st.builds(ExponentialDecay, numbers, rate, lengths),
    )


def _wider(inner: st.SearchStrategy[Schedule]) -> st.SearchStrategy[Schedule]:
    bounds = st.tuples(numbers, numbers).map(sorted)
    lasting = inner.filter(lambda schedule: schedule.length)
    return st.one_of(
        st.builds(lambda a, b: a >> b, lasting, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda number, a: number * a, numbers, inner),
        st.builds(lambda a, number: a + number, inner, numbers),
        st.builds(lambda a, low_high: a.clip(*low_high), inner, bounds),
        st.builds(lambda a, by: a.shift(by), inner, st.integers(-50, 50)),
        st.builds(lambda a, every: a.staircase(every), inner, lengths),
        st.builds(lambda a, n: a.cut(n), inner, st.integers(0, 50)),
        st.builds(
            lambda a, times, stretch, shrink: a.repeat(times, stretch=stretch, factor=shrink),
            lasting,
            st.one_of(st.none(), st.integers(1, 5)),
            st.integers(1, 3),
            st.sampled_from([1.0, 0.9, 0.5]),
        ),
    )


def schedules() -> st.SearchStrategy[Schedule]:
    """Any schedule, nested a few times."""
    return st.recursive(st.one_of(ending(), endless()), _wider, max_leaves=6)


def pieces() -> st.SearchStrategy[Schedule]:
    """Any schedule that has an end, so that another can follow."""
    return st.one_of(
        ending(),
        schedules().filter(lambda schedule: schedule.length is not None),
        st.builds(lambda a, n: a.cut(n), schedules(), lengths),
    )
