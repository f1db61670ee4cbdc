"""The structure of a schedule: where its pieces meet, how it ends, how far to look at it."""

import pytest

from gradatim import Constant, ExponentialDecay, Linear, Table, noam
from gradatim.core.pieces import boundaries, cycles_of, ends_level, last_boundary
from gradatim.core.sketch import horizon, sample_points

LINE = Linear(0.0, 1.0, 4)
LEVELS = Table([(0, 1.0), (3, 0.5)], "hold")


def test_the_end_of_the_last_piece_is_no_boundary_between_pieces():
    assert boundaries(Constant(1.0, 4) >> Linear(1.0, 0.0, 10).cut(8)) == [4]
    assert boundaries(LINE >> LINE >> Constant(1.0), until=7) == [4]


@pytest.mark.parametrize(
    ("schedule", "last"),
    [
        (LINE >> LINE >> Constant(1.0), 8),
        ((LINE >> LINE).shift(3), 11),
        (LINE + LINE.shift(7), 11),
        (LINE.shift(5).cut(3), 3),
        (Constant(1.0), 0),
    ],
)
def test_the_last_boundary_is_where_the_last_piece_begins_or_ends(schedule, last):
    assert last_boundary(schedule) == last


@pytest.mark.parametrize(
    ("schedule", "is_level"),
    [
        (LINE >> LINE >> LEVELS, True),
        (LINE >> LEVELS.cut(5) >> LINE, False),
        (2.0 * LEVELS, True),
        (LEVELS + LINE, False),  # the line ends later
        (LEVELS + Linear(0.0, 1.0, 2), True),  # the line ends before the last level begins
        (LEVELS.repeat(2), False),
        (LINE, False),
    ],
)
def test_a_run_may_go_on_at_the_last_level_of_stages(schedule, is_level):
    assert ends_level(schedule) is is_level


def test_only_cycles_of_unequal_length_are_pieces_of_their_own():
    assert cycles_of(LINE.repeat(3)) is None
    longer = cycles_of(LINE.repeat(3, stretch=2))
    assert [piece.length for piece in longer.pieces] == [4, 8, 16]


@pytest.mark.parametrize(
    ("schedule", "updates"),
    [
        (LINE, 4),
        (noam(warmup=100, peak=1.0), 1000),
        (noam(warmup=100, peak=1.0) + Constant(1.0), 1000),
        (ExponentialDecay(1.0, 0.5, every=7), 70),
        (ExponentialDecay(1.0, 0.5), 10),
        (Constant(1.0), 1000),
        (LINE >> Constant(1.0), 40),
    ],
)
def test_a_schedule_without_an_end_is_shown_for_ten_times_its_longest_length(schedule, updates):
    assert horizon(schedule) == updates


def test_points_are_evenly_spaced_and_on_both_sides_of_each_boundary():
    steps = [point.step for point in sample_points(LINE >> Constant(1.0), 20, 2)]
    assert steps == [0, 3, 4, 10, 20]
