"""Outcomes that the state did not take are kept apart, for nobody else to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from bulkplan.adapters.outcome_file import keep_outcome
from bulkplan.model.run import RunKey

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_each_outcome_is_a_line_and_the_file_is_private(tmp_path):
    for version in (1, 2):
        path = keep_outcome(tmp_path, RunKey("win-back", version), "started as bulkedit_1", at=NOW)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["key"] for line in lines] == ["win-back@1", "win-back@2"]
    assert path.stat().st_mode & 0o777 == 0o600
