"""Records of runs that Close did before: what is refused, and what a record says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.plan_world import ORGANIZATION, email_data, make_record, wanted_run
from support.small_catalog import CATALOG, CONTEXT, NOW

from bulkplan.core.action_from_remote import action_that_ran
from bulkplan.core.audit import make_ledger, sight
from bulkplan.core.imported import Imported, imported_record, require_free, reviewed_query
from bulkplan.core.marker import make_marker, make_tag, with_marker
from bulkplan.core.records import ApplyContext, Stamp
from bulkplan.core.render import render_request
from bulkplan.core.spec_draft import ActionWords
from bulkplan.errors import RefusedError, UsageError, WrongOrganizationError
from bulkplan.model.record import RecordStatus
from bulkplan.model.remote import BulkAction
from bulkplan.model.store import Provenance

PROJECT_ID = "ab" * 8
APPLY = ApplyContext(ORGANIZATION, "production", PROJECT_ID, Provenance("ci", "runner", 7))
STAMP = Stamp(NOW, "w" * 16)
RAN = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
WANTED = wanted_run(email_data())
REQUEST = render_request(WANTED.spec, catalog=CATALOG, context=CONTEXT).request


def listed(**more) -> BulkAction:
    """The action that `WANTED` would have started, as Close lists it: with everything written out."""
    query = {"negate": False, **REQUEST.body["s_query"]}
    facts = {
        "id": "bulkemail_1",
        "organization_id": ORGANIZATION,
        "status": "done",
        "n_leads": 12,
        "n_leads_processed": 12,
        "template_id": "tmpl_win",
        "contact_preference": "lead",
        "email_account_id": "emailacct_dana",
        "sender": "Dana Reyes <dana@example.com>",
        "s_query": query,
        "sort": [],
        "results_limit": None,
        "created_by": "user_milan",
        "date_created": RAN,
        "date_updated": RAN,
    }
    return BulkAction(**{**facts, **more})


def ledger(*records, runs=()):
    return make_ledger(records, runs, project_id=PROJECT_ID, organization_id=ORGANIZATION, now=NOW)


def check(action, *records, runs=()):
    require_free(sight("email", action, ledger(*records, runs=runs)), action, ORGANIZATION)


def test_the_record_says_what_close_says_and_holds_the_request_as_it_would_have_been_sent():
    record = imported_record(Imported("email", listed(), WANTED, REQUEST), APPLY, STAMP)
    assert (record.status, record.version, record.remote_id) == (RecordStatus.DONE, 1, "bulkemail_1")
    assert (record.nonce, record.marked, record.nonces) == ("", False, {""})
    assert (record.sent_after, record.planned_at, record.finished_at) == (RAN, RAN, RAN)
    assert record.body == REQUEST.body
    assert record.fingerprint == WANTED.fingerprint
    assert record.counts.approved == 12
    assert record.history[0].note.startswith("imported")
    assert record.history[0].digest is not None


def test_a_request_that_is_another_gives_way_to_what_close_lists():
    action = listed(s_query={"type": "match_all"})
    record = imported_record(Imported("email", action, WANTED, REQUEST), APPLY, STAMP)
    assert record.body["s_query"] == {"type": "match_all"}
    assert record.body["template_id"] == "tmpl_win"
    assert imported_record(Imported("email", listed(), WANTED, None), APPLY, STAMP).body["sort"] == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [("processing", RecordStatus.SUBMITTED), ("paused", RecordStatus.SUBMITTED), ("error", RecordStatus.FAILED)],
)
def test_the_status_follows_close(status, expected):
    record = imported_record(Imported("email", listed(status=status), WANTED, REQUEST), APPLY, STAMP)
    assert (record.status, record.remote_status) == (expected, status)
    assert (record.paused_at is not None) is (status == "paused")
    assert (record.finished_at is not None) is (status == "error")


def test_an_action_whose_leads_are_not_matched_yet_has_to_wait():
    action = listed(status="loading", n_leads=None)
    with pytest.raises(RefusedError, match="still matching"):
        imported_record(Imported("email", action, WANTED, REQUEST), APPLY, STAMP)


def test_an_action_of_another_organization_is_refused():
    with pytest.raises(WrongOrganizationError):
        check(listed(organization_id="orga_other"))


def test_an_action_that_the_state_knows_is_refused():
    with pytest.raises(RefusedError, match="in the state already, as winback@1"):
        check(listed(), make_record(WANTED, remote_id="bulkemail_1"))


def test_an_action_with_the_marker_of_a_spec_is_refused_though_the_state_is_lost():
    marker = make_marker(make_tag(PROJECT_ID, ORGANIZATION, WANTED.key), "a" * 16)
    with pytest.raises(RefusedError, match="carries the marker of winback@1"):
        check(listed(s_query=with_marker(REQUEST.body["s_query"], marker)), runs=[WANTED])


def test_an_action_that_may_be_a_run_of_unknown_outcome_is_refused():
    unknown = make_record(WANTED, RecordStatus.UNKNOWN, kind="email", body=REQUEST.body, remote_id=None)
    with pytest.raises(RefusedError, match="nobody can tell yet"):
        check(listed(sort=REQUEST.body["sort"]), unknown)


def test_the_marker_of_another_project_is_taken_off_where_it_can_be():
    marker = make_marker(make_tag("ff" * 8, ORGANIZATION, WANTED.key), "a" * 16)
    assert reviewed_query(listed(s_query=with_marker({"type": "match_all"}, marker))) == {"type": "match_all"}
    nested = {"type": "or", "queries": [with_marker({"type": "match_all"}, marker)]}
    with pytest.raises(RefusedError, match="a marker of another project"):
        reviewed_query(listed(s_query=nested))
    with pytest.raises(RefusedError, match="does not show which leads"):
        reviewed_query(listed(s_query=None))


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("delete", {"bulk_object_type": "contact"}, "not leads"),
        ("sequence_subscription", {"action_type": "reassign"}, "reassign"),
        ("edit", {"type": "merge"}, "type merge"),
        ("edit", {"type": "set_custom_field", "custom_field_name": "Gone"}, "“Gone”"),
        ("edit", {"type": "set_custom_field", "custom_field_name": "Tags"}, "which values"),
    ],
)
def test_what_no_spec_can_do_is_refused(kind, facts, said):
    with pytest.raises(UsageError, match=said):
        action_that_ran(kind, BulkAction(id="bulk_1", **facts), CATALOG, ActionWords())


def test_what_has_no_name_any_more_keeps_its_id():
    gone = listed(template_id="tmpl_gone", sender="Nobody <nobody@example.com>")
    assert action_that_ran("email", gone, CATALOG, ActionWords()).data == {
        "type": "email",
        "template": "tmpl_gone",
        "sender": "emailacct_dana",
        "contact_preference": "lead",
    }


def test_what_a_subscription_did_besides_is_said():
    action = BulkAction(
        id="bulkseqsub_1", action_type="subscribe", sequence_id="seq_trial", sender_account_id="emailacct_dana",
        sender_name="Dana Reyes", sender_email="dana@example.com", contact_preference="contact",
        calls_assigned_to=("user_milan",),
    )  # fmt: skip
    ran = action_that_ran("sequence_subscription", action, CATALOG, ActionWords())
    assert ran.data["sender"] == "Dana Reyes <dana@example.com>"
    assert ran.unsaid == ("its calls were assigned to user_milan",)
