"""Which names and IDs specs need."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter
from support.small_catalog import make_spec

from bulkplan.core.needs import needed_kinds
from bulkplan.model.catalog import CatalogKind as Kind
from bulkplan.model.where import Where

EMAIL = {"type": "email", "template": "a", "sender": "b@example.com"}
CASES = {
    "all leads, delete": ({}, set()),
    "smart view": (
        {"filter_": {"smart_view": "x"}},
        {Kind.SMART_VIEWS, Kind.LEAD_STATUSES, Kind.LEAD_FIELDS},
    ),
    "query": ({"filter_": {"query": {"type": "match_all"}}}, set()),
    "query with a view in it": (
        {"filter_": {"query": {"type": "saved_search", "saved_search_id": "save_x"}}},
        {Kind.SMART_VIEWS},
    ),
    "status": ({"filter_": {"where": {"field": "status", "is": "x"}}}, {Kind.LEAD_STATUSES}),
    "status exists": ({"filter_": {"where": {"field": "status", "exists": True}}}, set()),
    "name": ({"filter_": {"where": {"not": {"field": "lead.name", "is": "x"}}}}, set()),
    "custom choice or user": (
        {"filter_": {"where": {"field": "custom.X", "is": "x"}}},
        {Kind.LEAD_FIELDS, Kind.USERS},
    ),
    "custom number": ({"filter_": {"where": {"field": "custom.X", "gt": 1}}}, {Kind.LEAD_FIELDS}),
    "me": ({"filter_": {"where": {"field": "created_by", "is": "me"}}}, set()),
    "user": ({"filter_": {"where": {"field": "created_by", "is": ["me", "x"]}}}, {Kind.USERS}),
    "opportunity status": (
        {"filter_": {"where": {"has": "opportunity", "where": {"field": "opportunity.status", "is": "x"}}}},
        {Kind.OPPORTUNITY_STATUSES},
    ),
    "opportunity field": (
        {"filter_": {"where": {"any": [{"has": "opportunity", "where": {"field": "custom.X", "exists": True}}]}}},
        {Kind.OPPORTUNITY_FIELDS},
    ),
    "contact field": (
        {"filter_": {"where": {"has": "contact", "where": {"field": "custom.X", "exists": True}}}},
        {Kind.CONTACT_FIELDS},
    ),
    "sequence field": (
        {"filter_": {"where": {"has": "sequence_subscription", "where": {"field": "sequence", "is": "x"}}}},
        {Kind.SEQUENCES},
    ),
    "e-mail": ({"action": EMAIL}, {Kind.TEMPLATES, Kind.SENDERS}),
    "set status": ({"action": {"type": "set_lead_status", "status": "x"}}, {Kind.LEAD_STATUSES}),
    "set number": ({"action": {"type": "set_custom_field", "field": "x", "value": 1}}, {Kind.LEAD_FIELDS}),
    "set text": ({"action": {"type": "set_custom_field", "field": "x", "value": "y"}}, {Kind.LEAD_FIELDS, Kind.USERS}),
    "clear": ({"action": {"type": "clear_custom_field", "field": "x"}}, {Kind.LEAD_FIELDS}),
    "subscribe": (
        {"action": {"type": "sequence_subscribe", "sequence": "x", "sender": "y"}},
        {Kind.SEQUENCES, Kind.TEMPLATES, Kind.SENDERS, Kind.USERS},
    ),
    "pause one": ({"action": {"type": "sequence_pause", "sequence": "x"}}, {Kind.SEQUENCES}),
    "resume one": ({"action": {"type": "sequence_resume", "sequence": "x"}}, {Kind.SEQUENCES, Kind.TEMPLATES}),
    "pause all": ({"action": {"type": "sequence_pause", "all_sequences": True}}, set()),
    "sort by custom field": ({"options": {"sort": ["-custom.X"]}}, {Kind.LEAD_FIELDS}),
}


@pytest.mark.parametrize(("parts", "kinds"), CASES.values(), ids=CASES.keys())
def test_only_what_a_spec_needs_is_asked_for(parts, kinds):
    assert needed_kinds([make_spec(**parts)], suppress=None) == kinds


def test_suppression_counts_only_for_actions_that_reach_people():
    suppress = TypeAdapter(Where).validate_python({"field": "custom.X", "exists": True}, strict=False)
    assert needed_kinds([make_spec()], suppress=suppress) == set()
    assert Kind.LEAD_FIELDS in needed_kinds([make_spec(), make_spec(action=EMAIL)], suppress=suppress)


def test_nothing_is_needed_for_nothing():
    assert needed_kinds([], suppress=None) == frozenset()
