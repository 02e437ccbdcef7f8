"""What each node and condition finds among a few hand-made leads."""

import json

import pytest
from sandbox import query_nodes as node
from sandbox.small_world import NOON, context_of

from bulkplan.sandbox import search
from bulkplan.sandbox.clock import SteppedClock
from bulkplan.sandbox.world import World

DAY = "2026-11-{:02d}T{:02d}:00:00.000000+00:00".format


class Hand:
    """A world without seeded leads, filled by hand; leads are told apart by name."""

    def __init__(self):
        self.world = World.open(None, leads=0, clock=SteppedClock(NOON))
        self.connection = self.world.connection
        self.statuses = self._ids("lead_status", "label")
        self.deal_statuses = self._ids("opportunity_status", "label")
        self.fields = self._ids("custom_field", "name")
        self.users = self._ids("user", "first_name")
        self.lead("Acme Data", url="https://acme.example.com", status="Customer", created_by=self.users["Dana"])
        self.lead("Bolt Health", description="Data for clinics", created_by=self.users["Milan"])
        self.lead("Crate", status="Churned")

    def _ids(self, table, label):
        return dict(self.connection.execute(f"SELECT {label}, id FROM {table}"))  # noqa: S608 - names of this module

    def insert(self, table, **cells):
        marks = ", ".join("?" * len(cells))
        sql = f"INSERT INTO {table} ({', '.join(cells)}) VALUES ({marks})"  # noqa: S608 - names of this module
        self.connection.execute(sql, tuple(cells.values()))

    def lead(self, name, *, status="Potential", day=1, **cells):
        stamps = {"date_created": DAY(day, 9), "date_updated": DAY(day, 9)}
        self.insert("lead", id=f"lead_{name.split()[0]}", name=name, status_id=self.statuses[status], **stamps, **cells)

    def child(self, table, lead, number=1, **cells):
        prefix = {"contact": "cont", "opportunity": "oppo", "activity": "acti", "task": "task"}[table]
        child_id = f"{prefix}_{lead}{number}"
        if table == "contact":
            cells = {"position": number, **cells}
        stamps = {"date_created": DAY(2, 9), "date_updated": DAY(2, 9)}
        self.insert(table, id=child_id, lead_id=f"lead_{lead}", **{**stamps, **cells})
        return child_id

    def set(self, object_id, field, *values):
        column = {float: "number_value", int: "number_value"}.get(type(values[0]), "text_value")
        if field in ("Renewal Date", "Last Login"):
            column = "moment_value"
        for position, value in enumerate(values):
            cells = {"object_id": object_id, "custom_field_id": self.fields[field], "position": position, column: value}
            self.insert("custom_value", **cells)

    def find(self, query, *, tz_offset=0.0):
        found = search.ids(self.world, query, context_of(self.world, tz_offset=tz_offset))
        assert search.count(self.world, query, context_of(self.world, tz_offset=tz_offset)) == len(found)
        return sorted(each.removeprefix("lead_") for each in found)


@pytest.fixture
def hand():
    made = Hand()
    yield made
    made.world.close()


ALL = ["Acme", "Bolt", "Crate"]


def test_an_empty_and_finds_all_and_an_empty_or_none(hand):
    assert hand.find(node.both()) == ALL
    assert hand.find(node.either()) == []


def test_and_or_and_negation_combine(hand):
    acme, bolt = node.by_id("lead_Acme"), node.by_id("lead_Bolt")
    assert hand.find(node.either(acme, bolt)) == ["Acme", "Bolt"]
    assert hand.find(node.both(acme, bolt)) == []
    assert hand.find(node.both(node.no(acme), node.no(bolt))) == ["Crate"]
    assert hand.find(node.no(node.either(acme, bolt))) == ["Crate"]
    assert hand.find(node.no(node.no(acme))) == ["Bolt", "Crate"]  # a key can stand only once


def test_a_query_without_an_object_type_is_about_leads(hand):
    hand.child("contact", "Acme")
    assert hand.find(node.MATCH_ALL) == ALL


def test_the_object_type_decides_what_is_found(hand):
    hand.child("contact", "Acme", title="CEO")
    executives = node.both(
        {"type": "object_type", "object_type": "contact"}, node.regular("title", node.text("ceo"), "contact")
    )
    assert hand.find(executives) == ["cont_Acme1"]


def test_a_clause_of_another_object_type_matches_nothing(hand):
    other = {"type": "object_type", "object_type": "contact"}
    assert hand.find(node.both(node.OF_LEADS, other)) == []
    assert hand.find(node.both(node.OF_LEADS, node.no(other))) == ALL


