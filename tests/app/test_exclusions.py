"""Leads that an earlier run of a plan takes are not in a later one: in the plan, in Close, and once more afterwards."""

from __future__ import annotations

import json

import pytest
from support.applying import PROJECT, Applying

from bulkplan.app.cohorts import CohortWish
from bulkplan.app.counting import NoProgress
from bulkplan.app.exclusions import add_exclusions
from bulkplan.core.digest import request_digest
from bulkplan.errors import PlanRefusedError
from bulkplan.model.plan import ChangeKind

LOOSE = "guards: {email: {max_percent: 100%}, sequence: {max_percent: 100%}, delete: {max_matches: 150}}\n"
RULES = "overlaps: {two_emails: exclude, email_and_sequence: exclude, email_and_delete: exclude}\n"
OF_STATUS = "JOIN lead_status AS s ON s.id = l.status_id WHERE s.label = ? ORDER BY l.id"
MAIL = "{type: email, template: Win-back 2026, sender: Dana Reyes <dana@example.com>}"
STARTS = "{type: sequence_subscribe, sequence: Trial onboarding, sender: Dana Reyes <dana@example.com>}"
EVERYBODY = "{where: {field: date_created, exists: true}}"
QUIET = "{where: {field: last_communication_date, before: 20 days ago}}"
POTENTIAL = "{where: {field: status, is: Potential}}"


@pytest.fixture
def job(tmp_path) -> Applying:
    job = Applying(tmp_path, n_leads=150)
    head = "".join(line for line in PROJECT.splitlines(keepends=True) if not line.startswith("guards"))
    (tmp_path / "bulkplan.yaml").write_text(head + LOOSE + RULES)
    return job


def write(job: Applying, name: str, filter_: str = POTENTIAL, *, action: str = MAIL, more: str = "") -> None:
    text = f"schema: bulkplan/v1\nname: {name}\nversion: 1\nfilter: {filter_}\naction: {action}\n{more}"
    (job.root / "specs" / f"{name}.yaml").write_text(text)


def rows(job: Applying):
    return {change.key.name: change for change in job.plan().changes}


def messages(job: Applying) -> dict[str, int]:
    """E-mails of bulk actions, by lead."""
    query = "SELECT lead_id, count(*) FROM activity WHERE bulk_email_action_id IS NOT NULL GROUP BY lead_id"
    return dict(job.sandbox.world.connection.execute(query).fetchall())


def test_nobody_gets_two_mails_though_the_first_one_moves_him_out_of_its_own_filter(job):
    """Whoever was mailed has been communicated with just now: the first filter matches nobody any more."""
    write(job, "a-quiet", QUIET)
    write(job, "b-potential")
    write(job, "c-all", "{all_leads: true}")
    plan = rows(job)
    assert [change.overlaps[0].severity for change in plan.values() if change.overlaps] == ["exclusion", "exclusion"]
    job.apply()
    n_taken = [json.loads(body)["results_limit"] for _, _, body in job.actions("email")]
    assert sorted(n_taken) == sorted(change.matches.total for change in plan.values())
    assert sum(n_taken) == 150
    assert set(messages(job).values()) == {1}


def test_counts_ceiling_digest_and_words_follow_and_the_meaning_stays(job):
    write(job, "b-potential")
    (alone,) = rows(job).values()
    write(job, "a-quiet", QUIET)
    row = rows(job)["b-potential"]
    (overlap,) = row.overlaps
    assert (overlap.rule, str(overlap.with_), overlap.n_leads) == ("two_emails", "a-quiet@1", row.matches.excluded)
    assert row.matches.total == alone.matches.total - row.matches.excluded > 0
    assert row.request.body["results_limit"] == row.matches.total == row.funnel[0].leads
    assert row.fingerprint == alone.fingerprint
    assert row.request_digest == request_digest(row.request.body) != alone.request_digest
    assert next(one.measured for one in row.verdicts if one.guard == "max_matches") == str(row.matches.total)
    assert rows(job)["a-quiet"].overlaps == ()


def test_an_exclusion_is_no_edit_of_the_spec(job):
    write(job, "a-quiet", QUIET)
    write(job, "b-potential", more="cohort: frozen\n")
    write(job, "c-all", EVERYBODY)
    job.apply()
    for name, filter_, more in (("b-potential", POTENTIAL, "cohort: frozen\n"), ("c-all", EVERYBODY, "")):
        write(job, name, f"{{where: {{all: [{filter_.removeprefix('{where: ')[:-1]}]}}}}", more=more)
    plan = rows(job)
    assert {change.kind for change in plan.values()} == {ChangeKind.NO_OP}
    assert all("it would send the same request" in plan[name].reason for name in ("b-potential", "c-all"))


def test_an_edit_beside_an_exclusion_is_told_without_it(job):
    write(job, "a-quiet", QUIET)
    write(job, "c-all", EVERYBODY)
    job.apply()
    write(job, "c-all", POTENTIAL)
    row = rows(job)["c-all"]
    assert row.kind is ChangeKind.CONFLICT
    assert row.differences
    assert not any("queries[1].queries" in change.path for change in row.differences)


