"""What an apply did, for people and for programs."""

from __future__ import annotations

import json
from typing import get_args

import jsonschema
import pytest
from support.plan_world import make_record, spec_data, wanted_run
from support.sample_records import STARTED, sample_record

from bulkplan.core.result import ApplyResult, ResultKind, RunResult, error_of, followed_result
from bulkplan.core.verify import Answers, judge_run
from bulkplan.errors import UnknownRunError
from bulkplan.model.apply_report import ReportRow
from bulkplan.model.plan import Plan
from bulkplan.model.record import Counts, RecordStatus
from bulkplan.model.store import Provenance
from bulkplan.report.apply_json import apply_report, dump_report
from bulkplan.report.apply_text import apply_lines
from bulkplan.report.lines import plain_text
from bulkplan.report.record_text import record_lines
from bulkplan.report.schemas import apply_report_schema
from bulkplan.report.status_text import status_lines

PLAN = Plan(
    plan_id="p1",
    tool_version="0.1.0",
    target="sandbox",
    organization_id="orga_1",
    now=STARTED,
    expires_at=STARTED,
    changes=(),
)
WHO = Provenance(actor="dana", host="laptop", pid=7, ci_run_url="https://ci.example/runs/7")


def short_run():
    """A run that did less than Close says it was asked to."""
    record = sample_record(
        RecordStatus.DONE, counts=Counts(approved=10, n_leads=10, n_leads_processed=8), remote_status="done"
    )
    return record.model_copy(update={"verification": judge_run(record, Answers(notes=("no events",)), now=STARTED)})


def report_of(*rows, **changes):
    values = {
        "plan": PLAN,
        "sealed": None,
        "who": WHO,
        "finished_at": STARTED,
        "exit_code": 0,
        "error": None,
        **changes,
    }
    return json.loads(dump_report(apply_report(ApplyResult(rows), **values)))


def test_every_kind_of_result_has_a_word_in_the_report():
    assert set(get_args(ReportRow.model_fields["outcome"].annotation)) == {kind.value for kind in ResultKind}


@pytest.mark.parametrize("kind", ResultKind)
def test_every_kind_of_result_is_written_as_the_schema_says_and_counted_in_words(kind):
    row = RunResult(sample_record().key, kind, "what happened", "what to do", sample_record(), was_sent=True)
    report = report_of(row, exit_code=1, error="one of them failed")
    jsonschema.validate(report, apply_report_schema(), cls=jsonschema.Draft202012Validator)
    assert (report["runs"][0]["outcome"], report["n_sent"], report["ci_run_url"]) == (kind.value, 1, WHO.ci_run_url)
    assert plain_text(apply_lines(ApplyResult((row,)))).count("Apply: 1 ") == 1


def test_a_run_that_did_less_is_named_with_its_numbers_and_needs_a_person():
    row = followed_result(short_run(), was_sent=True)
    assert row.kind is ResultKind.MISMATCH
    text = plain_text(apply_lines(ApplyResult((row,))))
    assert "? winback@2  done, but Close says done, and processed 8 of 10 leads" in text
    assert "Apply: 1 done otherwise than approved." in text
    assert isinstance(error_of(ApplyResult((row,))), UnknownRunError)


def test_a_run_that_did_less_is_shown_so_ever_after():
    record = short_run()
    for text in (
        plain_text(status_lines((record,), target="t", store="s")),
        plain_text(record_lines(record)),
    ):
        assert "mismatch: Close says done, and processed 8 of 10 leads" in text
        assert "bulkplan state show 'winback@2'" in text
    assert "8 of 10 leads processed" in plain_text(record_lines(record))
    assert "note: no events" in plain_text(record_lines(record))


def test_an_open_run_is_shown_with_who_holds_it():
    record = sample_record(RecordStatus.SENDING, ci_run_url="https://ci.example/runs/7")
    for text in (
        plain_text(status_lines((record,), target="t", store="s")),
        plain_text(record_lines(record)),
    ):
        assert "dana on laptop (process 7, https://ci.example/runs/7), since 2026-11-22 21:03:04 UTC" in text


@pytest.mark.parametrize(
    ("kind", "n_objects", "words"),
    [
        ("email", 41, "done, 32 leads processed (41 objects in Close's count)"),
        ("sequence_subscription", 1, "done, 32 leads processed (1 object in Close's count)"),
        ("email", 32, "done, 32 leads processed"),
        ("email", None, "done, 32 leads processed"),
        ("edit", 41, "done, 32 leads processed"),
    ],
)
def test_of_what_reaches_contacts_the_objects_are_told_beside_the_leads(kind, n_objects, words):
    counts = Counts(approved=32, n_leads=32, n_leads_processed=32, n_objects_processed=n_objects)
    record = make_record(wanted_run(spec_data("mail")), kind=kind, counts=counts)
    assert followed_result(record, was_sent=True).message == words