def test_an_unknown_id_matches_nothing_and_its_negation_all(hand):
    assert hand.find(node.by_id("lead_marker")) == []
    assert hand.find(node.no(node.by_id("lead_marker"))) == ALL


def test_many_ids_are_taken_as_one_list(hand):
    ids = [node.by_id(f"lead_{number}") for number in range(50_000)]
    assert hand.find(node.either(*ids, node.by_id("lead_Crate"))) == ["Crate"]
    assert hand.find(node.both(*map(node.no, ids), node.no(node.by_id("lead_Crate")))) == ["Acme", "Bolt"]


def test_a_negated_text_on_the_name_is_true_of_a_lead_without_name(hand):
    hand.connection.execute("UPDATE lead SET name = NULL WHERE id = 'lead_Crate'")
    assert hand.find(node.no(node.regular("name", node.text("bp1marker", "phrase")))) == ALL


def test_references_find_statuses_and_users(hand):
    statuses = node.references("status.lead", hand.statuses["Customer"], hand.statuses["Churned"])
    assert hand.find(node.regular("status_id", statuses)) == ["Acme", "Crate"]
    assert hand.find(node.regular("created_by", node.references("user", hand.users["Milan"]))) == ["Bolt"]


def test_the_current_user_is_the_asker(hand):
    assert hand.find(node.regular("created_by", node.CURRENT_USER)) == ["Acme"]


def test_exists_and_its_negation_part_the_leads(hand):
    hand.connection.execute("UPDATE lead SET description = '' WHERE id = 'lead_Crate'")
    assert hand.find(node.regular("description", node.EXISTS)) == ["Bolt"]
    assert hand.find(node.no(node.regular("description", node.EXISTS))) == ["Acme", "Crate"]


def test_number_ranges_take_each_bound(hand):
    for name, n_people in (("Acme", 9), ("Bolt", 10), ("Crate", 11)):
        hand.set(f"lead_{name}", "Employees", n_people)

    def found(**bounds):
        return hand.find(node.custom(hand.fields["Employees"], node.numbers(**bounds)))

    assert found(gt=10) == ["Crate"]
    assert found(gte=10) == ["Bolt", "Crate"]
    assert found(lt=10) == ["Acme"]
    assert found(lte=10, gt=9) == ["Bolt"]
    assert found(gte=10, lte=None) == ["Bolt", "Crate"]


def test_moment_ranges_begin_with_their_first_instant_and_end_before_their_last(hand):
    hand.lead("Dusk", day=5)
    created = node.utc(DAY(5, 9))
    assert hand.find(node.regular("date_created", node.moments(on_or_after=created))) == ["Dusk"]
    assert hand.find(node.regular("date_created", node.moments(before=created))) == ALL
    assert hand.find(node.regular("date_created", node.moments(before=created, on_or_after=created))) == []
    assert hand.find(node.regular("date_created", node.moments(before=None, on_or_after=None))) == [*ALL, "Dusk"]


def test_a_date_field_means_the_local_day(hand):
    hand.set("lead_Acme", "Renewal Date", "2026-11-20")

    def found(tz_offset=0.0, **bounds):
        return hand.find(node.custom(hand.fields["Renewal Date"], node.moments(**bounds)), tz_offset=tz_offset)

    assert found(before=node.local_day("2026-11-20", "end")) == ["Acme"]
    assert found(before=node.local_day("2026-11-20", "start")) == []
    assert found(on_or_after=node.local_day("2026-11-20", "start")) == ["Acme"]
    assert found(on_or_after=node.utc("2026-11-20T00:00:01+00:00")) == []
    assert found(before=node.utc("2026-11-20T00:00:01+00:00")) == ["Acme"]
    assert found(tz_offset=-5, on_or_after=node.utc("2026-11-20T05:00:00+00:00")) == ["Acme"]
    assert found(tz_offset=-5, before=node.utc("2026-11-20T05:00:00+00:00")) == []


def test_any_member_of_a_multi_value_field_matches(hand):
    hand.set("lead_Acme", "Tags", "vip", "partner")
    hand.set("lead_Bolt", "Tags", "newsletter")
    tags = hand.fields["Tags"]
    assert hand.find(node.custom(tags, node.terms("partner", "win-back"))) == ["Acme"]
    assert hand.find(node.no(node.custom(tags, node.terms("partner")))) == ["Bolt", "Crate"]
    assert hand.find(node.no(node.custom(tags, node.EXISTS))) == ["Crate"]


