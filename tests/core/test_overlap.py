"""Overlap: what two runs do to one lead, and what the project makes of it."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.clashes import RULES, clash, clashes
from bulkplan.core.common_members import common_members
from bulkplan.core.members import EncodedMembers
from bulkplan.core.overlap import GUARD, Row, pairs_of, rows_of, with_overlaps
from bulkplan.model.plan import Change, ChangeKind, Matches
from bulkplan.model.project import OverlapRules
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey

EVERYBODY = {"type": "match_all"}


def request(kind: str, **body) -> Request:
    return Request(kind=kind, body={**body, "s_query": EVERYBODY})


EMAIL = request("email", template_id="tmpl_1")
DELETE = request("delete")
CHURNED = request("edit", type="set_lead_status", lead_status_id="stat_1")
ACTIVE = request("edit", type="set_lead_status", lead_status_id="stat_2")
BLUE = request("edit", type="set_custom_field", custom_field_id="cf_1", custom_field_value="blue")
RED = request("edit", type="set_custom_field", custom_field_id="cf_1", custom_field_value="red")
OTHER_FIELD = request("edit", type="set_custom_field", custom_field_id="cf_2", custom_field_value="red")
CLEAR = request("edit", type="clear_custom_field", custom_field_id="cf_1")
SUBSCRIBE = request("sequence_subscription", action_type="subscribe", sequence_id="seq_1")
OTHER_SEQUENCE = request("sequence_subscription", action_type="subscribe", sequence_id="seq_2")
RESUME = request("sequence_subscription", action_type="resume_finished", sequence_id="seq_1")
PAUSE = request("sequence_subscription", action_type="pause", sequence_id="seq_1")
PAUSE_ALL = request("sequence_subscription", action_type="pause")


def choosing(of: Request, field: dict[str, str]) -> Request:
    """The same, for leads that are chosen by a field."""
    condition = {"type": "field_condition", "field": field, "condition": {"type": "exists"}}
    return of.model_copy(update={"body": {**of.body, "s_query": {"type": "and", "queries": [EVERYBODY, condition]}}})


STATUS = {"type": "regular_field", "object_type": "lead", "field_name": "status_id"}
COLOUR = {"type": "custom_field", "custom_field_id": "cf_1"}
EMAIL_BY_STATUS = choosing(EMAIL, STATUS)
RED_BY_STATUS = choosing(RED, STATUS)
CHURNED_BY_COLOUR = choosing(CHURNED, COLOUR)


def several(operation: str, *values: str) -> Request:
    body = {"custom_field_id": "cf_3", "custom_field_values": list(values), "custom_field_operation": operation}
    return request("edit", type="set_custom_field", **body)


def row(name: str, of: Request = EMAIL, *, after: tuple[str, ...] = (), total: int = 10, **more) -> Change:
    return Change(
        key=RunKey(name, 1),
        kind=more.pop("kind", ChangeKind.RUN),
        reason="",
        action_type=of.kind,
        summary="",
        depends_on=after,
        matches=Matches(total=total, limited=total, of_leads=1000),
        request=of,
        **more,
    )


@pytest.mark.parametrize(
    ("one", "other", "rule"),
    [
        (EMAIL, DELETE, "email_and_delete"),
        (SUBSCRIBE, DELETE, "sequence_and_delete"),
        (RESUME, DELETE, "sequence_and_delete"),
        (BLUE, DELETE, "edit_and_delete"),
        (EMAIL, EMAIL, "two_emails"),
        (EMAIL, SUBSCRIBE, "email_and_sequence"),
        (EMAIL, RESUME, "email_and_sequence"),
        (SUBSCRIBE, OTHER_SEQUENCE, "two_sequences"),
        (SUBSCRIBE, PAUSE, "opposite_sequence_changes"),
        (RESUME, PAUSE_ALL, "opposite_sequence_changes"),
        (CHURNED, ACTIVE, "two_values"),
        (BLUE, RED, "two_values"),
        (BLUE, CLEAR, "two_values"),
        (several("add", "a"), several("remove", "a"), "two_values"),
        (several("add", "a"), several("replace", "b"), "two_values"),
        (CHURNED, CHURNED, None),
        (BLUE, BLUE, None),
        (BLUE, OTHER_FIELD, None),
        (BLUE, CHURNED, None),
        (several("add", "a"), several("add", "b"), None),
        (several("remove", "a"), several("remove", "b"), None),
        (OTHER_SEQUENCE, PAUSE, None),
        (EMAIL, BLUE, None),
        (EMAIL, PAUSE, None),
        (DELETE, DELETE, None),
        (PAUSE, PAUSE, None),
        (CHURNED, EMAIL_BY_STATUS, "edit_of_filter"),
        (BLUE, choosing(PAUSE, COLOUR), "edit_of_filter"),
        (CHURNED, RED_BY_STATUS, "edit_of_filter"),
        (CHURNED_BY_COLOUR, RED_BY_STATUS, "edit_of_filter"),
        (BLUE, EMAIL_BY_STATUS, None),
        (CHURNED, choosing(CHURNED, STATUS), None),
        (CHURNED, choosing(DELETE, STATUS), "edit_and_delete"),
    ],
)
def test_what_two_runs_do_to_one_lead_whichever_comes_first(one, other, rule):
    assert clash(one, other) == clash(other, one) == rule


EVERY_FORM = (
    *(EMAIL, DELETE, CHURNED, ACTIVE, BLUE, RED, OTHER_FIELD, CLEAR, SUBSCRIBE, OTHER_SEQUENCE, RESUME, PAUSE),
    *(EMAIL_BY_STATUS, RED_BY_STATUS, CHURNED_BY_COLOUR, choosing(DELETE, STATUS)),
    *(PAUSE_ALL, several("add", "a"), several("add", "b"), several("remove", "a"), several("replace", "b")),
)


@given(st.lists(st.sampled_from(EVERY_FORM), max_size=12), st.sets(st.sampled_from(RULES)))
def test_among_many_requests_exactly_those_clash_that_do_so_in_twos(requests, rules):
    twos = combinations(range(len(requests)), 2)
    each = [(one, other, clash(requests[one], requests[other])) for one, other in twos]
    assert sorted(clashes(requests, rules)) == [found for found in each if found[2] in rules]


def found(*rows: Change, n_leads: int = 3, **rules) -> tuple[Change, ...]:
    pairs = pairs_of(rows_of(rows), OverlapRules(**rules))
    return with_overlaps(rows, [(pair, n_leads) for pair in pairs])


def test_an_error_refuses_both_rows_and_says_how_to_mend_it():
    mail, gone = found(row("mail"), row("gone", DELETE))
    assert (mail.blocked_by, gone.blocked_by) == ((GUARD,), (GUARD,))
    assert not mail.would_run
    assert mail.overlaps[0].message == "3 leads also match gone@1, which deletes them"
    assert gone.overlaps[0].message == "3 leads also match mail@1, which sends them an e-mail"
    assert "overlaps.email_and_delete: warning" in mail.overlaps[0].mend
    assert "depends_on" in mail.overlaps[0].mend


def test_a_warning_refuses_nothing():
    one, two = found(row("one"), row("two"), n_leads=1)
    assert one.would_run
    assert two.would_run
    assert one.overlaps[0].severity == "warning"
    assert one.overlaps[0].message == "1 lead also matches two@1, which sends them an e-mail"


def test_an_order_that_is_written_down_is_meant():
    _, gone = found(row("farewell"), row("gone", DELETE, after=("farewell",)))
    assert gone.overlaps[0].severity == "warning"
    assert gone.would_run


def test_an_edit_of_what_another_run_chooses_its_leads_by_asks_which_goes_first():
    edit, mail = found(row("edit", CHURNED), row("mail", EMAIL_BY_STATUS))
    order = "say with depends_on which of them goes first"
    assert (
        edit.overlaps[0].message
        == f"3 leads also match mail@1, which chooses its leads by what this run edits; {order}"
    )
    assert (
        mail.overlaps[0].message
        == f"3 leads also match edit@1, which edits what this run chooses its leads by; {order}"
    )
    edit, _ = found(row("edit", CHURNED, after=("mail",)), row("mail", EMAIL_BY_STATUS))
    assert edit.overlaps[0].message == "3 leads also match mail@1, which chooses its leads by what this run edits"


def test_the_project_decides_what_an_overlap_means():
    assert found(row("one"), row("two"), two_emails="error")[0].blocked_by == (GUARD,)
    assert found(row("mail"), row("gone", DELETE), email_and_delete="allow")[0].overlaps == ()


def test_pairs_without_a_common_lead_say_nothing():
    assert found(row("mail"), row("gone", DELETE), n_leads=0)[0] == row("mail")


@pytest.mark.parametrize("other", [row("b", kind=ChangeKind.NO_OP), row("b", total=0)])
def test_only_rows_that_reach_somebody_are_compared(other):
    assert rows_of([row("a"), other]) == [Row(RunKey("a", 1), EMAIL, (), 10)]


def test_a_row_that_a_guard_refuses_is_compared_all_the_same():
    mail, gone = found(row("mail", blocked_by=("max_matches",)), row("gone", DELETE))
    assert mail.blocked_by == ("max_matches", GUARD)
    assert gone.blocked_by == (GUARD,)


def test_the_worst_pairs_come_first():
    rows = rows_of([row("a", total=5), row("b", total=900), row("c", total=800), row("d", DELETE, total=1)])
    pairs = [{pair.first.key.name, pair.second.key.name} for pair in pairs_of(rows, OverlapRules())]
    assert [pair for pair in pairs if "d" not in pair] == [{"b", "c"}, {"a", "b"}, {"a", "c"}]
    assert all("d" in pair for pair in pairs[:3])


def members(ids: set[int]) -> EncodedMembers:
    return EncodedMembers(b64encode(b"".join(sorted(hashlib.sha256(b"%d" % one).digest()[:8] for one in ids))).decode())


@given(st.lists(st.sets(st.integers(0, 60)), max_size=6))
def test_common_members_are_counted_for_every_pair(cohorts):
    counted = common_members({index: members(ids) for index, ids in enumerate(cohorts)})
    for one in range(len(cohorts)):
        for other in range(one + 1, len(cohorts)):
            assert counted.get(frozenset({one, other}), 0) == len(cohorts[one] & cohorts[other])


def test_common_members_of_large_cohorts_are_counted_too():
    everybody = range(80_000)
    counted = common_members({"all": members(everybody), "most": members(everybody[5:]), "few": members(everybody[:7])})
    assert counted == {frozenset({"all", "most"}): 79_995, frozenset({"all", "few"}): 7, frozenset({"most", "few"}): 2}