def test_an_order_that_is_written_down_is_meant(job):
    write(job, "a-quiet", QUIET)
    write(job, "b-gone", QUIET, action="{type: delete}", more="depends_on: [a-quiet]\n")
    row = rows(job)["b-gone"]
    assert (row.overlaps[0].severity, row.matches.excluded) == ("warning", None)


def test_for_a_run_that_a_guard_refuses_nobody_is_taken_out(job):
    write(job, "a-quiet", QUIET, more="guards: {max_matches: 1}\n")
    write(job, "b-potential")
    row = rows(job)["b-potential"]
    assert (row.overlaps[0].severity, row.matches.excluded, row.would_run) == ("warning", None, True)
    assert row.overlaps[0].message.endswith("not taken out, for a guard refuses that run")


def test_a_run_of_which_nobody_is_left_is_refused_or_nothing_to_do(job):
    write(job, "a-all", "{all_leads: true}")
    write(job, "b-potential")
    write(job, "c-potential", more="guards: {min_matches: 0}\n")
    plan = rows(job)
    assert plan["b-potential"].blocked_by == ("min_matches",)
    assert (plan["c-potential"].kind, plan["c-potential"].request) == (ChangeKind.NO_OP, None)
    assert "leads are in earlier runs; guards.min_matches: 0 allows that" in plan["c-potential"].reason


def test_too_many_leads_to_be_taken_out_refuse_the_later_run(job):
    path = job.root / "bulkplan.yaml"
    path.write_text(path.read_text().replace("exclude", "allow"))
    write(job, "a-quiet", QUIET)
    write(job, "b-potential")
    plan = job.plan()
    path.write_text(path.read_text().replace("allow", "exclude"))

    async def story(edges, context):
        return await add_exclusions(plan, job.workspace(), reader=edges.reader, progress=NoProgress(), max_leads=5)

    quiet, row = job.story(story).changes
    assert quiet.would_run
    assert (row.blocked_by, row.overlaps[0].severity) == (("overlap",), "error")
    assert row.overlaps[0].n_leads > 5
    assert "too many to be taken out" in row.overlaps[0].message
    assert "overlaps.two_emails: warning" in row.overlaps[0].mend


def test_a_limit_of_the_earlier_run_leaves_out_more_than_it_takes_and_says_so(job):
    write(job, "a-quiet", QUIET, more="options: {results_limit: 3, sort: [name]}\n")
    write(job, "b-potential")
    row = rows(job)["b-potential"]
    assert row.matches.excluded > 3
    assert "it takes 3 of its" in row.overlaps[0].message


@pytest.mark.parametrize("more", ["", "cohort: frozen\n"])
def test_a_saved_plan_keeps_who_was_taken_out(job, more):
    job.wish = CohortWish(members=True)
    write(job, "a-quiet", QUIET)
    write(job, "b-potential", more=more)
    write(job, "c-starts", "{all_leads: true}", action=STARTS)
    saved = job.save()
    quiet, later, starts = saved.plan.changes
    assert later.cohort.n_leads == later.matches.total
    assert starts.matches.total == 150 - quiet.matches.total - later.matches.total
    job.apply_saved(saved)
    subscribed = job.sandbox.world.connection.execute(
        "SELECT lead_id FROM sequence_subscription WHERE bulk_action_id IS NOT NULL"
    ).fetchall()
    assert subscribed
    assert set(messages(job).values()) == {1}
    assert not set(messages(job)) & {lead_id for (lead_id,) in subscribed}


def test_without_such_a_rule_a_plan_asks_for_nothing_more(job):
    path = job.root / "bulkplan.yaml"
    path.write_text(path.read_text().replace("exclude", "warning"))
    write(job, "a-quiet", QUIET)
    write(job, "b-potential")
    assert all(change.matches.excluded is None for change in rows(job).values())


@pytest.mark.parametrize("rule", ["error", "exclude"])
def test_leads_that_two_runs_share_only_since_the_plan_refuse_it(job, rule):
    """None was in both when it was made, so nothing was refused or taken out; the drift is small enough."""
    path = job.root / "bulkplan.yaml"
    path.write_text(path.read_text().replace("exclude", rule))
    run = job.sandbox.world.connection.execute
    ((lead_id,),) = run(f"SELECT l.id FROM lead AS l {OF_STATUS} LIMIT 1", ("Customer",)).fetchall()  # noqa: S608
    run("UPDATE lead SET name = 'Zzz' WHERE id = ?", (lead_id,))
    write(job, "a-potential")
    write(job, "b-gone", "{where: {field: name, is: Zzz}}", action="{type: delete}")
    saved = job.save()
    assert all(change.would_run and not change.overlaps for change in saved.plan.changes)
    run("UPDATE lead SET status_id = (SELECT id FROM lead_status WHERE label = 'Potential') WHERE id = ?", (lead_id,))
    with pytest.raises(PlanRefusedError, match=f"1 lead matches both a-potential@1 and b-gone@1 by now.*: {rule}"):
        job.apply_saved(saved)
    assert job.actions("email") == job.actions("delete") == []
