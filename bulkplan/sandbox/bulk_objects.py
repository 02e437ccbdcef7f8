"""What a bulk action looks like in JSON, and how its `s_query` is echoed."""

from __future__ import annotations

from pydantic import JsonValue

from bulkplan.sandbox.rows import Row, parsed, parsed_object
from bulkplan.sandbox.settings import Echo

JsonObject = dict[str, JsonValue]

PREFIXES = {
    "edit": "bulkedit_",
    "delete": "bulkdelete_",
    "email": "bulkemail_",
    "sequence_subscription": "bulkseqsub_",
}
"""Id prefix of each kind."""


def bulk_action_object(row: Row, *, organization_id: str) -> JsonObject:
    """Return a bulk action with every key its kind has. Source: Close API, "Bulk Actions"."""
    own = parsed_object(row["effect"])["answer"]
    names = (
        "id", "status", "n_leads", "n_leads_processed", "n_objects", "n_objects_processed", "results_limit",
        "created_by", "updated_by", "date_created", "date_updated",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        **(own if isinstance(own, dict) else {}),
        "query": None,
        "s_query": parsed(row["s_query"]),
        "sort": parsed(row["sort"]),
        "send_done_email": bool(row["send_done_email"]),
        "organization_id": organization_id,
    }


def echoed(node: JsonObject, echo: Echo) -> JsonObject:
    """Return a query as the service stores it: as sent, with every `negate` written out, or without negated clauses."""
    if echo is Echo.NORMALIZED:
        return _normalized(node)
    if echo is Echo.STRIPPED:
        return _stripped(node)
    return node


def _normalized(node: JsonObject) -> JsonObject:
    found: JsonObject = {"negate": False, **node}
    queries, related = node.get("queries"), node.get("related_query")
    if isinstance(queries, list):
        found["queries"] = [_normalized(item) if isinstance(item, dict) else item for item in queries]
    if isinstance(related, dict):
        found["related_query"] = _normalized(related)
    return found


def _stripped(node: JsonObject) -> JsonObject:
    queries = node.get("queries")
    if node.get("type") != "and" or not isinstance(queries, list):
        return node
    kept = [item for item in queries if not (isinstance(item, dict) and item.get("negate") is True)]
    return {**node, "queries": kept}
