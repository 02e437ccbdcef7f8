"""What short filters compile to, and where their problems are said to stand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter
from support.small_catalog import LEAD_CLAUSE, where_context

from bulkplan.core.field_table import CUSTOM_TYPES, FIELDS, PATHS, FieldType
from bulkplan.core.fields import RELATED_KINDS
from bulkplan.core.operators import ALL_OPERATORS, EXAMPLES, OPERATORS
from bulkplan.core.where import compile_lead_query, compile_where, negate
from bulkplan.model.where import FieldCondition, Where

CONTEXT = where_context(ZoneInfo("Europe/Berlin"))
WHERE: TypeAdapter[Where] = TypeAdapter(Where)


def parse(data) -> Where:
    return WHERE.validate_python(data, strict=False)


def compiled(data, scope="lead"):
    return compile_where(parse(data), scope=scope, context=CONTEXT, path=("filter", "where"))


def node(data, scope="lead"):
    result = compiled(data, scope)
    assert result.problems == ()
    return result.node


def problem(data, scope="lead"):
    (found,) = compiled(data, scope).problems
    return found


def regular(name, owner="lead"):
    return {"type": "regular_field", "object_type": owner, "field_name": name}


def custom(id_):
    return {"type": "custom_field", "custom_field_id": id_}


def ask(field, condition, **more):
    return {"type": "field_condition", "field": field, "condition": condition, **more}


def text(mode, value):
    return {"type": "text", "mode": mode, "value": value}


def reference(type_, *ids):
    return {"type": "reference", "reference_type": type_, "object_ids": list(ids)}


EXISTS = {"type": "exists"}
CASES = {
    "text is": ({"field": "name", "is": "Acme"}, ask(regular("name"), text("exact_value", "Acme"))),
    "text contains": ({"field": "name", "contains": "a b"}, ask(regular("name"), text("full_words", "a b"))),
    "text phrase": ({"field": "custom.Source", "phrase": "a b"}, ask(custom("cf_source"), text("phrase", "a b"))),
    "text word_starts_with": (
        {"field": "lead.description", "word_starts_with": "ren"},
        ask(regular("description"), text("beginning_of_words", "ren")),
    ),
    "text is not": (
        {"field": "custom.External ID", "is_not": "7"},
        ask(custom("cf_external"), text("exact_value", "7"), negate=True),
    ),
    "text exists": ({"field": "url", "exists": True}, ask(regular("url"), EXISTS)),
    "text does not exist": ({"field": "url", "exists": False}, ask(regular("url"), EXISTS, negate=True)),
    "text is one of": (
        {"field": "name", "is": ["A", "B", "A"]},
        {
            "type": "or",
            "queries": [
                ask(regular("name"), text("exact_value", "A")),
                ask(regular("name"), text("exact_value", "B")),
            ],
        },
    ),
    "text is none of": (
        {"field": "name", "is_not": ["A", "B"]},
        {
            "type": "or",
            "queries": [
                ask(regular("name"), text("exact_value", "A")),
                ask(regular("name"), text("exact_value", "B")),
            ],
            "negate": True,
        },
    ),
    "number is": (
        {"field": "num_opportunities", "is": 3},
        ask(regular("num_opportunities"), {"type": "number_range", "gte": 3, "lte": 3}),
    ),
    "number is not": (
        {"field": "custom.Employees", "is_not": 0},
        ask(custom("cf_employees"), {"type": "number_range", "gte": 0, "lte": 0}, negate=True),
    ),
    "number range": (
        {"field": "custom.employees", "gte": 10, "lt": 20.5},
        ask(custom("cf_employees"), {"type": "number_range", "gte": 10, "lt": 20.5}),
    ),
    "number gt": ({"field": "num_tasks", "gt": 1}, ask(regular("num_tasks"), {"type": "number_range", "gt": 1})),
    "number lte": ({"field": "num_tasks", "lte": 1}, ask(regular("num_tasks"), {"type": "number_range", "lte": 1})),
    "moment before": (
        {"field": "last_communication_date", "before": "90 days ago"},
        ask(
            regular("last_communication_date"),
            {"type": "moment_range", "before": {"type": "fixed_utc", "value": "2026-08-23T22:00:00+00:00"}},
        ),
    ),
    "moment range": (
        {"field": "date_created", "on_or_after": "2026-01-01", "before": "2 hours ago"},
        ask(
            regular("date_created"),
            {
                "type": "moment_range",
                "before": {"type": "fixed_utc", "value": "2026-11-22T08:30:00+00:00"},
                "on_or_after": {"type": "fixed_utc", "value": "2025-12-31T23:00:00+00:00"},
            },
        ),
    ),
    "custom datetime": (
        {"field": "custom.Last Login", "after": "now"},
        ask(
            custom("cf_login"),
            {"type": "moment_range", "on_or_after": {"type": "fixed_utc", "value": "2026-11-22T10:30:00.000001+00:00"}},
        ),
    ),
    "date": (
        {"field": "custom.Renewal Date", "on_or_before": "in 60 days"},
        ask(
            custom("cf_renewal"),
            {
                "type": "moment_range",
                "before": {"type": "fixed_local_date", "value": "2027-01-22", "which": "start"},
            },
        ),
    ),
    "date before now": (
        {"field": "custom.Renewal Date", "before": "now"},
        ask(
            custom("cf_renewal"),
            {"type": "moment_range", "before": {"type": "fixed_local_date", "value": "2026-11-22", "which": "start"}},
        ),
    ),
    "choices": (
        {"field": "custom.Industry", "is": ["saas", "Retail", "SaaS"]},
        ask(custom("cf_industry"), {"type": "term", "values": ["SaaS", "Retail"]}),
    ),
    "choices by id of the field": (
        {"field": "custom.cf_industry", "is_not": "SaaS"},
        ask(custom("cf_industry"), {"type": "term", "values": ["SaaS"]}, negate=True),
    ),
    "yes": ({"field": "custom.Do Not Contact", "is": True}, ask(custom("cf_dnc"), {"type": "term", "values": ["Yes"]})),
    "no": ({"field": "custom.Do Not Contact", "is": False}, ask(custom("cf_dnc"), {"type": "term", "values": ["No"]})),
    "user by name": (
        {"field": "custom.Account Owner", "is": "dana reyes"},
        ask(custom("cf_owner"), reference("user", "user_dana")),
    ),
    "user by address and id": (
        {"field": "created_by", "is": ["milan@example.com", "user_dana"]},
        ask(regular("created_by"), reference("user", "user_milan", "user_dana")),
    ),
    "me": ({"field": "created_by", "is": "me"}, ask(regular("created_by"), {"type": "current_user"})),
    "me or another": (
        {"field": "created_by", "is": ["Milan Novak", "me"]},
        {
            "type": "or",
            "queries": [
                ask(regular("created_by"), {"type": "current_user"}),
                ask(regular("created_by"), reference("user", "user_milan")),
            ],
        },
    ),
    "lead status": (
        {"field": "status", "is": ["Churned", "stat_pot"]},
        ask(regular("status_id"), reference("status.lead", "stat_chu", "stat_pot")),
    ),
    "contact by id": (
        {"field": "custom.Main Contact", "is": "cont_abc"},
        ask(custom("cf_contact"), reference("contact", "cont_abc")),
    ),
    "custom object by id": (
        {"field": "custom.Contract", "is": "cust_1"},
        ask(custom("cf_object"), reference("custom_object", "cust_1")),
    ),
    "address": (
        {"field": "address.city", "is": "Berlin"},
        {
            "type": "has_related",
            "this_object_type": "lead",
            "related_object_type": "address",
            "related_query": ask(regular("city", "address"), text("exact_value", "Berlin")),
        },
    ),
    "no address with that country": (
        {"field": "country", "is_not": "DE"},
        {
            "type": "has_related",
            "this_object_type": "lead",
            "related_object_type": "address",
            "related_query": ask(regular("country", "address"), text("exact_value", "DE")),
            "negate": True,
        },
    ),
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES.keys())
def test_a_condition_compiles_by_the_type_of_its_field(data, expected):
    assert node(data) == expected


def test_every_type_of_field_has_operators_and_an_example():
    assert set(OPERATORS) == set(FieldType) == set(EXAMPLES)
    assert {operator for fitting in OPERATORS.values() for operator in fitting} == set(ALL_OPERATORS)
    assert set(CUSTOM_TYPES.values()) <= set(FieldType)


def test_every_operator_of_the_model_is_known():
    spellings = {field.alias or name for name, field in FieldCondition.model_fields.items()}
    assert spellings - {"field"} == set(ALL_OPERATORS)


def test_every_related_kind_has_fields_and_a_path_from_leads():
    assert set(FIELDS) == {"lead", *RELATED_KINDS}
    assert {kind for scope, kind in PATHS if scope == "lead"} == set(RELATED_KINDS)


RELATED_CASES = {
    "opportunity status type": (
        {"has": "opportunity", "where": {"all": [{"field": "opportunity.status_type", "is": "active"}]}},
        "opportunity",
        {
            "type": "and",
            "queries": [ask(regular("status_type", "opportunity"), {"type": "term", "values": ["active"]})],
        },
    ),
    "opportunity status": (
        {"has": "opportunity", "where": {"field": "status", "is": "Proposal"}},
        "opportunity",
        ask(regular("status_id", "opportunity"), reference("status.opportunity", "stat_pro")),
    ),
    "opportunity value": (
        {"has": "opportunity", "where": {"field": "value", "gte": 100000}},
        "opportunity",
        ask(regular("value", "opportunity"), {"type": "number_range", "gte": 100000}),
    ),
    "opportunity custom field": (
        {"has": "opportunity", "where": {"field": "opportunity.custom.Forecast", "is": "Commit"}},
        "opportunity",
        ask(custom("cf_forecast"), {"type": "term", "values": ["Commit"]}),
    ),
    "contact title": (
        {"has": "contact", "where": {"field": "contact.title", "contains": "CEO"}},
        "contact",
        ask(regular("title", "contact"), text("full_words", "CEO")),
    ),
    "contact custom field": (
        {"has": "contact", "where": {"field": "custom.Department", "is": "Finance"}},
        "contact",
        ask(custom("cf_department"), {"type": "term", "values": ["Finance"]}),
    ),
    "contact e-mail": (
        {"has": "contact", "where": {"field": "email", "exists": False}},
        "contact",
        {
            "type": "has_related",
            "this_object_type": "contact",
            "related_object_type": "contact_email",
            "related_query": ask(regular("email", "contact_email"), EXISTS),
            "negate": True,
        },
    ),
    "e-mail activity": (
        {"has": "activity.email", "where": {"field": "has_reply", "is": False}},
        "activity.email",
        ask(regular("has_reply", "activity.email"), {"type": "boolean", "value": False}),
    ),
    "call without conditions": (
        {"has": "activity.call"},
        "activity.call",
        {"type": "object_type", "object_type": "activity.call"},
    ),
}


@pytest.mark.parametrize(("data", "kind", "query"), RELATED_CASES.values(), ids=RELATED_CASES.keys())
def test_has_asks_for_related_objects(data, kind, query):
    assert node(data) == {
        "type": "has_related",
        "this_object_type": "lead",
        "related_object_type": kind,
        "related_query": query,
    }


def test_subscriptions_of_a_lead_are_those_of_its_contacts():
    found = node({"has": "sequence_subscription", "where": {"field": "sequence", "is": "Trial onboarding"}})
    assert found["related_object_type"] == "contact"
    assert found["related_query"] == {
        "type": "has_related",
        "this_object_type": "contact",
        "related_object_type": "sequence_subscription",
        "related_query": ask(regular("sequence_id", "sequence_subscription"), reference("sequence", "seq_trial")),
    }


def test_a_lead_query_selects_leads_and_flattens_the_outer_all():
    where = parse({"all": [{"field": "status", "is": "Churned"}, {"not": {"has": "opportunity"}}]})
    result = compile_lead_query(where, context=CONTEXT, path=("filter", "where"))
    assert result.node["type"] == "and"
    first, status, no_opportunity = result.node["queries"]
    assert first == LEAD_CLAUSE
    assert status["field"]["field_name"] == "status_id"
    assert (no_opportunity["type"], no_opportunity["negate"]) == ("has_related", True)
    assert result.names == {"stat_chu": "Churned"}


def test_not_and_any_and_all_keep_their_structure():
    leaf = ask(regular("name"), text("exact_value", "A"))
    data = {"field": "name", "is": "A"}
    assert node({"any": [data, data]}) == {"type": "or", "queries": [leaf, leaf]}
    assert node({"not": {"all": [data]}}) == {"type": "and", "queries": [leaf], "negate": True}
    assert node({"not": {"not": data}}) == leaf
    assert node({"not": {"field": "name", "is_not": "A"}}) == leaf


def test_negating_twice_is_the_node_itself():
    leaf = ask(regular("name"), text("exact_value", "A"))
    assert negate(negate(leaf)) == leaf


PROBLEMS = {
    "unknown field": ({"field": "statsu", "is": "x"}, ("field",), False, 'no field of leads', '"status"'),
    "unknown custom field": ({"field": "custom.Industri", "is": "x"}, ("field",), False, "custom field", "Industry"),
    "bare custom field": ({"field": "industry", "is": "SaaS"}, ("field",), False, "no field", "custom.Industry"),
    "bare field id": ({"field": "cf_industry", "is": "SaaS"}, ("field",), False, "no field", "custom.cf_industry"),
    "field of contacts": ({"field": "contact.title", "is": "x"}, ("field",), False, "no field", "has: contact"),
    "custom field of contacts": (
        {"field": "custom.Department", "is": "x"},
        ("field",),
        False,
        "no field of leads",
        "has: contact",
    ),
    "operator of text on a number": (
        {"field": "custom.Employees", "contains": "5"},
        ("contains",),
        True,
        "contains does not fit",
        "gte",
    ),
    "is on a date": ({"field": "date_created", "is": "2026-01-01"}, ("is",), True, "is does not fit", "on:"),
    "range on a choice": ({"field": "custom.Industry", "gt": 5}, ("gt",), True, "gt does not fit", "is: SaaS"),
    "operator on an unknown type": ({"field": "custom.Odd", "is": "x"}, ("is",), True, "does not fit", "exists"),
    "number in quotes": ({"field": "custom.Employees", "is": "12"}, ("is",), False, "a number", "remove the quotes"),
    "text without quotes": ({"field": "custom.External ID", "is": 12}, ("is",), False, "text", '"12"'),
    "word for a number": ({"field": "custom.Employees", "is": "many"}, ("is",), False, "a number", "gte: 10"),
    "unknown choice": ({"field": "custom.Industry", "is": "Sass"}, ("is",), False, "no choice", '"SaaS"'),
    "second choice unknown": ({"field": "custom.Industry", "is": ["SaaS", "X"]}, ("is", 1), False, "choice", "Retail"),
    "true on other choices": ({"field": "custom.Industry", "is": True}, ("is",), False, "no choice", "SaaS"),
    "unknown status": ({"field": "status", "is": "Chruned"}, ("is",), False, "no lead status", '"Churned"'),
    "unknown status id": ({"field": "status", "is": "stat_zzz"}, ("is",), False, "has the ID", "Potential"),
    "unknown user": ({"field": "created_by", "is": "Dana Reys"}, ("is",), False, "no user", "Dana Reyes"),
    "number as user": ({"field": "created_by", "is": 5}, ("is",), False, "a user", "is:"),
    "contact by name": ({"field": "custom.Main Contact", "is": "Ann"}, ("is",), False, "by its ID", "cont_"),
    "no moment": ({"field": "date_created", "before": "last spring"}, ("before",), False, "no moment", "days ago"),
    "on an instant": ({"field": "date_created", "on": "now"}, ("on",), False, "needs a day", "today"),
    "time on a date": (
        {"field": "custom.Renewal Date", "before": "2 hours ago"},
        ("before",),
        False,
        "a date",
        "no time of day",
    ),
    "no words": ({"field": "name", "contains": "  "}, ("contains",), False, "at least one word", ""),
    "no operator": ({"field": "name"}, (), False, "says nothing", "contains"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "path", "on_key", "message", "hint"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_problem_says_where_what_and_how_to_mend_it(data, path, on_key, message, hint):
    found = problem(data)
    assert found.path == ("filter", "where", *path)
    assert found.on_key is on_key
    assert message in found.message
    assert hint in (found.hint or "")


def test_lead_fields_inside_has_are_sent_outside():
    found = problem({"has": "opportunity", "where": {"field": "lead.name", "is": "x"}})
    assert found.path == ("filter", "where", "where", "field")
    assert "beside the `has`" in (found.hint or "")


def test_activities_have_no_custom_fields():
    found = problem({"has": "activity.note", "where": {"field": "custom.Industry", "is": "x"}})
    assert "no custom fields" in found.message


def test_a_relation_that_close_does_not_have_is_named():
    found = problem({"has": "opportunity", "where": {"has": "contact"}})
    assert found.path == ("filter", "where", "where", "has")
    assert "contacts" in found.message


def test_all_problems_are_collected_with_their_paths():
    data = {
        "all": [
            {"field": "nope", "is": 1},
            {"any": [{"field": "status", "is": ["Churned", "Nope"]}, {"not": {"field": "name", "gt": 1}}]},
            {"has": "contact", "where": {"field": "title", "before": "today"}},
        ]
    }
    paths = [found.path[2:] for found in compiled(data).problems]
    assert paths == [
        ("all", 0, "field"),
        ("all", 1, "any", 0, "is", 1),
        ("all", 1, "any", 1, "not", "gt"),
        ("all", 2, "where", "before"),
    ]
