"""Who holds an open attempt, in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.sample_records import STARTED, sample_record

from bulkplan.core.holder import holder_words, span_words
from bulkplan.core.records import OPEN
from bulkplan.model.record import RecordStatus


def test_an_open_attempt_names_who_where_since_when_and_the_ci_run():
    record = sample_record(RecordStatus.SENDING, ci_run_url="https://ci.example/runs/7")
    words = holder_words(record, now=STARTED + timedelta(minutes=3, seconds=10))
    assert words == (
        "dana on laptop (process 7, https://ci.example/runs/7), since 2026-11-22 21:03:04 UTC, 3 minutes ago"
    )
    assert (
        holder_words(sample_record(RecordStatus.UNKNOWN)) == "dana on laptop (process 7), since 2026-11-22 21:03:04 UTC"
    )


@pytest.mark.parametrize("status", [status for status in RecordStatus if status not in OPEN])
def test_nobody_holds_a_run_whose_outcome_is_known(status):
    assert holder_words(sample_record(status)) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 seconds"), (1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (7_300, "2 hours"), (200_000, "2 days")],
)
def test_a_span_is_told_in_its_largest_unit(seconds, words):
    assert span_words(timedelta(seconds=seconds)) == words
