"""Seeded worlds are repeatable, plausible, and hold the names that examples rely on."""

import hashlib
import re
from datetime import UTC, datetime

import pytest

from bulkplan.sandbox import search
from bulkplan.sandbox import seed_catalog as catalog
from bulkplan.sandbox.clock import SteppedClock, format_moment
from bulkplan.sandbox.query_values import QueryContext
from bulkplan.sandbox.world import World


def make(day=22, hour=12, *, leads=40, seed=7):
    return World.open(None, leads=leads, seed=seed, clock=SteppedClock(datetime(2026, 11, day, hour, tzinfo=UTC)))


def content(world):
    text = "\n".join(world.connection.iterdump())
    world.close()
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def world():
    made = make(leads=2000)
    yield made
    made.close()


def one(world, sql, *params):
    (value,) = world.connection.execute(sql, params).fetchone()
    return value


def rows(world, sql):
    return world.connection.execute(sql).fetchall()


def test_the_same_seed_number_and_day_give_the_same_world():
    assert content(make(hour=1)) == content(make(hour=23))


@pytest.mark.parametrize("other", [{"seed": 8}, {"leads": 41}, {"day": 23}])
def test_another_seed_number_or_day_gives_another_world(other):
    assert content(make()) != content(make(**other))


def test_the_same_seed_gives_the_same_file(tmp_path):
    clock = SteppedClock(datetime(2026, 11, 22, tzinfo=UTC))
    paths = [tmp_path / name for name in ("one", "two")]
    for path in paths:
        World.open(path, leads=40, clock=clock).close()
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_the_ids_of_named_things_and_of_first_leads_do_not_hang_on_the_number_of_leads():
    few, many = make(leads=10), make(leads=30)
    for table in ("lead_status", "custom_field", "email_template", "smart_view", "user"):
        sql = f"SELECT id FROM {table} ORDER BY position"  # noqa: S608 - names of this module
        assert rows(few, sql) == rows(many, sql)
    leads = "SELECT id FROM lead ORDER BY rowid"
    assert rows(few, leads) == rows(many, leads)[:10]
    few.close()
    many.close()


def test_the_catalog_of_names_is_there(world):
    assert [label for (label,) in rows(world, "SELECT label FROM lead_status ORDER BY position")] == [
        "Potential", "Contacted", "Qualified", "Customer", "Churned", "Bad Fit",
    ]  # fmt: skip
    fields = {name for (name,) in rows(world, "SELECT name FROM custom_field")}
    assert {"Industry", "Tags", "Renewal Date", "Do Not Contact", "External ID", "Forecast"} <= fields
    templates = [name for (name,) in rows(world, "SELECT name FROM email_template")]
    assert templates.count("Follow-up") == 2
    assert {"Win-back 2026", "Old pricing announcement"} <= set(templates)
    assert one(world, "SELECT name FROM email_template WHERE is_archived = 1") == "Old pricing announcement"
    assert dict(rows(world, "SELECT name, status FROM sequence")) == {
        "Trial onboarding": "active", "Renewal nurture": "active",
        "Cold outreach": "paused", "Event follow-up": "draft",
    }  # fmt: skip
    assert one(world, "SELECT email FROM user WHERE id = ?", world.owner_user_id) == "dana@example.com"
    assert one(world, "SELECT role_id FROM membership WHERE user_id = ?", world.owner_user_id) == "admin"
    views = [name for (name,) in rows(world, "SELECT name FROM smart_view")]
    assert views.count("Hot leads") == 2
    assert one(world, "SELECT name FROM smart_view WHERE s_query IS NULL") == "Old text view"
    assert one(world, "SELECT count(*) FROM phone_number") == 2
    assert sorted(kind for (kind,) in rows(world, "SELECT type FROM connected_account")) == ["custom_email", "google"]


def test_contract_type_is_shared_by_leads_and_opportunities(world):
    sql = (
        "SELECT object_type FROM custom_field_object JOIN custom_field ON id = custom_field_id "
        "WHERE name = 'Contract Type' AND is_shared = 1 ORDER BY object_type"
    )
    assert rows(world, sql) == [("lead",), ("opportunity",)]


