"""YAML texts as documents and runs, for the tests of loading."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_text import FileText, decode
from bulkplan.core.expand import Expansion, expand
from bulkplan.errors import Problem
from bulkplan.model.document import Document, Reading

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEAD = "schema: bulkplan/v1\nname: a\nversion: 1\n"
FILTER = "filter: {all_leads: true}\n"
ACTION = "action: {type: delete}\n"
SPEC = HEAD + FILTER + ACTION
"""Six lines short of anything: what a test adds begins on line 6."""


def read(text: str | bytes, *, file: str = "specs/s.yaml") -> Reading:
    """What the loader makes of a text."""
    raw = text.encode() if isinstance(text, str) else text
    content = decode(file, raw)
    return parse_documents(content) if isinstance(content, FileText) else Reading(problems=(content,))


def document(text: str) -> Document:
    """The one document of a text that has no problem."""
    reading = read(text)
    assert not reading.problems, reading.problems
    (found,) = reading.documents
    return found


def expand_text(text: str, *, now: datetime = NOW) -> Expansion:
    """The runs of a text with one document."""
    return expand(document(text), now=now)


def place(problem: Problem) -> str:
    """`line:column-end` of a problem."""
    assert problem.at is not None
    return f"{problem.at.line}:{problem.at.column}-{problem.at.end_column}"


def underlined(problem: Problem) -> str:
    """The text that a problem underlines."""
    assert problem.at is not None
    assert problem.at.source is not None
    assert problem.at.end_column is not None
    return problem.at.source[problem.at.column - 1 : problem.at.end_column - 1]
