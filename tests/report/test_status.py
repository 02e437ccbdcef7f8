"""The recorded runs, as people and as programs read them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from support.sample_records import STARTED, sample_record

from bulkplan.model.record import Counts, RecordStatus
from bulkplan.model.run import RunKey
from bulkplan.report.lines import plain_text
from bulkplan.report.record_text import STYLE_BY_STATUS, hint_for, record_lines, state_words
from bulkplan.report.status_json import record_document, status_document
from bulkplan.report.status_text import status_lines

DONE = sample_record(
    RecordStatus.DONE,
    key=RunKey("tag-churned", 1),
    remote_status="done",
    finished_at=STARTED + timedelta(minutes=2),
    counts=Counts(approved=1, n_leads=1, n_leads_processed=1),
)


def test_status_is_a_line_per_run_and_a_count():
    text = plain_text(status_lines((DONE, sample_record()), target="sandbox", store="local (s.db)"))
    assert text == (
        "Runs of sandbox  local (s.db)\n"
        "\n"
        "  tag-churned@1  done     1 lead            finished 2026-11-22 21:05:04 UTC  bulkaction_1\n"
        "  winback@2      running  120 of 214 leads  started 2026-11-22 21:03:04 UTC  bulkaction_1\n"
        "\n"
        "2 runs: 1 done, 1 running.\n"
    )


def test_no_record_is_said_in_words():
    text = plain_text(status_lines((), target="sandbox", store="local (s.db)"))
    assert text == "No run is recorded for sandbox in local (s.db).\n"


def test_what_could_not_be_looked_up_is_a_warning():
    text = plain_text(status_lines((), target="sandbox", store="s", problems=("winback@2: no answer",)))
    assert "warning: winback@2: no answer\n" in text


def test_the_document_has_the_promised_shape():
    document = status_document((DONE,), target="sandbox")
    assert document == {
        "format_version": "1.0",
        "target": "sandbox",
        "shard": None,
        "runs": [
            {
                "key": "tag-churned@1",
                "name": "tag-churned",
                "version": 1,
                "state": "done",
                "action_type": "set_lead_status",
                "remote_id": "bulkaction_1",
                "remote_status": "done",
                "counts": {
                    "approved": 1,
                    "n_leads": 1,
                    "n_leads_processed": 1,
                    "n_objects": None,
                    "n_objects_processed": None,
                },
                "started_at": "2026-11-22T21:03:04Z",
                "finished_at": "2026-11-22T21:05:04Z",
                "alarm": None,
                "verification": None,
                "holder": None,
                "hint": None,
            }
        ],
        "problems": [],
    }
    json.dumps(document)


@pytest.mark.parametrize("status", RecordStatus)
def test_every_status_has_words_a_style_and_a_decided_hint(status):
    record = sample_record(status)
    assert state_words(record)
    assert status in STYLE_BY_STATUS
    assert hint_for(record) is None or "bulkplan" in hint_for(record) or "raise" in hint_for(record)


@pytest.mark.parametrize(
    ("record", "fragment"),
    [
        (sample_record(RecordStatus.UNKNOWN), "bulkplan state settle 'winback@2'"),
        (sample_record(RecordStatus.FAILED), "raise the spec's version"),
        (sample_record(RecordStatus.SENDING), "bulkplan apply"),
        (sample_record(remote_status="paused", paused_at=STARTED), "until 2026-11-29 21:03:04 UTC"),
        (sample_record(alarm="ran twice"), "bulkplan state show 'winback@2'"),
    ],
)
def test_a_run_that_needs_somebody_says_how_to_go_on(record, fragment):
    assert fragment in (hint_for(record) or "")
    assert fragment in plain_text(status_lines((record,), target="sandbox", store="s"))


def test_an_alarm_is_shown():
    assert "alarm: ran twice" in plain_text(status_lines((sample_record(alarm="ran twice"),), target="t", store="s"))


def test_one_record_is_shown_whole():
    text = plain_text(record_lines(sample_record(commit="abc123", evidence=({"looks": 2},))))
    for fragment in ("winback@2  running", "dana on laptop", "abc123", "intent, by dana", '"match_all"', '"looks": 2'):
        assert fragment in text
    assert "120 of 214 leads" in text


def test_a_record_as_json_is_what_is_kept():
    document = record_document(sample_record())
    assert document["record"]["key"] == "winback@2"
    assert document["record"]["status"] == "submitted"
    json.dumps(document)
