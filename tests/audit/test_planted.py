"""Planted faults are named, with their parameters and the step where they begin."""

import pytest

from gradatim.audit import Known, audit
from tests.audit.planted import FAULTS, FORMATS, KNOWN, PLANS

EVERY = 10


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(name, form, tmp_path):
    fault, plan = FAULTS[name], PLANS["cosine"]
    log = FORMATS[form](tmp_path, fault.make(plan, range(0, 6000, EVERY)))
    (one,) = audit(log, plan, known=Known(**KNOWN)).rates
    assert not one.as_planned
    found = one.found[-1]
    change = found.segment.change
    assert change.kind == fault.kind
    for field, value in fault.parameters.items():
        assert float(getattr(change, field)) == pytest.approx(value, rel=1e-4), field
    assert found.causes
    assert fault.cause in found.causes[0].sentence
    if fault.begins is None:
        assert len(one.found) == 1
    else:
        assert [other.fine for other in one.found] == [True, False]
        # The first logged step that shows it.
        assert fault.begins <= found.place.step <= fault.begins + EVERY
