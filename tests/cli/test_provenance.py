"""Who runs this, from where: what GitHub Actions says is kept, and nothing that could be a secret."""

from __future__ import annotations

import json

import pytest

from bulkplan.cli.provenance import provenance
from bulkplan.model.store import CiRun

JOB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "dana",
    "GITHUB_TRIGGERING_ACTOR": "lee",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "acme/ops",
    "GITHUB_RUN_ID": "77",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_WORKFLOW": "apply",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_REF": "refs/pull/12/merge",
    "GITHUB_TOKEN": "ghs_secret",
}


def test_a_ci_job_says_who_began_which_attempt_for_which_pull_request(tmp_path):
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 12, "body": "secret plans"}, "token": "ghs_secret"}))
    who = provenance(tmp_path, {**JOB, "GITHUB_EVENT_PATH": str(event)})
    assert (who.actor, who.ci_run_url) == ("dana", "https://github.example/acme/ops/actions/runs/77")
    assert who.ci == CiRun(
        attempt=2,
        workflow="apply",
        event="pull_request",
        ref="refs/pull/12/merge",
        pull_request=12,
        triggering_actor="lee",
    )
    assert "secret" not in repr(who)


def test_outside_of_ci_there_is_no_job(tmp_path):
    assert provenance(tmp_path, {}).ci is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pull_request": []}', '{"pull_request": {"number": "x"}}', "\xff"])
def test_an_event_that_cannot_be_read_names_no_pull_request(tmp_path, text):
    event = tmp_path / "event.json"
    event.write_text(text, encoding="latin-1")
    who = provenance(tmp_path, {**JOB, "GITHUB_EVENT_PATH": str(event), "GITHUB_RUN_ATTEMPT": "²"})
    assert who.ci is not None
    assert (who.ci.pull_request, who.ci.attempt) == (None, None)


def test_an_event_that_is_not_there_names_no_pull_request(tmp_path):
    who = provenance(tmp_path, {**JOB, "GITHUB_EVENT_PATH": str(tmp_path / "gone")})
    assert who.ci is not None
    assert who.ci.pull_request is None


def test_bytes_that_are_no_utf8_are_written_out_since_records_hold_nothing_else(tmp_path):
    who = provenance(tmp_path, {**JOB, "GITHUB_ACTOR": "d\udcffna", "GITHUB_REF": "\udcfe", "GITHUB_WORKFLOW": "ä"})
    assert (who.actor, who.ci.ref, who.ci.workflow) == (r"d\xffna", r"\xfe", "ä")
