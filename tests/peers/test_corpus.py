"""Real cases, as people have them: see corpus/QUERIES.md and ``python -m tests.peers.corpus``."""

import pytest

from tests.peers.corpus import outcomes
from tests.peers.corpus.case import Case, cases
from tests.peers.corpus.outcomes import HELP, NO_HELP, RIGHT, WRONG, recorded, telling
from tests.peers.corpus.unread import UNREAD, WITHOUT_HELP

_CASES = list(cases())
_POINTS = recorded()
_QUERIES = sorted({case.query for case in _CASES})
_LEFT = {hit for hits in UNREAD.values() for hit in hits.split()}
_MUTE = set(WITHOUT_HELP.split())


@pytest.mark.parametrize("query", _QUERIES)
def test_cases_are_read_right_or_refused_with_help(query: str) -> None:
    for case in _CASES:
        if case.query == query:
            first, second = outcomes.both(case, _POINTS)
            for outcome in (first, second):
                assert outcome.kind != WRONG, (case.hit, outcome)
                assert outcome.kind != NO_HELP or case.hit in _MUTE, (case.hit, outcome)
            assert first.kind in (RIGHT, HELP) or case.hit in _MUTE, (case.hit, first)
            assert not outcomes.unsaid(case, second), (case.hit, second)
            if case.right is not None:
                assert second.kind == RIGHT or case.hit in _LEFT, (case.hit, second)


def test_nine_cases_of_ten_are_read_right() -> None:
    hits = {case.hit for case in _CASES}
    refused = {case.hit for case in _CASES if case.right is None}
    assert hits >= _LEFT | _MUTE
    assert not refused & _LEFT
    assert len(_CASES) >= 150
    assert len(_CASES) - len(refused | _LEFT) >= 0.9 * len(_CASES)


def test_every_case_has_values_of_its_original_at_both_ends() -> None:
    for case in _CASES:
        if case.right is not None:
            steps = [step for step, _ in _POINTS[case.hit]]
            assert len(steps) >= 2
            assert steps[0] == case.since
    assert _POINTS.keys() == {case.hit for case in _CASES if case.right is not None}


@pytest.mark.parametrize("case", [c for c in _CASES if c.right][::9], ids=lambda case: case.hit)
def test_recorded_values_are_those_of_the_originals(case: Case) -> None:
    assert case.right is not None
    points = [point for point in telling(case.right()) if point[0] >= case.since]
    assert [step for step, _ in points] == [step for step, _ in _POINTS[case.hit]]
    for (_, value), (_, kept) in zip(points, _POINTS[case.hit], strict=True):
        assert value == pytest.approx(kept, rel=1e-12, abs=1e-18)
