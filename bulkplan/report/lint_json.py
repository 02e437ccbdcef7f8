"""What `lint` found, as one JSON document; and the rules as another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pydantic import JsonValue

from bulkplan.core.lint.rule import Finding, Linted, Rule
from bulkplan.model.base import JsonObject

FORMAT_VERSION = "1.0"


def lint_document(linted: Linted, *, n_specs: int) -> JsonObject:
    """
    The document: `{"format_version", "specs", "counts", "findings": [...], "ignored": [...], "skipped": [...]}`.

    A finding is `{"rule", "id", "severity", "spec", "file", "line", "column", "end_column", "message", "hint",
    "reason"}`: lines and columns count from 1, `end_column` is exclusive, what is not known is null, `reason` is set
    for ignored ones only. `skipped` names what was not looked at: `state`, `close`.
    """
    counted = Counter(finding.severity for finding in linted.findings)
    skipped: list[JsonValue] = [*sorted(linted.skipped)]
    return {
        "format_version": FORMAT_VERSION,
        "specs": n_specs,
        "counts": {"error": counted["error"], "warning": counted["warning"], "note": counted["note"]},
        "findings": [_row(finding) for finding in linted.findings],
        "ignored": [_row(finding) for finding in linted.ignored],
        "skipped": skipped,
    }


def rules_document(rules: Sequence[Rule]) -> JsonObject:
    """The document: `{"format_version", "rules": [{"id", "rule", "severity", "needs", "summary", "why"}]}`."""
    rows: list[JsonValue] = [
        {
            "id": rule.id,
            "rule": rule.slug,
            "severity": rule.severity,
            "needs": rule.needs,
            "summary": rule.summary,
            "why": rule.why,
        }
        for rule in rules
    ]
    return {"format_version": FORMAT_VERSION, "rules": rows}


def _row(finding: Finding) -> JsonValue:
    at = finding.problem.at
    return {
        "rule": finding.rule.slug,
        "id": finding.rule.id,
        "severity": finding.severity,
        "spec": finding.spec,
        "file": at.file if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
        "end_column": at.end_column if at else None,
        "message": finding.problem.message,
        "hint": finding.problem.hint,
        "reason": finding.ignored,
    }
