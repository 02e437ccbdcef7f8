"""What happens when the spec of a run that has happened is edited, raised, lowered, moved or deleted."""

from __future__ import annotations

import pytest
from e2e.project import spec


@pytest.fixture
def applied(project):
    """A project whose one run is done."""
    project.write("specs/mark.yaml", spec("mark"))
    assert project.run("apply", "--auto-approve").code == 0
    return project


def test_an_edited_spec_is_a_conflict_that_names_both_ways_out(applied, served):
    applied.edit("specs/mark.yaml", "vip", "partner")
    for words in (["plan"], ["plan", "--detailed-exitcode"], ["apply", "--auto-approve"]):
        outcome = applied.run(*words)
        assert outcome.code == 3
        assert "raise the version to run it as it is now (version: 2), or take the edit back" in outcome.words
    assert served.actions_of(applied, "mark@1", "mark@2") == {"mark@1": 1, "mark@2": 0}

    applied.edit("specs/mark.yaml", "partner", "vip")
    assert applied.run("plan", "--detailed-exitcode").code == 0


def test_a_raised_version_runs_once_more_and_shows_what_is_different(applied, served):
    applied.edit("specs/mark.yaml", "vip", "partner")
    applied.edit("specs/mark.yaml", "version: 1", "version: 2")
    plan = applied.run("plan", "--detailed-exitcode")
    assert plan.code == 2
    assert "version raised from 1 to 2: mark@1" in plan.words
    assert "vip" in plan.out
    assert "partner" in plan.out

    assert applied.run("apply", "--auto-approve").code == 0
    assert served.actions_of(applied, "mark@1", "mark@2") == {"mark@1": 1, "mark@2": 1}
    assert applied.run("plan", "--detailed-exitcode").code == 0


def test_a_lowered_version_is_a_conflict(applied, served):
    applied.edit("specs/mark.yaml", "version: 1", "version: 0")
    assert applied.run("plan").code == 65
    applied.edit("specs/mark.yaml", "version: 0", "version: 2")
    assert applied.run("apply", "--auto-approve").code == 0
    applied.edit("specs/mark.yaml", "version: 2", "version: 1")
    outcome = applied.run("apply", "--auto-approve")
    assert outcome.code == 3
    assert "a version never goes down" in outcome.words
    assert len(served.actions()) == 2


def test_what_does_not_change_the_meaning_runs_nothing(applied, served):
    block = "filter:\n  where:\n    is: Potential\n    field: 'status'"
    applied.edit(
        "specs/mark.yaml", "schema: bulkplan/v1\n", "# a comment\nschema: bulkplan/v1\nowner: me@example.com\n"
    )
    applied.edit("specs/mark.yaml", "filter: {where: {field: status, is: Potential}}", block)
    applied.edit("specs/mark.yaml", "owner:", "guards: {max_matches: 900}\nowner:")
    (applied.root / "specs" / "mark.yaml").rename(applied.root / "specs" / "moved.yaml")
    plan = applied.run("plan", "--detailed-exitcode")
    assert (plan.code, "1 no-op" in plan.out) == (0, True)
    assert applied.run("apply", "--auto-approve").code == 0
    assert len(served.actions()) == 1


def test_a_deleted_spec_is_an_orphan_whose_run_key_stays_taken(applied, served):
    text = (applied.root / "specs" / "mark.yaml").read_text()
    (applied.root / "specs" / "mark.yaml").unlink()
    applied.write("specs/other.yaml", spec("other", status="Churned"))
    plan = applied.run("plan", "--detailed-exitcode")
    assert plan.code == 2
    assert "mark@1  orphan" in plan.out

    (applied.root / "specs" / "other.yaml").unlink()
    applied.write("specs/mark.yaml", text.replace("vip", "partner"))
    assert applied.run("apply", "--auto-approve").code == 3
    assert len(served.actions()) == 1


def test_lost_state_does_not_make_a_run_happen_twice(applied, served):
    for path in (applied.root / ".bulkplan" / "state").iterdir():
        path.unlink()
    outcome = applied.run("apply", "--auto-approve")
    assert outcome.code == 0
    assert "mark@1" in outcome.out
    assert served.actions_of(applied, "mark@1") == {"mark@1": 1}
    assert applied.status()["mark@1"]["state"] == "done"
