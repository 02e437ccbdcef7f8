"""Everything a state store keeps, as one JSON document: each record with its checksum, as it is stored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from bulkplan.model.base import JsonObject
from bulkplan.model.store import Slot

FORMAT_VERSION = "1.0"


def export_document(
    slots: Sequence[Slot], *, target: str, store: str, lineage: str, problems: Sequence[str], exported_at: datetime
) -> JsonObject:
    """
    The document: `{"format_version", "target", "store", "lineage", "exported_at", "slots": [...], "problems": [...]}`.

    A slot is `{"key", "version", "content"}`: `content` is the record or plan use as stored, with its checksum; where
    that is no JSON object, `{"key", "version", "text"}` with the text as it is. `problems` name what cannot be trusted.
    """
    return {
        "format_version": FORMAT_VERSION,
        "target": target,
        "store": store,
        "lineage": lineage,
        "exported_at": exported_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "slots": [_slot(slot) for slot in slots],
        "problems": list(problems),
    }


def _slot(slot: Slot) -> JsonValue:
    head: JsonObject = {"key": slot.key, "version": slot.version}
    try:
        content: JsonValue = json.loads(slot.text)
    except (ValueError, RecursionError):
        content = None
    return {**head, "content": content} if isinstance(content, dict) else {**head, "text": slot.text}
