"""Queries as short filters: what has one gets exactly that, what has none says why."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sandbox import query_nodes as node
from support.small_catalog import CATALOG, where_context

from bulkplan.core.field_table import FIELDS, PATHS, FieldType
from bulkplan.core.fields import find_field
from bulkplan.core.operators import EQUALITY, OPERATORS, TIME
from bulkplan.core.query_meaning import plain_meaning
from bulkplan.core.where import compile_lead_query
from bulkplan.core.where_from_query import where_from_query
from bulkplan.model.where import Where

CONTEXT = where_context(ZoneInfo("America/New_York"))
WHERE: TypeAdapter[Where] = TypeAdapter(Where)
CUSTOM = {"lead": CATALOG.lead_fields, "contact": CATALOG.contact_fields, "opportunity": CATALOG.opportunity_fields}
VALUES = {
    FieldType.TEXT: ("Acme", "a b", "Yes", "{{ x }}", "0"),
    FieldType.NUMBER: (0, 1, 2.5, -3),
    FieldType.BOOLEAN: (True, False),
    FieldType.USER: ("Dana Reyes", "milan@example.com", "me"),
    FieldType.LEAD_STATUS: ("Churned", "stat_cus", "potential"),
    FieldType.OPPORTUNITY_STATUS: ("Proposal", "Won"),
    FieldType.SEQUENCE: ("Trial onboarding", "seq_cold"),
    FieldType.CONTACT: ("cont_1", "cont_2"),
    FieldType.CUSTOM_OBJECT: ("co_1", "co_2"),
}
DAYS = ("2026-01-31", "2026-02-01", "90 days ago", "today", "in 2 weeks", "2026-03-08")
INSTANTS = ("2026-01-31T10:00", "3 hours ago", "2026-01-31T05:00:00Z", "now")


@st.composite
def conditions(draw, scope):
    names = sorted({*FIELDS[scope], *(f"custom.{field.name}" for field in CUSTOM.get(scope, ()))})
    found = find_field(draw(st.sampled_from(names)), scope=scope, catalog=CATALOG, path=())
    operator = draw(st.sampled_from(OPERATORS[found.type]))
    written = {operator: draw(operands(found, operator))}
    pairs = {"gte": "lt", "gt": "lte", "on_or_after": "before", "after": "on_or_before"}
    if operator in pairs and found.owner is None and draw(st.booleans()):
        written[pairs[operator]] = draw(operands(found, pairs[operator]))
    return {"field": found.label, **written}


def operands(found, operator):
    if operator == "exists":
        return st.booleans()
    if operator in TIME:
        is_whole = found.type is FieldType.DATE or operator == "on"
        return st.sampled_from(DAYS if is_whole else (*DAYS, *INSTANTS))
    values = st.sampled_from(found.choices or VALUES.get(found.type, ("x",)))
    return values if operator not in EQUALITY else values | st.lists(values, min_size=1, max_size=3)


@st.composite
def wheres(draw, scope="lead", depth=3):
    form = draw(st.sampled_from(("field", "field", "all", "any", "not", "has"))) if depth else "field"
    if form in ("all", "any"):
        return {form: draw(st.lists(wheres(scope, depth - 1), min_size=1, max_size=3))}
    if form == "not":
        return {"not": draw(wheres(scope, depth - 1))}
    kinds = [related for this, related in PATHS if this == scope]
    if form == "has" and kinds:
        kind = draw(st.sampled_from(kinds))
        return {"has": kind, "where": draw(wheres(kind, depth - 1))} if draw(st.booleans()) else {"has": kind}
    return draw(conditions(scope))


def compiled(data):
    result = compile_lead_query(WHERE.validate_python(data, strict=False), context=CONTEXT, path=())
    assert result.problems == ()
    return result.node


@settings(max_examples=300)
@given(wheres())
def test_a_compiled_filter_comes_back_as_a_filter_of_the_same_meaning(data):
    query = compiled(data)
    short = where_from_query(query, CONTEXT)
    assert short.where is not None, short.why
    assert plain_meaning(compiled(short.where)) == plain_meaning(query)
    assert where_from_query(compiled(short.where), CONTEXT) == short


EVERY_FORM = [
    {"field": "status", "is": "Churned"},
    {"field": "status", "is_not": ["Churned", "Customer"]},
    {"field": "custom.Industry", "exists": False},
    {"field": "custom.Employees", "gte": 10, "lt": 50},
    {"field": "custom.Employees", "is_not": 3},
    {"field": "name", "is": ["A", "B"]},
    {"field": "name", "word_starts_with": "re"},
    {"not": {"field": "name", "contains": "test"}},
    {"field": "last_communication_date", "before": "2026-01-31"},
    {"field": "last_communication_date", "on": "2026-01-31"},
    {"field": "last_communication_date", "on_or_after": "2026-01-31T14:30:00Z", "before": "2026-03-01"},
    {"field": "custom.Renewal Date", "on_or_after": "2026-01-31"},
    {"field": "custom.Account Owner", "is": ["me", "Dana Reyes"]},
    {"field": "city", "is": ["Berlin", "Köln"]},
    {"field": "city", "is_not": "Berlin"},
    {"has": "contact"},
    {"has": "contact", "where": {"field": "email", "contains": "example.com"}},
    {"not": {"has": "opportunity", "where": {"field": "status_type", "is": "active"}}},
    {
        "has": "sequence_subscription",
        "where": {"all": [{"field": "sequence", "is": "Trial onboarding"}, {"field": "status", "is": "active"}]},
    },
    {"any": [{"field": "status", "is": "Churned"}, {"not": {"any": [{"has": "contact"}, {"has": "activity.call"}]}}]},
]


@pytest.mark.parametrize("data", EVERY_FORM, ids=str)
def test_a_filter_is_written_as_a_person_would(data):
    if data.get("is") == ["me", "Dana Reyes"]:
        data = {"any": [{**data, "is": "me"}, {**data, "is": "Dana Reyes"}]}
    assert where_from_query(compiled(data), CONTEXT).where == data


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (node.by_id("lead_1"), "by their IDs"),
        (node.text("x"), "all fields at once"),
        ({"type": "saved_search", "saved_search_id": "save_hot"}, "a smart view"),
        ({"type": "in_status", "status_ids": ["stat_pro"]}, "once had"),
        (node.either(), "takes everything, or nothing"),
        (node.either(node.OF_LEADS, node.regular("name", node.EXISTS)), "takes everything"),
        (node.regular("invented", node.EXISTS), "no name for the field invented of lead"),
        (node.custom("cf_gone", node.EXISTS), "no name for the field custom.cf_gone"),
        (node.regular("date_created", node.moments(before=node.offset(days=90))), "relative to now"),
        (node.regular("date_created", node.moments(before=node.local_day("2026-01-31", "start"))), "fixed_local_date"),
        (node.regular("name", node.terms("Acme")), "of name what no operator says (term)"),
        (node.custom("cf_industry", node.terms("Gone")), "not be exactly the same"),
        (node.custom("cf_employees", node.numbers(gt=1, gte=2)), "bounds a number"),
        (node.related("custom_object", node.MATCH_ALL), "a related custom object"),
        (node.related("address", node.no(node.regular("city", node.text("x"), "address"))), "an address"),
        (node.regular("status_id", node.references("status.lead", "stat_gone")), "not be exactly the same"),
    ],
)
def test_what_has_no_short_form_says_why(query, words):
    short = where_from_query(node.both(node.OF_LEADS, query), CONTEXT)
    assert short.where is None
    assert words in short.why


def test_names_that_mean_two_things_give_way_to_ids():
    twins = (*CATALOG.lead_statuses, CATALOG.lead_statuses[0].model_copy(update={"id": "stat_two"}))
    context = where_context(ZoneInfo("UTC"))
    context = type(context)(CATALOG.model_copy(update={"lead_statuses": twins}), context.now, context.zone)
    query = node.both(node.OF_LEADS, node.regular("status_id", node.references("status.lead", "stat_pot", "stat_chu")))
    assert where_from_query(query, context).where == {"field": "status", "is": ["stat_pot", "Churned"]}
