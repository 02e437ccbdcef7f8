"""One run, explained, as one JSON document."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from bulkplan.core.explain import COVERED, FREE, Explanation, Fact
from bulkplan.core.query_parts import Part
from bulkplan.model.base import JsonObject

FORMAT_VERSION = "1.0"


def explain_document(explanations: Sequence[Explanation]) -> JsonObject:
    """
    The document: `{"format_version", "runs": [...]}`.

    A run has `key`, `at`, `description`, `owner`, `summary`, `leads`, `undo`, `is_resolved`, `parts` (each
    `{"depth", "words", "why", "at", "node"}`), `body`, `names`, `guards` and `timing` (each
    `{"name", "value", "why", "at"}`), `decision`, `fingerprint`, `record`, `notes` and `request`. `at` is
    `file:line`; what is not known is null.
    """
    return {"format_version": FORMAT_VERSION, "runs": [_run(each) for each in explanations]}


def _run(explanation: Explanation) -> JsonValue:
    wanted, record, request = explanation.wanted, explanation.record, explanation.request
    return {
        "key": str(wanted.key),
        "at": explanation.at,
        "description": wanted.spec.description,
        "owner": wanted.spec.owner,
        "summary": explanation.summary,
        "leads": explanation.leads,
        "undo": explanation.undo,
        "is_resolved": request is not None,
        "parts": [_part(part) for part in explanation.parts],
        "body": _facts(explanation.body),
        "names": _facts(explanation.names),
        "guards": _facts(explanation.guards),
        "timing": _facts(explanation.timing),
        "decision": {
            "kind": explanation.decision.kind.value,
            "reason": explanation.decision.reason,
            "hint": explanation.decision.hint,
        },
        "fingerprint": {
            "value": wanted.fingerprint,
            "covers": [*COVERED],
            "covers_not": [*FREE],
        },
        "record": {"status": record.status.value, "remote_id": record.remote_id, "actor": record.actor}
        if record
        else None,
        "notes": [*explanation.notes],
        "request": {"path": request.path, "body": request.body} if request else None,
    }


def _part(part: Part) -> JsonValue:
    return {"depth": part.depth, "words": part.words, "why": part.why, "at": part.at, "node": part.node}


def _facts(facts: Sequence[Fact]) -> list[JsonValue]:
    return [{"name": fact.name, "value": fact.value, "why": fact.why, "at": fact.at} for fact in facts]
