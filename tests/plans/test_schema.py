"""The schema for editors knows every name, takes every good plan and refuses the usual slips."""

import copy
import json

import jsonschema
import pytest

from gradatim import Function, Rule, Schedule
from gradatim.core.values.value import buildable
from gradatim.plans import schema
from tests.core.cases.table import CASES
from tests.plans.strategies import GOOD

PLAN = json.loads(GOOD[".json"])


@pytest.fixture(scope="module")
def validator():
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_it_knows_every_registered_name():
    kinds = schema()["$defs"]
    known = set(kinds["schedule"]["properties"]) | set(kinds["rule"]["properties"])
    values = {
        n
        for n, make in buildable().items()
        if not isinstance(make, type) or issubclass(make, Schedule | Rule)
    }
    assert known == values - {Function.__name__}


def test_good_plans_are_valid(validator):
    validator.validate(PLAN)
    validator.validate({"format": 1, "external": {"kl": {"Constant": {"value": 1}}}})
    assert not validator.is_valid({"format": 1, "run": {"steps": 9}})


def test_the_configuration_of_every_schedule_is_valid(validator):
    for case in CASES:
        if case.name != "Function":
            plan = {"format": 1, "schedules": {"lr": case.schedule.config()}}
            validator.validate(json.loads(json.dumps(plan)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": 2},
        {"shedules": {}},
        {"external": {}},
        {"external": {"kl": 1}},
        {"schedules": {"lr": {"Linaer": {}}}},
        {"schedules": {"lr": {"Constant": {}}}},
        {"schedules": {"lr": {"Constant": {"value": "1e-3"}}}},
        {"schedules": {"lr": {"Constant": {"value": 1, "vlaue": 2}}}},
        {"schedules": {"lr": {"Constant": {"value": 1, "steps": 0}}}},
        {"schedules": {"lr": {"REX": {"start": 1, "end": 0, "steps": 9, "bend": 1}}}},
        {"schedules": {"lr": {"Exponential": {"start": 0, "end": 1, "steps": 9}}}},
        {"schedules": {"lr": {"wsd": {"peak": 1, "warmup": "five"}, "Constant": {"value": 1}}}},
        {"schedules": {"lr": {"Table": {"points": [[0]], "between": "linear"}}}},
        {"rules": {"lr": {"Plateau": {"mode": "low"}}}},
    ],
)
def test_slips_are_not_valid(validator, wrong):
    plan = copy.deepcopy(PLAN) | wrong
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(plan)
