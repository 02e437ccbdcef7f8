"""Laws of the funnel, against the local Close: its bounds hold, and its steps only ever get narrower."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkplan.core.digest import digest_json
from bulkplan.core.forecast import days_for, sender_key
from bulkplan.core.funnel import Unsubscribed, course_of, funnel
from bulkplan.core.reach import sender_address
from bulkplan.model.plan import Change, ChangeKind, Matches
from bulkplan.model.project import SenderLimit
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey
from bulkplan.sandbox import search
from bulkplan.sandbox.bulk_effects import Work, count_objects
from bulkplan.sandbox.server import Sandbox


@pytest.fixture(scope="module")
def world():
    sandbox = Sandbox.open(None, leads=80, seed=11)
    yield sandbox.world
    sandbox.close()


def column(world, sql: str) -> list[str]:
    return [row[0] for row in world.connection.execute(sql)]


def where(world):
    """Queries on leads: a few statuses, or numbers of contacts' addresses, or both."""
    statuses = column(world, "SELECT id FROM lead_status ORDER BY id")

    def query(chosen, least):
        status = {"type": "reference", "reference_type": "status.lead", "object_ids": chosen}
        field = {"type": "regular_field", "object_type": "lead", "field_name": "status_id"}
        emails = {"type": "regular_field", "object_type": "contact", "field_name": "emails_count"}
        several = {"type": "field_condition", "field": emails, "condition": {"type": "number_range", "gte": least}}
        return {
            "type": "and",
            "queries": [
                {"type": "object_type", "object_type": "lead"},
                {"type": "field_condition", "field": field, "condition": status},
                {
                    "type": "has_related",
                    "this_object_type": "lead",
                    "related_object_type": "contact",
                    "related_query": several,
                },
            ],
        }

    return st.builds(query, st.lists(st.sampled_from(statuses), min_size=1, max_size=4, unique=True), st.integers(0, 2))


def doings(world):
    sequences = column(world, "SELECT id FROM sequence ORDER BY id")
    preferences = st.fixed_dictionaries({"contact_preference": st.sampled_from(["lead", "contact"])})
    subscribe = st.fixed_dictionaries(
        {"action_type": st.just("subscribe"), "sequence_id": st.sampled_from(sequences)}
    ).flatmap(lambda fixed: preferences.map(lambda more: {**fixed, **more}))
    change = st.fixed_dictionaries(
        {
            "action_type": st.sampled_from(["pause", "resume", "resume_finished"]),
            "sequence_id": st.none() | st.sampled_from(sequences),
        }
    )
    return st.one_of(preferences, subscribe, change)


def context(world) -> search.QueryContext:
    return search.QueryContext(now=world.now(), tz_offset=0.0, user_id=world.owner_user_id)


def reached_by(world, query, doing, unsubscribed):
    """What the funnel says, counted in the local Close."""
    total = search.count(world, query, context(world))
    kind = "sequence_subscription" if "action_type" in doing else "email"
    change = Change(
        key=RunKey("mail", 1),
        kind=ChangeKind.RUN,
        reason="",
        action_type="email",
        summary="",
        matches=Matches(total=total, limited=total, of_leads=80),
        request=Request(kind=kind, body={**doing, "s_query": query}),
    )
    course = course_of(change, Unsubscribed(frozenset(unsubscribed)))
    counts = {digest_json(each): search.count(world, each, context(world)) for each in course.queries}
    return funnel(course, counts), kind


def test_what_the_local_close_reaches_lies_between_the_bounds(world):
    addresses = column(world, "SELECT DISTINCT email FROM contact_email ORDER BY email")

    @settings(max_examples=60)
    @given(where(world), doings(world), st.sets(st.sampled_from(addresses), max_size=25))
    def law(query, doing, unsubscribed):
        with world.transaction() as connection:
            connection.execute("DELETE FROM unsubscribed_email")
            connection.executemany("INSERT INTO unsubscribed_email VALUES (?, '')", [(one,) for one in unsubscribed])
            reached, kind = reached_by(world, query, doing, unsubscribed)
            work = Work("a", kind, doing, None, "orga")
            n_made = sum(count_objects(connection, work, search.ids(world, query, context(world))).values())
        assert reached.at_least <= n_made
        if "action_type" not in doing or doing["action_type"] == "subscribe":
            assert n_made <= reached.messages
        counts = [step.leads for step in reached.steps]
        assert all(before >= after for before, after in pairwise(counts))
        assert (reached.doubt is None) == (reached.at_least == reached.messages)

    law()


@given(st.integers(0, 10**6), st.integers(1, 10**4))
def test_days_are_enough_and_no_day_is_too_many(messages, limit):
    days = days_for(messages, limit)
    assert days * limit >= messages
    assert (days - 1) * limit < messages or days == 0


@pytest.mark.parametrize(
    ("body", "address"),
    [
        ({"sender": "Dana Reyes <Dana@example.com>"}, "dana@example.com"),
        ({"sender": "dana@example.com"}, "dana@example.com"),
        ({"sender_email": "dana@example.com", "sender_name": "Dana"}, "dana@example.com"),
        ({}, None),
    ],
)
def test_a_request_says_which_address_sends(body, address):
    assert sender_address(body) == address


def test_an_address_without_a_limit_of_its_own_has_the_default():
    limits = {"Dana@Example.com": SenderLimit(daily_limit=5), "default": SenderLimit(daily_limit=9)}
    assert sender_key("dana@example.com", limits) == "Dana@Example.com"
    assert sender_key("kim@example.com", limits) == sender_key(None, limits) == "default"
    assert sender_key("kim@example.com", {}) is None