def test_terms_tell_upper_from_lower_case(hand):
    hand.set("lead_Acme", "Plan", "Team")
    assert hand.find(node.custom(hand.fields["Plan"], node.terms("team"))) == []


def test_custom_texts_users_and_times_are_found(hand):
    hand.set("lead_Acme", "Source", "Trade fair")
    hand.set("lead_Bolt", "Account Owner", hand.users["Dana"])
    hand.set("lead_Crate", "Last Login", DAY(20, 9))
    assert hand.find(node.custom(hand.fields["Source"], node.text("FAIR"))) == ["Acme"]
    assert hand.find(node.custom(hand.fields["Account Owner"], node.CURRENT_USER)) == ["Bolt"]
    last_login = node.moments(on_or_after=node.offset(days=3))
    assert hand.find(node.custom(hand.fields["Last Login"], last_login)) == ["Crate"]


def test_a_shared_field_is_read_from_the_object_the_query_is_about(hand):
    deal = hand.child("opportunity", "Acme", status_id=hand.deal_statuses["Won"])
    hand.set(deal, "Contract Type", "Annual")
    hand.set("lead_Bolt", "Contract Type", "Annual")
    annual = node.custom(hand.fields["Contract Type"], node.terms("Annual"))
    assert hand.find(annual) == ["Bolt"]
    assert hand.find(node.related("opportunity", annual)) == ["Acme"]


def test_related_objects_are_found_through_two_relations(hand):
    contact = hand.child("contact", "Bolt", name="Ada")
    hand.insert("contact_email", contact_id=contact, position=0, email="ada@example.com", type="office")
    mail = node.regular("email", node.text("example.com", "phrase"), "contact_email")
    query = node.related("contact", node.related("contact_email", mail, "contact"))
    assert hand.find(query) == ["Bolt"]
    assert hand.find(node.no(query)) == ["Acme", "Crate"]


def test_both_conditions_on_a_related_object_must_hold_of_the_same_one(hand):
    for number, (direction, status) in enumerate((("incoming", "inbox"), ("outgoing", "draft"))):
        mail = {"kind": "email", "direction": direction, "status": status, "activity_at": DAY(3, 9)}
        hand.child("activity", "Acme", number, **mail)
    incoming = node.regular("direction", node.terms("incoming"), "activity.email")
    draft = node.regular("status", node.terms("draft"), "activity.email")
    assert hand.find(node.related("activity.email", node.both(incoming, draft))) == []
    assert hand.find(node.both(node.related("activity.email", incoming), node.related("activity.email", draft))) == [
        "Acme"
    ]


def test_activities_of_another_kind_do_not_count(hand):
    hand.child("activity", "Acme", kind="call", direction="incoming", activity_at=DAY(3, 9))
    assert hand.find(node.related("activity.email", node.MATCH_ALL)) == []
    assert hand.find(node.related("activity.call", node.MATCH_ALL)) == ["Acme"]


def test_replied_mails_are_found(hand):
    hand.child("activity", "Acme", kind="email", has_reply=1, activity_at=DAY(3, 9))
    hand.child("activity", "Bolt", kind="email", activity_at=DAY(3, 9))
    replied = node.regular("has_reply", {"type": "boolean", "value": True}, "activity.email")
    ignored = node.regular("has_reply", {"type": "boolean", "value": False}, "activity.email")
    assert hand.find(node.related("activity.email", replied)) == ["Acme"]
    assert hand.find(node.related("activity.email", ignored)) == ["Bolt"]


def test_opportunities_are_found_by_type_and_status(hand):
    hand.child("opportunity", "Acme", status_id=hand.deal_statuses["Won"])
    hand.child("opportunity", "Bolt", status_id=hand.deal_statuses["Proposal"])
    active = node.regular("status_type", node.terms("active"), "opportunity")
    won = node.references("status.opportunity", hand.deal_statuses["Won"])
    assert hand.find(node.related("opportunity", active)) == ["Bolt"]
    assert hand.find(node.related("opportunity", node.regular("status_id", won, "opportunity"))) == ["Acme"]


