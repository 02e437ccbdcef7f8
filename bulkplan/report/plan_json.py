"""A plan for programs: exactly what a saved plan holds."""

from __future__ import annotations

from bulkplan.model.base import JsonObject
from bulkplan.model.plan import SealedPlan


def plan_document(sealed: SealedPlan) -> JsonObject:
    """
    The sealed plan as JSON, as the published schema of saved plans says; `plan --out` writes the same.

    Names and addresses of leads and contacts are not in it: it holds queries, IDs and counts.
    """
    document: JsonObject = sealed.model_dump(mode="json", by_alias=True)
    return document
