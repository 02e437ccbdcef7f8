"""What a plan counts is what is there: counted by Close's search, and by hand from whole leads."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest


@pytest.fixture
def planned(make_project, sandbox, whole_world):
    """The server and the plan of the examples."""
    served = sandbox(world=whole_world)
    project = make_project()
    project.configure({"served": served.target})
    project.add_examples()
    outcome = project.run("plan", "--format", "json")
    assert outcome.code == 0
    return served, outcome.json["plan"]


def test_every_count_of_a_plan_is_the_one_that_close_gives_and_that_its_leads_give(planned, whole_world):
    served, plan = planned
    counts = {change["key"]: change["matches"]["total"] for change in plan["changes"]}
    queries = {change["key"]: change["request"]["body"]["s_query"] for change in plan["changes"]}
    assert {key: served.count(query) for key, query in queries.items()} == counts
    by_hand = _counted_by_hand(served, whole_world, now=datetime.fromisoformat(plan["now"]))
    assert by_hand == counts
    assert all(count > 0 for count in counts.values())


def _counted_by_hand(served, world, *, now):
    """How many leads each example means, by what its words say: no structured query takes part."""
    leads = list(served.pages("/lead/"))
    assert len(leads) == 1000
    spoken = _last_spoken(world)
    subscribed = _subscriptions(served)
    quiet_90, quiet_half_year = _day(now - timedelta(days=90)), _day(_months_later(now.date(), -6))
    today, in_60_days = now.date().isoformat(), (now.date() + timedelta(days=60)).isoformat()

    def quiet(lead, since, *, or_never):
        return or_never if lead["id"] not in spoken else spoken[lead["id"]] < since

    def field(lead, name):
        return lead["custom"].get(name)

    def status(lead, name):
        return lead["status_label"] == name

    def is_in(lead, sequence, state):
        return any((contact["id"], sequence, state) in subscribed for contact in lead["contacts"])

    def has_mail(lead):
        return any(contact["emails"] for contact in lead["contacts"])

    def is_active(lead):
        return any(opportunity["status_type"] == "active" for opportunity in lead["opportunities"])

    def news(lead, region):
        is_meant = status(lead, "Customer") and field(lead, "Region") == region and has_mail(lead)
        return is_meant and (field(lead, "Employees") or 0) >= 50

    def is_small(lead):
        return field(lead, "Employees") is not None and field(lead, "Employees") < 50

    meant = {
        "clear-competitor@1": lambda lead: status(lead, "Customer") and field(lead, "Competitor"),
        "success-team-for-renewals@1": lambda lead: today <= (field(lead, "Renewal Date") or "") < in_60_days,
        "news-for-regions[EMEA]@1": lambda lead: news(lead, "EMEA"),
        "news-for-regions[APAC]@1": lambda lead: news(lead, "APAC"),
        "onboard-free-plans@1": lambda lead: status(lead, "Qualified") and field(lead, "Plan") == "Free",
        "owner-by-country@1": lambda lead: any(address["country"] in ("DE", "NL") for address in lead["addresses"]),
        "purge-bad-fit@1": lambda lead: status(lead, "Bad Fit") and is_small(lead) and not lead["opportunities"],
        "hold-onboarding-of-customers@1": lambda lead: (
            status(lead, "Customer") and is_in(lead, "Trial onboarding", "active")
        ),
        "resume-renewals@1": lambda lead: field(lead, "Plan") != "Free" and is_in(lead, "Renewal nurture", "paused"),
        "renewals-second-round@1": lambda lead: (
            field(lead, "Plan") in ("Enterprise", "Business", "Team") and is_in(lead, "Renewal nurture", "finished")
        ),
        "stale-to-potential@1": lambda lead: (
            status(lead, "Contacted") and quiet(lead, quiet_half_year, or_never=True) and not is_active(lead)
        ),
        "tag-churned@1": lambda lead: status(lead, "Churned"),
        "winback-churned@1": lambda lead: (
            status(lead, "Churned")
            and quiet(lead, quiet_90, or_never=False)
            and field(lead, "Do Not Contact") != "Yes"
            and not is_active(lead)
        ),
    }
    return {key: sum(bool(is_meant(lead)) for lead in leads) for key, is_meant in meant.items()}


def _last_spoken(world):
    """When each lead was last spoken with: no list of the API says so, hence from the file behind it."""
    with closing(sqlite3.connect(world)) as connection:
        rows = connection.execute("SELECT lead_id, max(communicated_at) FROM activity GROUP BY lead_id").fetchall()
    return {lead_id: datetime.fromisoformat(moment) for lead_id, moment in rows if moment is not None}


def _subscriptions(served):
    """Which contact is in which sequence, and how that stands."""
    return {
        (item["contact_id"], sequence["name"], item["status"])
        for sequence in served.pages("/sequence/")
        for item in _of_sequence(served, sequence["id"])
    }


def _of_sequence(served, sequence_id):
    skip, has_more = 0, True
    while has_more:
        page = served.get("/sequence_subscription/", sequence_id=sequence_id, _limit=100, _skip=skip)
        yield from page["data"]
        skip, has_more = skip + len(page["data"]), page["has_more"]


def _day(moment):
    """The beginning, in UTC, of the day of a moment."""
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _months_later(day, months):
    """The same day of the month so many months later, or the last day of a month that is too short."""
    index = day.year * 12 + day.month - 1 + months
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return date(index // 12, index % 12 + 1, min(day.day, (following - timedelta(days=1)).day))
