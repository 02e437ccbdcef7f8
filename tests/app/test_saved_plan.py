"""Applying a saved plan: used once, bound to what it was made from, and refused with both values named."""

from __future__ import annotations

import pytest
from support.applying import Applying

from bulkplan.core.result import ResultKind, error_of
from bulkplan.core.seal import seal
from bulkplan.errors import PlanRefusedError
from bulkplan.model.plan import ChangeKind
from bulkplan.sandbox.faults import FaultKind


@pytest.fixture
def job(tmp_path):
    job = Applying(tmp_path / "project")
    job.write("warm-up")
    return job


def kinds(result):
    return {row.key.full_name: row.kind for row in result.results}


def test_what_was_reviewed_is_what_runs(job):
    assert kinds(job.apply_saved(job.save())) == {"warm-up": ResultKind.DONE}
    assert len(job.actions()) == 1


def test_a_used_plan_sends_nothing_and_is_fine_when_all_of_it_ran(job):
    saved = job.save()
    job.apply_saved(saved)
    result = job.apply_saved(saved)
    assert error_of(result) is None
    assert not any(row.was_sent for row in result.results)
    assert len(job.actions()) == 1


def test_a_used_plan_is_fine_even_after_it_expired(job):
    saved = job.save()
    job.apply_saved(saved)
    job.clock.advance(48 * 3600)
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}


def test_a_used_plan_never_starts_what_its_first_use_did_not(job):
    saved = job.save()
    job.fail(FaultKind.STATUS, status=400)
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.REFUSED}
    result = job.apply_saved(saved)
    (row,) = result.results
    assert (row.kind, row.message) == (ResultKind.CONFLICT, "the plan was used before; its record says refused")
    error = error_of(result)
    assert isinstance(error, PlanRefusedError)
    assert "was used before, and did not start warm-up@1" in error.message
    assert job.actions() == []


def test_what_a_saved_plan_did_not_start_asks_for_a_new_plan_and_not_for_a_second_apply(job):
    job.write("cool-down", status="Churned")
    job.write("warm-up", more="depends_on: [cool-down]\n")
    saved = job.save()
    job.fail(FaultKind.STATUS, status=400)
    result = job.apply_saved(saved)
    assert kinds(result) == {"cool-down": ResultKind.REFUSED, "warm-up": ResultKind.NOT_SENT}
    assert ["make a new plan" in (row.hint or "") for row in result.results] == [True, True]
    assert not any("run apply again" in (row.hint or "") for row in result.results)


def test_a_used_plan_shows_what_it_started_beside_what_it_did_not(job):
    job.write("cool-down", status="Churned")
    saved = job.save()
    job.fail(FaultKind.STATUS, status=400)
    job.apply_saved(saved)
    result = job.apply_saved(saved)
    assert kinds(result) == {"cool-down": ResultKind.CONFLICT, "warm-up": ResultKind.DONE}
    assert [str(key) for key in result.unstarted] == ["cool-down@1"]


def test_a_plan_made_before_the_first_write_where_nobody_may_write_is_applied(job):
    saved = seal(job.plan().model_copy(update={"state_lineage": ""}), key=None)
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}


def test_an_expired_plan_is_refused(job):
    saved = job.save()
    job.clock.advance(25 * 3600)
    with pytest.raises(PlanRefusedError, match="expired at 2026-11-03 12:00"):
        job.apply_saved(saved)


def test_a_plan_that_deletes_expires_sooner(job):
    job.write("wipe", status="Bad Fit", action="{type: delete}")
    saved = job.save()
    job.clock.advance(3 * 3600)
    with pytest.raises(PlanRefusedError, match="expired at 2026-11-02 14:00"):
        job.apply_saved(saved)


def test_an_edited_spec_is_named(job):
    saved = job.save()
    job.write("warm-up", status="Churned")
    with pytest.raises(PlanRefusedError, match="the spec of warm-up@1 was edited since the plan"):
        job.apply_saved(saved)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"organization_id": "orga_other"}, "is for organization"),
        ({"target": "production"}, "is for target sandbox, this is production"),
        ({"lineage": "another"}, "is for state store"),
    ],
)
def test_a_plan_for_elsewhere_is_refused_with_both_values(job, changes, words):
    with pytest.raises(PlanRefusedError, match=words):
        job.apply_saved(job.save(), **changes)
    assert job.actions() == []


def test_a_record_that_moved_since_is_named(job):
    saved = job.save()
    job.fail(FaultKind.STATUS, status=400)
    job.apply()
    with pytest.raises(PlanRefusedError, match="the record of warm-up@1 moved: version 0 when planned, 2 now"):
        job.apply_saved(saved)


def test_a_cohort_that_drifted_is_refused_before_anything_is_sent(job):
    saved = job.save()
    job.sandbox.world.connection.execute(
        "UPDATE lead SET status_id = (SELECT id FROM lead_status WHERE label = 'Customer')"
    )
    with pytest.raises(PlanRefusedError, match=r"warm-up@1: \d+ leads matched in the plan and 0 match now"):
        job.apply_saved(saved)
    assert job.actions() == []


def test_an_edited_template_is_named(job):
    job.write("news", action="{type: email, template: Win-back 2026, sender: dana@example.com}")
    saved = job.save()
    job.sandbox.world.connection.execute("UPDATE email_template SET body = 'Buy now' WHERE name = 'Win-back 2026'")
    with pytest.raises(PlanRefusedError, match='template "Win-back 2026" was edited since the plan'):
        job.apply_saved(saved)


