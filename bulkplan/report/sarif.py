"""What `lint` found, in the form that code scanning tools exchange: SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from bulkplan.core.digest import sha256_text
from bulkplan.core.lint.rule import Finding, Linted, Rule
from bulkplan.core.visible import visible
from bulkplan.errors import Location
from bulkplan.model.base import JsonObject
from bulkplan.report.lint_help import rule_markdown

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
PROJECT_FILE = "bulkplan.yaml"
_FINGERPRINT = "bulkplan/v1"


def sarif_document(linted: Linted, *, rules: Sequence[Rule], version: str, folder: str = "") -> JsonObject:
    """
    One run of one tool: its rules with their help, every finding, and the ignored ones as suppressed with their reason.

    Args:
        linted: What was found.
        rules: Every rule of the tool, in the order of their IDs.
        version: Of bulkplan.
        folder: The project's folder below the repository, in POSIX form; empty where it is the repository's own.

    Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
    """
    index = {rule.slug: number for number, rule in enumerate(rules)}
    found = [*linted.findings, *linted.ignored]
    results = [
        _result(each, index[each.rule.slug], name, folder) for each, name in zip(found, _names(found), strict=True)
    ]
    driver: JsonObject = {"name": "bulkplan", "semanticVersion": version, "rules": [_rule(rule) for rule in rules]}
    run: JsonObject = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "results": [*results],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> JsonObject:
    return {
        "id": rule.id,
        "name": rule.slug,
        "shortDescription": {"text": f"{rule.summary[0].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": rule.why, "markdown": rule_markdown(rule)},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, index: int, name: str, folder: str) -> JsonObject:
    problem = finding.problem
    text = visible(problem.message) + (f"\nTo mend it: {visible(problem.hint)}" if problem.hint else "")
    result: JsonObject = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": _place(problem.at, folder)}],
        "partialFingerprints": {_FINGERPRINT: name},
    }
    if finding.ignored is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": visible(finding.ignored)}]
    return result


def _place(at: Location | None, folder: str) -> JsonObject:
    """A stretch of a line. What has no place is told at the project file: readers drop results without one."""
    file = at.file if at else PROJECT_FILE
    region: JsonObject = {"startLine": at.line, "startColumn": at.column} if at else {"startLine": 1}
    if at and at.end_column is not None and at.end_column > at.column:
        region["endColumn"] = at.end_column
    uri = quote(f"{folder}/{file}" if folder else file)
    return {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}, "region": region}


def _names(findings: Sequence[Finding]) -> list[str]:
    """
    A name for each finding that stays when lines move and numbers in messages change, so that one is not told twice.

    Of several at one place the second is another one.
    """
    seen: dict[str, int] = {}
    names = []
    for finding in findings:
        file = finding.problem.at.file if finding.problem.at else ""
        key = "\n".join((finding.rule.id, file, finding.spec or "", finding.where))
        seen[key] = seen.get(key, 0) + 1
        names.append(sha256_text(f"{key}\n{seen[key]}").removeprefix("sha256:")[:32])
    return names
