"""Which edits take the leads they changed out of the filter they ran on."""

from __future__ import annotations

import pytest

from bulkplan.core.leaving import FieldEdit, edit_of, still_matches

STATUS = {"type": "regular_field", "object_type": "lead", "field_name": "status_id"}
TIER = {"type": "custom_field", "custom_field_id": "cf_tier"}
OBJECT = {"type": "object_type", "object_type": "lead"}


def condition(field, condition, *, negate=False):
    return {"type": "field_condition", "negate": negate, "field": field, "condition": condition}


def all_of(*queries):
    return {"type": "and", "queries": list(queries)}


def any_of(*queries):
    return {"type": "or", "queries": list(queries)}


def is_status(*ids, negate=False):
    return condition(
        STATUS, {"type": "reference", "reference_type": "status.lead", "object_ids": list(ids)}, negate=negate
    )


def is_tier(*values, negate=False):
    return condition(TIER, {"type": "term", "values": list(values)}, negate=negate)


EXISTS = condition(TIER, {"type": "exists"})
MISSING = condition(TIER, {"type": "exists"}, negate=True)
SET_STATUS = FieldEdit("status_id", ("stat_new",))
SET_GOLD = FieldEdit("cf_tier", ("Gold",))
ADD_GOLD = FieldEdit("cf_tier", ("Gold",), "add")
DROP_GOLD = FieldEdit("cf_tier", ("Gold",), "remove")
CLEAR = FieldEdit("cf_tier", ())


@pytest.mark.parametrize(
    ("query", "edit", "answer"),
    [
        (all_of(OBJECT, is_status("stat_old")), SET_STATUS, False),
        (all_of(OBJECT, all_of(is_status("stat_old"), OBJECT)), SET_STATUS, False),
        (all_of(OBJECT, is_status("stat_old", "stat_new")), SET_STATUS, None),
        (all_of(OBJECT, is_status("stat_new", negate=True)), SET_STATUS, False),
        (all_of(OBJECT, {"type": "in_status", "status_ids": ["stat_old"]}), SET_STATUS, False),
        (all_of(OBJECT, is_tier("Gold")), SET_STATUS, None),
        (any_of(is_status("stat_old"), OBJECT), SET_STATUS, None),
        (any_of(is_status("stat_old"), is_status("stat_older")), SET_STATUS, False),
        (all_of(is_status("stat_old"), is_status("stat_new")) | {"negate": True}, SET_STATUS, True),
        (is_tier("Silver"), SET_GOLD, False),
        (is_tier("gold"), SET_GOLD, True),
        (MISSING, SET_GOLD, False),
        (EXISTS, SET_GOLD, True),
        (EXISTS, CLEAR, False),
        (is_tier("Gold"), CLEAR, False),
        (is_tier("Gold", negate=True), ADD_GOLD, False),
        (is_tier("Silver"), ADD_GOLD, None),
        (is_tier("Gold"), DROP_GOLD, False),
        (is_tier("Gold", "Silver"), DROP_GOLD, None),
        (EXISTS, DROP_GOLD, None),
        (condition(TIER, {"type": "number_range", "gte": 1}), SET_GOLD, None),
        (condition(TIER, {"type": "text", "mode": "exact_value", "value": "Silver"}), SET_GOLD, False),
        (condition(TIER, {"type": "text", "mode": "full_words", "value": "Silver"}), SET_GOLD, None),
        ({"type": "saved_search", "saved_search_id": "save_1"}, SET_GOLD, None),
        ("nonsense", SET_GOLD, None),
    ],
)
def test_it_is_known_or_said_not_to_be_whether_an_edited_lead_still_matches(query, edit, answer):
    assert still_matches(query, edit) is answer


@pytest.mark.parametrize(
    ("body", "edit"),
    [
        ({"type": "set_lead_status", "lead_status_id": "stat_new"}, SET_STATUS),
        ({"type": "set_custom_field", "custom_field_id": "cf_tier", "custom_field_value": "Gold"}, SET_GOLD),
        ({"type": "set_custom_field", "custom_field_id": "cf_tier", "custom_field_values": ["Gold"]}, SET_GOLD),
        (
            {
                "type": "set_custom_field",
                "custom_field_id": "cf_tier",
                "custom_field_values": ["Gold"],
                "custom_field_operation": "add",
            },
            ADD_GOLD,
        ),
        (
            {
                "type": "set_custom_field",
                "custom_field_id": "cf_tier",
                "custom_field_values": ["Gold"],
                "custom_field_operation": "remove",
            },
            DROP_GOLD,
        ),
        ({"type": "clear_custom_field", "custom_field_id": "cf_tier"}, CLEAR),
        ({"s_query": {}}, None),
        ({"type": "other", "custom_field_id": "cf_tier"}, None),
    ],
)
def test_the_edit_is_read_from_the_request(body, edit):
    assert edit_of(body) == edit
