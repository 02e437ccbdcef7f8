"""What specs do, to whom, in words."""

from __future__ import annotations

from typing import get_args

import pytest
from support.small_catalog import make_spec

from bulkplan.core.words import describe_action, describe_filter, is_undoable, why_not_undoable
from bulkplan.model.spec import ActionType

ACTIONS = [
    (
        {"type": "email", "template": "Win-back 2026", "sender": "Dana Reyes <dana@example.com>"},
        "send the template “Win-back 2026” as Dana Reyes <dana@example.com> to the first address of each lead",
    ),
    (
        {"type": "email", "template": "tmpl_win", "sender": "emailacct_d", "contact_preference": "contact"},
        "send the template “Win-back 2026” as Dana <d@example.com> to the first address of every contact",
    ),
    ({"type": "set_lead_status", "status": "Churned"}, "set the lead status to “Churned”"),
    ({"type": "set_custom_field", "field": "custom.Plan", "value": "Team"}, "set the custom field “Plan” to “Team”"),
    (
        {"type": "set_custom_field", "field": "Tags", "values": ["vip", "partner"], "operation": "add"},
        "add “vip” and “partner” to the custom field “Tags”",
    ),
    (
        {"type": "set_custom_field", "field": "Tags", "value": "vip", "operation": "remove"},
        "remove “vip” from the custom field “Tags”",
    ),
    ({"type": "clear_custom_field", "field": "Source"}, "clear the custom field “Source”"),
    ({"type": "delete"}, "delete leads with their contacts, opportunities and activities"),
    (
        {"type": "sequence_subscribe", "sequence": "Trial", "sender": "d@example.com"},
        "subscribe the first contact of each lead to the sequence “Trial” as d@example.com",
    ),
    ({"type": "sequence_pause", "all_sequences": True}, "pause the active subscriptions to every sequence"),
    ({"type": "sequence_resume", "sequence": "Trial"}, "resume the paused subscriptions to the sequence “Trial”"),
    (
        {"type": "sequence_resume_finished", "sequence": "Trial"},
        "resume the finished subscriptions to the sequence “Trial”",
    ),
]
NAMES = {"tmpl_win": "Win-back 2026", "emailacct_d": "Dana <d@example.com>"}


@pytest.mark.parametrize(("action", "words"), ACTIONS)
def test_an_action_is_one_line_of_words(action, words):
    assert describe_action(make_spec(action=action), NAMES) == words


def test_every_action_has_words_and_says_whether_it_can_be_undone():
    assert {action["type"] for action, _ in ACTIONS} == set(get_args(ActionType))
    for action, _ in ACTIONS:
        spec = make_spec(action=action)
        assert is_undoable(spec) is (why_not_undoable(spec) is None)


@pytest.mark.parametrize(("action", "expected"), [({"type": "delete"}, False), (ACTIONS[2][0], True)])
def test_edits_can_be_undone_and_deletes_cannot(action, expected):
    assert is_undoable(make_spec(action=action)) is expected


FILTERS = [
    ({"all_leads": True}, "every lead of the organization"),
    ({"smart_view": "Hot leads"}, "the smart view “Hot leads”"),
    ({"query": {"type": "match_all"}}, "a structured query, as written in the spec"),
    (
        {
            "where": {
                "all": [
                    {"field": "status", "is": ["Churned"]},
                    {"field": "custom.Industry", "is": "SaaS"},
                    {
                        "not": {
                            "has": "opportunity",
                            "where": {"all": [{"field": "opportunity.status_type", "is": "active"}]},
                        }
                    },
                ]
            }
        },
        "status is Churned, and Industry is SaaS, and no opportunity whose status type is active",
    ),
    (
        {"where": {"any": [{"field": "name", "contains": "a"}, {"field": "url", "exists": False}]}},
        "(either name contains “a”, or url is empty)",
    ),
    (
        {"where": {"all": [{"field": "custom.Employees", "gte": 10, "lt": 50}, {"field": "custom.VIP", "is": True}]}},
        "Employees is at least 10 and is less than 50, and VIP is yes",
    ),
    (
        {"where": {"field": "last_communication_date", "before": "90 days ago"}},
        "last communication date is before 90 days ago",
    ),
    ({"where": {"field": "status", "is_not": ["A", "B"]}}, "status is neither A nor B"),
    ({"where": {"field": "status", "is": ["A", "B", "C"]}}, "status is A, B or C"),
    ({"where": {"not": {"all": [{"field": "name", "is": "A"}, {"has": "contact"}]}}}, "not (name is A, and a contact)"),
    (
        {
            "where": {
                "has": "activity.email",
                "where": {"all": [{"field": "has_reply", "is": True}, {"field": "date", "after": "yesterday"}]},
            }
        },
        "an e-mail whose (has reply is yes, and date is after yesterday)",
    ),
]


@pytest.mark.parametrize(("filter_", "words"), FILTERS)
def test_a_filter_is_one_line_of_words(filter_, words):
    assert describe_filter(make_spec(filter_=filter_)) == words
