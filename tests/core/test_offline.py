"""What `validate` says of a filter without asking Close: built-in fields, operators, moments; never names."""

from __future__ import annotations

import pytest
from support.regular_conditions import REGULAR
from support.spec_texts import NOW

from bulkplan.core.offline import find_offline_problems, find_suppression_problems
from bulkplan.model.spec import Spec

WRONG = [
    ({"field": "staus", "is": "x"}, ("field",), "no field of leads", '"status"'),
    ({"field": "Industry", "is": "x"}, ("field",), "no field of leads", 'written "custom.Industry"'),
    ({"field": "status", "contains": "x"}, ("contains",), "does not fit", "is_not"),
    ({"field": "num_emails", "is": "5"}, ("is",), '"5" is none', "remove the quotes"),
    ({"field": "last_communication_date", "before": "90 days"}, ("before",), "no moment", "90 days ago"),
    ({"field": "date_created", "on": "2026-02-30"}, ("on",), "no moment", "2026-01-31"),
    ({"field": "custom.C", "before": "soon"}, ("before",), "no moment", "90 days ago"),
    ({"all": [{"field": "custom.A", "gt": 1}, {"field": "custom.a", "phrase": "x"}]}, ("all", 0, "gt"), "not fit", ""),
    ({"has": "contact", "where": {"has": "opportunity"}}, ("where", "has"), "cannot be asked", "sequence_subscription"),
    ({"has": "opportunity", "where": {"field": "status_type", "is": "x"}}, ("where", "is"), "no choice", "won, lost"),
    (
        {"has": "activity.email", "where": {"field": "custom.X", "is": "x"}},
        ("where", "field"),
        "no custom",
        "has_reply",
    ),
]
RIGHT = [
    {"field": "status", "is": ["Any", "any", "stat_x"]},
    {"field": "created_by", "is": ["me", "a@b.example", "Dana Reyes", "user_x"]},
    {"field": "custom.A", "is": ["me", "x"]},
    {"field": "custom.cf_x", "is": [True, 5, "x"]},
    {"field": "custom.A", "gte": 1, "lt": 5},
    {"field": "custom.A", "before": "3 hours ago"},
    {"has": "opportunity", "where": {"all": [{"field": "custom.A", "on": "now"}, {"field": "status", "is": "x"}]}},
    {"has": "sequence_subscription", "where": {"field": "sequence", "is": "Any"}},
]


def problems(where, *sort: str):
    data = {
        "schema": "bulkplan/v1",
        "name": "a",
        "version": 1,
        "filter": {"where": where},
        "action": {"type": "delete"},
    }
    spec = Spec.model_validate({**data, "options": {"sort": sort}}, strict=False)
    return find_offline_problems(spec, now=NOW)


@pytest.mark.parametrize(("where", "path", "message", "hint"), WRONG)
def test_a_mistake_is_told_at_its_place(where, path, message, hint):
    (problem,) = problems(where)
    assert problem.path == ("filter", "where", *path)
    assert message in problem.message
    assert hint in (problem.hint or "")
    (other,) = find_suppression_problems(Spec.model_validate(spec_with(where), strict=False).filter.where, now=NOW)
    assert other.path == ("suppress", *path)


def spec_with(where):
    return {
        "schema": "bulkplan/v1",
        "name": "a",
        "version": 1,
        "filter": {"where": where},
        "action": {"type": "delete"},
    }


@pytest.mark.parametrize("where", [*RIGHT, *({"not": where} for where in RIGHT)])
def test_names_are_left_to_the_plan(where):
    assert problems(where) == ()


def test_every_built_in_field_with_every_operator_of_its_type_is_fine():
    for kind, condition in REGULAR:
        assert problems(condition if kind == "lead" else {"has": kind, "where": condition}) == ()


def test_sorting_by_an_unknown_field_is_told_and_a_custom_one_is_left_to_the_plan():
    found = problems({"field": "custom.Plan", "is": "Free"}, "-custom.Plan", "status", "creatd")
    assert [problem.path for problem in found] == [("options", "sort", 1), ("options", "sort", 2)]


@pytest.mark.parametrize("value", [1, True, 1.0, False, 0])
def test_what_one_spec_says_of_a_name_is_not_held_against_the_next(value):
    """What specs say of names is kept from one to the next, and Python takes 1 and true for equal."""
    assert problems({"field": "custom.Kept", "is": value}) == ()
