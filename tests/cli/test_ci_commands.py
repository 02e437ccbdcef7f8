"""`ci …` and `apply --reviewed` as whole command lines, in the environment of a step, beside a GitHub of the test."""

from __future__ import annotations

import io
import json
import shutil
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stamina
from support.composite import read_outputs
from support.github_api import TOKEN, Fault, GitHubApi

from bulkplan.adapters.github_job import MAX_SUMMARY_BYTES
from bulkplan.cli.main import run
from bulkplan.core.seal import dump_sealed, load_sealed, seal
from bulkplan.report.ci_outputs import NAMES

PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
require_saved_plan: true
targets: {sandbox: {sandbox: {leads: 40, seed: 7}}}
"""
MARK = """\
schema: bulkplan/v1
name: mark
version: 1
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Contacted}
"""
HEAD, MERGE = "a" * 40, "b" * 40
COMMENTS = "/issues/7/comments"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with its sandbox, and two plans: of the base, and of a head that has one spec more."""
    root = tmp_path_factory.mktemp("project")
    (root / "specs").mkdir()
    (root / "bulkplan.yaml").write_text(PROJECT)
    (root / "specs" / "mark.yaml").write_text(MARK)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "GITHUB_TOKEN", "GITHUB_SERVER_URL"):
            patch.delenv(name, raising=False)
        assert run(["plan", "--out", "base.json", "--quiet"]) == 0
        (root / "specs" / "more.yaml").write_text(
            MARK.replace("name: mark", "name: more").replace("Potential", "Churned")
        )
        assert run(["plan", "--out", "plan.json", "--quiet"]) == 0
    return root


@pytest.fixture
def api():
    server = GitHubApi()
    with stamina.set_testing(True, attempts=3, cap=True):
        yield server
    server.close()


@pytest.fixture(autouse=True)
def step(made, tmp_path, monkeypatch, api):
    """A step of a job for pull request 7, in a copy of the project."""
    root = tmp_path / "work"
    shutil.copytree(made, root)
    monkeypatch.chdir(root)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    job = {
        "GITHUB_REPOSITORY": "acme/crm",
        "GITHUB_API_URL": api.url,
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_RUN_ID": "9",
        "GITHUB_SHA": MERGE,
        "GITHUB_REF_NAME": "main",
        "GITHUB_EVENT_PATH": str(root / "event.json"),
        "GITHUB_STEP_SUMMARY": str(root / "summary.md"),
        "GITHUB_OUTPUT": str(root / "outputs"),
        "GITHUB_TOKEN": TOKEN,
    }
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    event("acme/crm")
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def event(repository):
    """A pull request whose head is in `repository`; `None`: no pull request."""
    pull = {"number": 7, "head": {"sha": HEAD, "repo": {"full_name": repository}}, "base": {"sha": "0" * 40}}
    Path("event.json").write_text(json.dumps({"pull_request": pull} if repository else {"ref": "refs/heads/main"}))


def refused_plan():
    """Why planning fails for a spec that names what Close does not have."""
    Path("specs/more.yaml").write_text(MARK.replace("name: mark", "name: more").replace("Contacted", "Kontakted"))
    assert run(["plan", "--failure", "failure.json", "--quiet"]) == 65


def test_outside_of_a_job_it_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_REPOSITORY")
    assert run(["ci", "comment", "plan.json"]) == 64
    assert "$GITHUB_REPOSITORY is not set" in capsys.readouterr().err


def test_one_comment_is_kept_and_says_what_changes(api):
    assert run(["ci", "comment", "plan.json", "--base", "base.json"]) == 0
    assert run(["ci", "comment", "plan.json", "--empty-base"]) == 0
    (body,) = api.bodies(7)
    assert "What this pull request changes: 2 new" in body
    assert "1 new; 1 as before" not in body, "the same commit again takes the place of what was said"


def test_a_plan_that_could_not_be_made_takes_the_place_of_the_last_one(api, capsys):
    assert run(["ci", "comment", "plan.json"]) == 0
    refused_plan()
    capsys.readouterr()
    assert run(["ci", "comment", "failure.json"]) == 0
    (body,) = api.bodies(7)
    assert "could not be made: files are invalid" in body
    assert "`specs/more.yaml:5:" in body
    assert run(["ci", "annotate", "failure.json"]) == 0
    assert "::error file=specs/more.yaml,line=5," in capsys.readouterr().out