def test_every_smart_view_with_a_structured_query_can_be_run(world):
    context = QueryContext(now=world.now(), tz_offset=0.0, user_id=world.owner_user_id)
    found = {
        name: search.count(world, {"type": "saved_search", "saved_search_id": view_id}, context)
        for view_id, name in rows(world, "SELECT id, name FROM smart_view WHERE s_query IS NOT NULL ORDER BY position")
    }
    assert set(found) == {
        "Renewals in the next 60 days", "Untouched EMEA leads", "Enterprise churn risk", "Hot leads", "Executives",
    }  # fmt: skip
    assert all(n_found > 0 for n_found in found.values()), found


def test_statuses_are_shared_out_as_said(world):
    sql = "SELECT s.label, count(*) FROM lead JOIN lead_status AS s ON s.id = status_id GROUP BY s.label"
    shares = {label: counted / 2000 for label, counted in rows(world, sql)}
    for label, weight in zip(catalog.LEAD_STATUSES, catalog.LEAD_STATUS_WEIGHTS, strict=True):
        assert shares[label] == pytest.approx(weight / 100, abs=0.03)


def test_addresses_and_numbers_can_reach_nobody(world):
    emails = {email for (email,) in rows(world, "SELECT email FROM contact_email")}
    assert emails
    assert all(re.search(r"[@.]example\.(com|org|net)$", email) for email in emails)
    assert all(email == email.lower() for email in emails)
    phones = [phone for (phone,) in rows(world, "SELECT phone FROM contact_phone")]
    american = [phone for phone in phones if phone.startswith("+1")]
    assert american
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d", phone) for phone in american)
    assert {phone[:3] for phone in phones if not phone.startswith("+1")} == {"+49", "+44", "+33", "+46", "+61"}


def test_the_edges_a_client_must_handle_are_there(world):
    assert one(world, "SELECT count(*) FROM lead WHERE id NOT IN (SELECT lead_id FROM contact)") > 50
    assert one(world, "SELECT count(*) FROM contact WHERE id NOT IN (SELECT contact_id FROM contact_email)") > 100
    assert one(world, "SELECT count(*) FROM contact_email JOIN unsubscribed_email USING (email)") > 20
    assert one(world, "SELECT count(*) FROM lead WHERE last_communication_date IS NULL") > 100
    assert {status for (status,) in rows(world, "SELECT DISTINCT status FROM sequence_subscription")} == {
        "active", "paused", "finished",
    }  # fmt: skip
    sql = "SELECT count(*) FROM custom_value JOIN custom_field AS f ON f.id = custom_field_id WHERE f.name = ? AND "
    assert one(world, f"{sql} text_value = 'Yes'", "Do Not Contact") == pytest.approx(100, abs=30)
    assert one(world, f"{sql} custom_value.position > 0", "Tags") > 50


def test_what_triggers_keep_in_step_is_in_step_from_the_start(world):
    assert rows(world, "PRAGMA foreign_key_check") == []
    wrong = (
        "SELECT id FROM lead WHERE last_communication_date IS NOT "
        "(SELECT max(communicated_at) FROM activity WHERE lead_id = lead.id)"
    )
    assert rows(world, wrong) == []
    stray = (
        "SELECT o.id FROM opportunity AS o LEFT JOIN opportunity_status_period AS p "
        "ON p.opportunity_id = o.id AND p.ended_at IS NULL WHERE p.status_id IS NOT o.status_id"
    )
    assert rows(world, stray) == []
    changes = (
        "SELECT lead.id FROM lead LEFT JOIN activity AS a ON a.lead_id = lead.id AND a.kind = 'lead_status_change' "
        "WHERE a.activity_at IS NOT last_lead_status_change_date"
    )
    assert rows(world, changes) == []


def test_nothing_has_happened_in_the_future(world):
    midnight = format_moment(datetime(2026, 11, 22, tzinfo=UTC))
    for table in ("lead", "contact", "opportunity", "activity", "task", "sequence_subscription"):
        assert one(world, f"SELECT max(max(date_created), max(date_updated)) FROM {table}") <= midnight  # noqa: S608
    assert one(world, "SELECT min(last_communication_date) FROM lead") >= "2024-11-22"
    assert one(world, "SELECT max(activity_at) FROM activity WHERE status IS NOT 'upcoming'") <= midnight
