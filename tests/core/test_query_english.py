"""Structured queries in English: every node and condition, negated or not, and whatever nobody knows."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.small_catalog import where_context

from bulkplan.core.query_english import describe_query
from bulkplan.core.visible import visible
from bulkplan.core.where import compile_lead_query
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not

NAMES = {"stat_1": "Churned", "cf_1": "Industry", "user_1": "Dana Reyes", "save_1": "Hot leads", "seq_1": "Onboarding"}
LEAD = {"type": "object_type", "object_type": "lead"}
CONTEXT = where_context(ZoneInfo("Europe/Berlin"))


def field(name: str, condition: dict, *, owner: str = "lead", **more) -> dict:
    where = {"type": "regular_field", "object_type": owner, "field_name": name}
    return {"type": "field_condition", "field": where, "condition": condition, **more}


def custom(condition: dict, **more) -> dict:
    where = {"type": "custom_field", "custom_field_id": "cf_1"}
    return {"type": "field_condition", "field": where, "condition": condition, **more}


def related(kind: str, query: dict, *, this: str = "lead", **more) -> dict:
    node = {"type": "has_related", "this_object_type": this, "related_object_type": kind, "related_query": query}
    return {**node, **more}


def group(kind: str, *queries: dict, **more) -> dict:
    return {"type": kind, "queries": list(queries), **more}


STATUS = field("status_id", {"type": "reference", "reference_type": "status.lead", "object_ids": ["stat_1"]})
HAS_NAME = field("name", {"type": "exists"})
DAY = {"type": "fixed_local_date", "value": "2026-01-31", "which": "start"}
OFFSET = {"type": "offset", "direction": "past", "moment": {"type": "now"}, "offset": {"days": 90, "hours": 0}}


def spans(**bounds) -> dict:
    return field("date_created", {"type": "moment_range", **bounds})


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (group("and", LEAD), "every lead"),
        ({"type": "match_all"}, "every lead"),
        (group("and", LEAD, STATUS), "status is Churned"),
        ({**STATUS, "negate": True}, "status is not Churned"),
        (group("and", LEAD, STATUS, HAS_NAME), "status is Churned, and name has a value"),
        (group("or", STATUS, HAS_NAME), "(either status is Churned, or name has a value)"),
        (group("and", STATUS, HAS_NAME, negate=True), "not (status is Churned, and name has a value)"),
        (group("or", STATUS, HAS_NAME, negate=True), "not (either status is Churned, or name has a value)"),
        (group("and", {**STATUS, "negate": True}, negate=True), "status is Churned"),
        (
            group("and", STATUS, group("or", HAS_NAME, STATUS)),
            "status is Churned, and (either name has a value, or status is Churned)",
        ),
        ({**HAS_NAME, "negate": True}, "name is empty"),
        (custom({"type": "term", "values": ["SaaS", "Retail"]}), "Industry is SaaS or Retail"),
        (custom({"type": "term", "values": ["SaaS", "Retail"]}, negate=True), "Industry is neither SaaS nor Retail"),
        (custom({"type": "term", "values": list("abcdefgh")}), "Industry is a, b, c, d, e or 3 more"),
        (custom({"type": "boolean", "value": True}), "Industry is yes"),
        (field("updated_by", {"type": "current_user"}), "updated by is the owner of the API key"),
        (custom({"type": "reference", "reference_type": "user", "object_ids": ["user_1", "user_2"]}),
         "Industry is Dana Reyes or user_2"),
        (field("name", {"type": "text", "mode": "full_words", "value": "acme"}), "name contains “acme”"),
        (field("name", {"type": "text", "mode": "phrase", "value": "a b"}, negate=True),
         "name does not contain the phrase “a b”"),
        (field("name", {"type": "text", "mode": "beginning_of_words", "value": "ac"}),
         "name has a word that starts with “ac”"),
        (field("name", {"type": "text", "mode": "exact_value", "value": "Acme"}), "name is “Acme”"),
        (field("name", {"type": "text", "mode": "soundex", "value": "x"}), "name matches “x” (soundex)"),
        (field("num_notes", {"type": "number_range", "gte": 5, "lt": 9}), "num notes is at least 5 and less than 9"),
        (field("num_notes", {"type": "number_range", "gte": 5, "lte": 5}), "num notes is 5"),
        (field("num_notes", {"type": "number_range", "gt": 0}, negate=True), "not (num notes is more than 0)"),
        (spans(before=DAY), "date created is before 2026-01-31"),
        (spans(before={**DAY, "which": "end"}), "date created is on or before 2026-01-31"),
        (spans(on_or_after=DAY, before={**DAY, "value": "2026-02-01"}), "date created is on 2026-01-31"),
        (spans(on_or_after=DAY, before=None), "date created is on or after 2026-01-31"),
        (spans(before={"type": "fixed_utc", "value": "2026-08-25T00:00:00+02:00"}),
         "date created is before 2026-08-24 22:00 UTC"),
        (spans(before=OFFSET), "date created is before 90 days ago"),
        (spans(on_or_after={"type": "now"}), "date created is on or after now"),
        (spans(before={"type": "moon"}), "date created is before a moment without words here (moon)"),
        (related("contact", {"type": "object_type", "object_type": "contact"}), "a contact"),
        (related("opportunity", field("status_type", {"type": "term", "values": ["active"]}, owner="opportunity"),
                 negate=True), "no opportunity whose status type is active"),
        (related("contact", related("contact_email", {"type": "match_all"}, this="contact")),
         "a contact with an e-mail address"),
        (related("activity.email", {"type": "match_all"}), "an e-mail"),
        ({"type": "saved_search", "saved_search_id": "save_1"}, "is in the smart view “Hot leads”"),
        ({"type": "saved_search", "saved_search_id": "save_2", "negate": True}, "is not in the smart view “save_2”"),
        ({"type": "id", "value": "lead_1"}, "is the lead lead_1"),
        (group("or", {"type": "id", "value": "lead_1"}, {"type": "id", "value": "lead_2"}),
         "is one of 2 leads named by ID"),
        ({"type": "text", "value": "acme", "mode": "full_words"}, "somewhere contains “acme”"),
        ({"type": "in_status", "status_ids": ["stat_1"], "on_or_after": DAY},
         "was in the status Churned on or after 2026-01-31"),
        ({"type": "object_type", "object_type": "contact"}, "is a contact"),
        ({"type": "tarot"}, "a condition that this version has no words for (tarot)"),
        (custom({"type": "tarot"}), "Industry meets a condition without words here (tarot)"),
    ],
)  # fmt: skip
def test_every_node_and_condition_has_words(query, words):
    assert describe_query(query, names=NAMES) == words


def test_what_is_compiled_reads_as_it_was_written():
    where = AllOf(
        all=(
            FieldCondition(field="status", is_="Churned"),
            Not(not_=Has(has="opportunity", where=FieldCondition(field="status_type", is_="active"))),
            AnyOf(any=(FieldCondition(field="num_notes", gte=5), FieldCondition(field="name", exists=False))),
        )
    )
    compiled = compile_lead_query(where, context=CONTEXT, path=())
    assert compiled.problems == ()
    assert describe_query(compiled.node, names=compiled.names) == (
        "status is Churned, and no opportunity whose status type is active, "
        "and (either num notes is at least 5, or name is empty)"
    )


def test_text_from_outside_cannot_forge_a_line():
    words = describe_query(custom({"type": "term", "values": ["a\nb\x1b[31m"]}))
    assert words == "cf_1 is a\\nb\\x1b[31m"


KEYS = ["type", "queries", "negate", "field", "condition", "values", "before", "related_query", "value"]
json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=5),
        st.sampled_from(["and", "or", "field_condition", "has_related", "moment_range", "offset"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["type", "queries", "negate", "field", "condition"]), json), st.integers(1, 80))
def test_anything_at_all_gets_some_words_in_bounds(query, most):
    words = describe_query(query, max_chars=most)
    assert 1 <= len(words) <= most
    assert words == describe_query(query, max_chars=most)
    assert words == visible(words)  # `isprintable` refuses characters that show, and unassigned ones


def test_a_deep_query_ends_in_words():
    query = HAS_NAME
    for _ in range(200):
        query = group("or", query, STATUS)
    assert "deeper conditions" in describe_query(query, names=NAMES, max_chars=100_000)