def test_a_fork_is_not_commented_on_and_nothing_is_asked(api):
    event("eve/crm")
    assert run(["ci", "comment", "plan.json"]) == 0
    assert api.calls == []


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        (lambda api: api.permissions.clear(), "pull-requests%3A write"),
        (lambda api: api.faults.append(Fault("GET", COMMENTS, 503, times=99)), "503"),
        (lambda api: api.faults.append(Fault("POST", COMMENTS, 422, message="Validation Failed")), "Validation Failed"),
        (lambda api: api.close(), "cannot be reached"),
    ],
    ids=["no right", "5xx", "422", "away"],
)
def test_a_comment_that_github_does_not_take_is_a_warning_and_no_failure(api, capsys, scene, words):
    scene(api)
    assert run(["ci", "comment", "plan.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("::warning title=bulkplan%3A no comment::the comment was not made")
    assert words.replace("%3A", ":") in out
    assert TOKEN not in out


def test_without_a_token_it_says_so(monkeypatch, api, capsys):
    monkeypatch.delenv("GITHUB_TOKEN")
    assert run(["ci", "comment", "plan.json"]) == 0
    assert "$GITHUB_TOKEN is not set" in capsys.readouterr().out
    assert api.calls == []


def test_a_base_that_could_not_be_planned_leaves_the_plan_alone_and_says_why(api, capsys):
    refused_plan()
    capsys.readouterr()
    assert run(["ci", "comment", "plan.json", "--base", "failure.json"]) == 0
    assert "the base branch could not be planned" in capsys.readouterr().out
    assert "What this pull request changes" not in api.bodies(7)[0]


def test_the_summary_holds_the_plan_while_there_is_room(capsys):
    assert run(["ci", "summary", "plan.json", "--base", "base.json"]) == 0
    assert "1 new; 1 as before" in Path("summary.md").read_text()
    Path("summary.md").write_text("x" * (MAX_SUMMARY_BYTES - 1_000))
    assert run(["ci", "summary", "plan.json"]) == 0
    assert "::warning" in capsys.readouterr().out
    assert Path("summary.md").stat().st_size == MAX_SUMMARY_BYTES - 1_000


def test_outputs_are_what_the_plan_says(capsys):
    assert run(["ci", "outputs", "plan.json"]) == 0
    outputs = read_outputs(Path("outputs").read_text())
    assert set(outputs) == {*NAMES, "failed", "artifact"}
    assert outputs["artifact"] == f"bulkplan-plan-sandbox-{HEAD}"
    assert outputs["has_changes"] == "true"
    assert outputs["plan_digest"] == json.loads(Path("plan.json").read_text())["digest"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "bulkplan/failure/v1"}', "\udcff"])
def test_a_file_that_is_none_of_ours_is_an_error_in_words(text, capsys):
    Path("odd.json").write_text(text, errors="surrogateescape")
    assert run(["ci", "outputs", "odd.json"]) in (1, 4)
    assert "bug" not in capsys.readouterr().err
    assert run(["ci", "outputs", "nothing.json"]) == 64


def test_only_what_is_about_a_pull_request_asks_for_the_event(api, monkeypatch, capsys):
    monkeypatch.delenv("GITHUB_EVENT_PATH")
    assert run(["ci", "summary", "plan.json"]) == 0
    assert run(["ci", "outputs", "plan.json"]) == 0
    assert read_outputs(Path("outputs").read_text())["artifact"] == f"bulkplan-plan-sandbox-{MERGE}"
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 0
    capsys.readouterr()
    assert run(["ci", "comment", "plan.json"]) == 64
    assert "$GITHUB_EVENT_PATH is not set" in capsys.readouterr().err
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    assert run(["ci", "outputs", "plan.json"]) == 64


@pytest.mark.parametrize("status", [0, 503, 429])
def test_when_github_is_away_the_reviewed_plans_are_for_later(api, status, capsys):
    headers = {"retry-after": "3600"} if status == 429 else {}
    api.faults.append(Fault("GET", "/pulls", status, headers=headers, times=99))
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 75
    assert "run the job again later" in capsys.readouterr().err


def leave_reviewed(api, text=None, *, beside=None, **more):
    """Pull request 7 was merged, and its run left a plan."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    api.merge(7, head_sha=HEAD, merge_sha=MERGE, at=at)
    files = {"plan.json": Path("plan.json").read_text() if text is None else text}
    if beside is not None:
        files["plan.json.members"] = beside
    api.leave(f"bulkplan-plan-sandbox-{HEAD}", files, head_sha=HEAD, at=at, **more)
    event(None)


def test_what_was_reviewed_is_fetched_and_applied(api, capsys):
    leave_reviewed(api)
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 0
    assert [path.name for path in Path("reviewed").iterdir()] == ["pull-7.json"]
    assert run(["apply", "--reviewed", "reviewed", "--failure", "failure.json"]) == 0
    assert "2 bulk actions were sent to Close." in capsys.readouterr().out
    assert run(["apply", "--reviewed", "reviewed"]) == 0
    assert "Nothing was sent to Close" in capsys.readouterr().out
    assert not Path("failure.json").exists()


def test_what_lies_beside_a_reviewed_plan_is_fetched_with_it_and_taken_away_again(api):
    leave_reviewed(api, beside="members")
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 0
    assert Path("reviewed/pull-7.json.members").read_text() == "members"
    api.artifacts.clear()
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 0
    assert list(Path("reviewed").iterdir()) == []


def test_a_plan_with_members_that_are_not_its_own_does_not_count(api, capsys):
    sealed = load_sealed(Path("plan.json").read_text())
    row = next(each for each in sealed.plan.changes if each.cohort)
    cohort = row.cohort.model_copy(update={"members": None, "members_digest": f"sha256:{'0' * 64}"})
    rows = tuple(each.model_copy(update={"cohort": cohort}) if each is row else each for each in sealed.plan.changes)
    text = dump_sealed(seal(sealed.plan.model_copy(update={"changes": rows}), key=None))
    leave_reviewed(api, text, beside=f"bulkplan/members/v1 {sealed.plan.plan_id}\n")
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 0
    assert "does not count" in capsys.readouterr().err
    assert list(Path("reviewed").iterdir()) == []


@pytest.mark.parametrize(
    "more",
    [{"text": "{}"}, {"head_repository_id": 2}, {"run": {"event": "push"}}, {"expired": True}],
    ids=["altered", "fork", "other event", "expired"],
)
def test_what_nobody_reviewed_is_not_applied_and_is_told_once(api, capsys, more):
    leave_reviewed(api, **more)
    assert run(["ci", "reviewed", "--out", "reviewed"]) == 0
    assert run(["apply", "--reviewed", "reviewed", "--failure", "failure.json"]) == 4
    assert "mark@1 would run, and there is no reviewed plan" in capsys.readouterr().err
    failure = json.loads(Path("failure.json").read_text())
    for n_leads in ("12", "13"):
        said = {**failure, "message": f"{failure['message']}\n  - {n_leads} leads"}
        Path("failure.json").write_text(json.dumps(said))
        assert run(["ci", "comment", "failure.json", "--new"]) == 0
    (body,) = api.bodies(7)
    assert "stopped: this is not what was reviewed" in body
    assert "open a pull request" in body


def test_a_commit_that_came_by_no_pull_request_is_told_to_nobody(api, capsys):
    event(None)
    assert run(["ci", "comment", "plan.json", "--new"]) == 0
    assert "nobody was told" in capsys.readouterr().err
    assert api.comments == {}


def test_reviewed_goes_with_no_other_plan(capsys):
    assert run(["apply", "plan.json", "--reviewed", "plan.json"]) == 64
    assert run(["apply", "--reviewed", "plan.json", "--select", "mark"]) == 64
    assert "--reviewed goes with neither" in capsys.readouterr().err


def test_a_frozen_run_whose_leads_are_those_reviewed_is_applied(capsys):
    Path("specs/mark.yaml").write_text(f"{MARK}cohort: frozen\n")
    assert run(["plan", "--out", "frozen.json", "--quiet"]) == 0
    assert run(["apply", "--reviewed", "frozen.json"]) == 0, capsys.readouterr().err
    assert "2 bulk actions were sent to Close." in capsys.readouterr().out