ONBOARD = "{type: sequence_subscribe, sequence: Trial onboarding, sender: dana@example.com}"
MAIL = "{type: email, template: Win-back 2026, sender: dana@example.com}"


@pytest.mark.parametrize(
    ("action", "edit", "words"),
    [
        (
            ONBOARD,
            "UPDATE sequence SET steps = json_remove(steps, '$[0]') WHERE name = 'Trial onboarding'",
            'the sequence "Trial onboarding" was edited since the plan: sha256:',
        ),
        (
            ONBOARD,
            "UPDATE email_template SET subject = 'Buy now'",
            r'the template "[^"]+" was edited since the plan: sha256:',
        ),
        (
            MAIL,
            "UPDATE connected_account SET email = 'other@example.com' WHERE email LIKE 'dana@%'",
            "dana@example.com",
        ),
        (
            "{type: set_lead_status, status: Contacted}",
            (
                "UPDATE lead_status SET label = CASE label WHEN 'Contacted' THEN 'Qualified' WHEN 'Qualified' THEN "
                "'Contacted' ELSE label END"
            ),
            r'lead_status_id was "[^"]+ \(stat_\w+\)" then, it is "Contacted \(stat_\w+\)" now',
        ),
    ],
    ids=["the steps of a sequence", "the template of a step", "a sending account", "names that changed places"],
)
def test_what_a_plan_relies_on_in_close_is_named_when_it_moved(job, action, edit, words):
    job.write("news", action=action)
    saved = job.save()
    job.sandbox.world.connection.execute(edit)
    with pytest.raises(PlanRefusedError, match=words):
        job.apply_saved(saved)
    assert job.actions() == []


def test_a_smart_view_that_was_edited_since_is_named(job):
    path = job.root / "specs" / "view.yaml"
    path.write_text(
        "schema: bulkplan/v1\nname: view\nversion: 1\nfilter: {smart_view: Renewals in the next 60 days}\n"
        "action: {type: set_lead_status, status: Potential}\n"
    )
    saved = job.save()
    job.sandbox.world.connection.execute("UPDATE smart_view SET s_query = replace(s_query, '60', '90')")
    with pytest.raises(
        PlanRefusedError, match='the smart view "Renewals in the next 60 days" was edited since the plan: sha256'
    ):
        job.apply_saved(saved)


NURTURE = "{type: sequence_subscribe, sequence: Renewal nurture, sender: dana@example.com, contact_preference: lead}"


@pytest.mark.parametrize(
    ("action", "meanwhile", "words"),
    [
        (MAIL, "DELETE FROM email_template WHERE name = 'Win-back 2026'", "no e-mail template is named"),
        (MAIL, "UPDATE email_template SET is_archived = 1 WHERE name = 'Win-back 2026'", "is archived"),
        (NURTURE, "UPDATE sequence SET status = 'paused' WHERE name = 'Renewal nurture'", "is not active"),
        (
            "{type: set_custom_field, field: Source, value: x}",
            "UPDATE custom_field SET name = 'Origin' WHERE name = 'Source'",
            "no custom field is named",
        ),
        (
            "{type: set_custom_field, field: Source, value: x}",
            "UPDATE custom_field SET type = 'number' WHERE name = 'Source'",
            "holds a number",
        ),
        (
            "{type: set_custom_field, field: Plan, value: Free}",
            "UPDATE custom_field SET choices = '[\"Pro\"]' WHERE name = 'Plan'",
            "is no choice",
        ),
        (
            "{type: set_lead_status, status: Contacted}",
            "UPDATE lead_status SET label = 'Reached' WHERE label = 'Contacted'",
            "no lead status is named",
        ),
    ],
)
def test_what_a_run_relies_on_in_close_and_is_no_longer_so_refuses_the_plan(job, action, meanwhile, words):
    job.write("warm-up", action=action)
    saved = job.save()
    job.sandbox.world.connection.execute(meanwhile)
    with pytest.raises(PlanRefusedError, match=words):
        job.apply_saved(saved)
    assert job.actions() == job.actions("email") == job.actions("sequence_subscription") == []


@pytest.mark.parametrize("key", [None, b"another"])
def test_a_signed_plan_is_demanded_where_a_key_is_set(job, key):
    with pytest.raises(PlanRefusedError, match="sign"):
        job.apply_saved(job.save(key=key), key=b"secret")


def test_a_signed_plan_is_applied(job):
    assert kinds(job.apply_saved(job.save(key=b"secret"), key=b"secret")) == {"warm-up": ResultKind.DONE}


def test_a_lost_answer_is_found_by_the_retried_job(job):
    saved = job.save()
    job.fail(FaultKind.LOSE_ANSWER)
    job.apply_saved(saved)
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}
    assert len(job.actions()) == 1
    assert [change.kind for change in job.plan().changes] == [ChangeKind.NO_OP]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("vars: {who: Potential}\n", "vars: {who: Customer}\n", "vars of the project"),
        ("vars: {who: Potential}\n", "vars: {who: Potential}\nsuppress: {field: status, is: Customer}\n", "suppresses"),
    ],
)
def test_a_project_that_was_edited_since_refuses_the_plan(job, before, after, words):
    job.write("warm-up", status='"{{ vars.who }}"')
    project = job.root / "bulkplan.yaml"
    text = project.read_text()
    project.write_text(text + before)
    saved = job.save()
    project.write_text(text + after)
    with pytest.raises(PlanRefusedError, match=words):
        job.apply_saved(saved)
    assert job.actions() == []
    project.write_text(text + before)
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}
