"""Files for lint: a spec and a project that no rule objects to, changed by the example of a rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_text import FileText, decode
from bulkplan.app.lint import world_of
from bulkplan.app.workspace import examine
from bulkplan.core.lint.rule import CloseFacts, Example, World
from bulkplan.model.document import Document, ProjectFiles
from bulkplan.model.record import Record
from bulkplan.model.run import RunKey
from support.plan_world import make_record

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SPEC = {
    "schema": "schema: bulkplan/v1\n",
    "name": "name: tidy\n",
    "version": "version: 1\n",
    "description": "description: Put quiet leads back\n",
    "owner": "owner: revops@example.com\n",
    "filter": "filter: {where: {field: status, is: Churned}}\n",
    "action": "action: {type: set_lead_status, status: Potential}\n",
    "cohort": "cohort: frozen\n",
    "guards": "guards: {max_matches: 200}\n",
    "tests": "tests: [{lead: {status: Churned}, matches: true}]\n",
}
FRAGMENT = {
    "schema": "schema: bulkplan/filter/v1\n",
    "where": "where: {field: status, is: Contacted}\n",
}
PROJECT = {
    "schema": "schema: bulkplan/project/v1\n",
    "project_id": "project_id: 7f3c0c1e2b9d4a60\n",
    "default_target": "default_target: sandbox\n",
    "suppress": "suppress: {any: [{field: custom.Do Not Contact, is: true}]}\n",
}


def complete(text: str, base: Mapping[str, str], *, without: tuple[str, ...] = ()) -> str:
    """The keys of `text`, and behind them those of the base that it lacks; its lines keep their numbers."""
    written = set(re.findall(r"^(\w+):", text, flags=re.MULTILINE))
    return text + "".join(line for key, line in base.items() if key not in written and key not in without)


def documents(file: str, text: str) -> tuple[Document, ...]:
    content = decode(file, text.encode())
    assert isinstance(content, FileText), content
    reading = parse_documents(content)
    assert not reading.problems, reading.problems
    return reading.documents


def spec_documents(example: Example, text: str) -> tuple[Document, ...]:
    parts = [complete(part, SPEC, without=example.without) for part in text.split("---\n")] if text else []
    return documents("specs/s.yaml", "---\n".join(parts)) if parts else ()


def example_world(
    example: Example,
    *,
    records: tuple[Record, ...] | None = None,
    close: Mapping[RunKey, CloseFacts] | None = None,
    targets: str = "targets: {sandbox: {sandbox: {leads: 10}}}\n",
) -> World:
    """The world of an example; what its `ran` says is recorded as done."""
    text = complete(example.project, PROJECT, without=example.without)
    if "targets:" not in text:
        text += targets
    elif "sandbox:" not in text:
        text = text.replace("targets:", "targets:", 1) + ""
        text = text.replace("default_target: sandbox\n", "default_target: production\n")
    (project,) = documents("bulkplan.yaml", text)
    specs = spec_documents(example, example.spec)
    if example.ran:
        ran = examine(ProjectFiles(specs=spec_documents(example, example.ran)), now=NOW - timedelta(days=10))
        records = (*(records or ()), *(make_record(run) for run in ran.workspace.runs))
    fragments = documents("filters/f.yaml", complete(example.fragment, FRAGMENT)) if example.fragment else ()
    findings = examine(ProjectFiles(project=project, specs=specs, fragments=fragments), now=NOW)
    assert not findings.problems, findings.problems
    return world_of(findings, now=NOW, records=records, close=close)