def test_in_status_looks_at_the_past_of_an_opportunity(hand):
    deal = hand.child("opportunity", "Acme", status_id=hand.deal_statuses["Proposal"])
    won = "UPDATE opportunity SET status_id = ?, date_updated = ? WHERE id = ?"
    hand.connection.execute(won, (hand.deal_statuses["Won"], DAY(10, 9), deal))

    def found(label, **span):
        query = {"type": "in_status", "status_ids": [hand.deal_statuses[label]], **span}
        return hand.find(node.related("opportunity", query))

    assert found("Proposal") == ["Acme"]
    assert found("Lost") == []
    assert found("Proposal", on_or_after=node.utc(DAY(9, 0))) == ["Acme"]
    assert found("Proposal", on_or_after=node.utc(DAY(10, 9))) == []
    assert found("Won", before=node.utc(DAY(10, 9)), on_or_after=None) == []
    assert found("Won", on_or_after=node.utc(DAY(12, 0)), before=node.utc(DAY(13, 0))) == ["Acme"]


def test_a_smart_view_stands_for_its_query(hand):
    smart_views = dict(hand.connection.execute("SELECT name, id FROM smart_view"))
    hand.set("lead_Bolt", "Region", "EMEA")
    view = {"type": "saved_search", "saved_search_id": smart_views["Untouched EMEA leads"]}
    assert hand.find(node.both(node.OF_LEADS, view)) == ["Bolt"]
    assert hand.find(node.no(view)) == ["Acme", "Crate"]


def test_a_smart_view_of_contacts_searches_for_contacts(hand):
    (view_id,) = hand.connection.execute("SELECT id FROM smart_view WHERE name = 'Executives'").fetchone()
    contact = hand.child("contact", "Acme")
    hand.set(contact, "Department", "Executive")
    assert hand.find({"type": "saved_search", "saved_search_id": view_id}) == [contact]


def test_a_smart_view_that_refers_to_itself_is_refused(hand):
    loop = {"query": {"type": "saved_search", "saved_search_id": "save_loop"}, "results_limit": None, "sort": []}
    stamps = {"date_created": DAY(1, 1), "date_updated": DAY(1, 1)}
    hand.insert("smart_view", id="save_loop", position=9, name="Loop", type="lead", s_query=json.dumps(loop), **stamps)
    with pytest.raises(search.QueryError, match="save_loop refers to itself"):
        hand.find({"type": "saved_search", "saved_search_id": "save_loop"})


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("num_opportunities", 1),
        ("num_tasks", 1),
        ("num_notes", 1),
        ("num_emails", 2),
        ("times_communicated", 2),
        ("num_upcoming_meetings", 1),
        ("addresses_count", 1),
        ("all_urls_count", 2),
    ],
)
def test_counters_count_what_hangs_off_a_lead(hand, field, expected):
    hand.child("opportunity", "Acme", status_id=hand.deal_statuses["Won"])
    for number, is_complete in enumerate((0, 1)):
        hand.child("task", "Acme", number, text="Call", is_complete=is_complete)
    past = (("note", None), ("email", "sent"), ("email", "draft"), ("call", "completed"), ("meeting", "upcoming"))
    for number, (kind, status) in enumerate(past):
        hand.child("activity", "Acme", number, kind=kind, status=status, activity_at=DAY(3, 9))
    hand.child("activity", "Acme", 9, kind="meeting", status="upcoming", activity_at=DAY(28, 9))
    hand.insert("address", lead_id="lead_Acme", position=0, city="Oslo")
    hand.insert("contact_url", contact_id=hand.child("contact", "Acme"), position=0, url="https://example.com")
    assert hand.find(node.regular(field, node.numbers(gte=expected, lte=expected))) == ["Acme"]


def test_the_last_communication_follows_the_activities(hand):
    for number, day in enumerate((5, 9)):
        hand.child("activity", "Acme", number, kind="call", activity_at=DAY(day, 9))
    since = node.regular("last_communication_date", node.moments(on_or_after=node.utc(DAY(9, 0))))
    assert hand.find(since) == ["Acme"]
    hand.connection.execute("DELETE FROM activity WHERE id = 'acti_Acme1'")
    assert hand.find(since) == []
    assert hand.find(node.regular("last_communication_date", node.EXISTS)) == ["Acme"]


def test_a_change_of_status_is_dated(hand):
    change = "UPDATE lead SET status_id = ?, date_updated = ? WHERE id = 'lead_Acme'"
    hand.connection.execute(change, (hand.statuses["Churned"], DAY(8, 8)))
    day = {"on_or_after": node.local_day("2026-11-08", "start"), "before": node.local_day("2026-11-08", "end")}
    assert hand.find(node.regular("last_lead_status_change_date", node.moments(**day))) == ["Acme"]
    assert hand.find(node.regular("status_label", node.terms("Churned"))) == ["Acme", "Crate"]
