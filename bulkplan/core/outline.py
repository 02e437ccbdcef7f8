"""What the other files of a project need to know of a spec: little enough to keep for thousands."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.core.fragments import SPEC_ROOT, uses_of
from bulkplan.model.document import Document, Outline

KEPT = ("name", "depends_on")


def outline_of(document: Document) -> Outline:
    """The outline of a spec, as read: before fragments were put in place."""
    data = document.data
    if not isinstance(data, dict):
        return Outline(document.file, document.index, document.line, None)
    kept: dict[str, JsonValue] = {key: data[key] for key in KEPT if key in data}
    if names := uses_of(document, SPEC_ROOT):
        where: dict[str, JsonValue] = {"all": [{"use": name} for name in sorted(names)]}
        kept["filter"] = {"where": where}
    return Outline(document.file, document.index, document.line, kept)
