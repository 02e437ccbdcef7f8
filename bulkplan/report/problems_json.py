"""What `validate` found, as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from bulkplan.errors import Problem
from bulkplan.model.base import JsonObject

FORMAT_VERSION = "1.0"


def problems_document(
    *, n_files: int, n_specs: int, problems: Sequence[Problem], warnings: Sequence[Problem] = ()
) -> JsonObject:
    """
    The document: `{"format_version", "files", "specs", "problems": [...]}`.

    `files` and `specs` are counts. A problem is `{"file", "line", "column", "end_column", "severity", "message",
    "hint"}`; `severity` is `error` or `warning`; lines and columns count from 1, `end_column` is exclusive; what is
    not known is null. Errors come first, each group in the order given.
    """
    rows = [_row(problem, "error") for problem in problems] + [_row(warning, "warning") for warning in warnings]
    return {"format_version": FORMAT_VERSION, "files": n_files, "specs": n_specs, "problems": rows}


def _row(problem: Problem, severity: str) -> JsonValue:
    at = problem.at
    return {
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
        "end_column": at.end_column if at else None,
        "severity": severity,
        "message": problem.message,
        "hint": problem.hint,
    }
