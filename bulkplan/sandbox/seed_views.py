"""Which smart views every seeded organization has, as the queries Close would store."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

Node = dict[str, JsonValue]


@dataclass(frozen=True)
class ViewSeed:
    """A smart view to make: a structured query, or the text of a legacy one."""

    name: str
    type: str = "lead"
    node: Node | None = None
    legacy_query: str | None = None


def view_seeds(custom_field_ids: Mapping[str, str], lead_status_ids: Mapping[str, str]) -> tuple[ViewSeed, ...]:
    """Answer the smart views to make, given the ids of fields and statuses by name."""

    def custom(name: str, condition: Node) -> Node:
        field: Node = {"type": "custom_field", "custom_field_id": custom_field_ids[name]}
        return {"type": "field_condition", "field": field, "condition": condition}

    def status(*labels: str) -> Node:
        ids: list[JsonValue] = [lead_status_ids[label] for label in labels]
        return _lead_field("status_id", {"type": "reference", "reference_type": "status.lead", "object_ids": ids})

    hot: Node = _lead_field("num_opportunities", {"type": "number_range", "gte": 1})
    untouched: Node = _lead_field("last_communication_date", {"type": "moment_range", "on_or_after": _days("past", 60)})
    renews: Node = {"type": "moment_range", "on_or_after": _days("past", 0), "before": _days("future", 60)}
    return (
        ViewSeed("Renewals in the next 60 days", node=_all("lead", custom("Renewal Date", renews))),
        ViewSeed(
            "Untouched EMEA leads", node=_all("lead", custom("Region", _term("EMEA")), {**untouched, "negate": True})
        ),
        ViewSeed(
            "Enterprise churn risk",
            node=_all("lead", custom("Plan", _term("Enterprise")), custom("Tags", _term("churn-risk"))),
        ),
        ViewSeed("Hot leads", node=_all("lead", status("Qualified"), hot)),
        ViewSeed("Hot leads", node=_all("lead", custom("Tags", _term("vip")), status("Contacted", "Qualified"))),
        ViewSeed("Executives", type="contact", node=_all("contact", custom("Department", _term("Executive")))),
        ViewSeed("Old text view", legacy_query='lead_status:"Potential" sort:date_created'),
    )


def _all(object_type: str, *nodes: Node) -> Node:
    return {"type": "and", "queries": [{"type": "object_type", "object_type": object_type}, *nodes]}


def _lead_field(name: str, condition: Node) -> Node:
    field: Node = {"type": "regular_field", "object_type": "lead", "field_name": name}
    return {"type": "field_condition", "field": field, "condition": condition}


def _term(*values: str) -> Node:
    return {"type": "term", "values": list(values)}


def _days(direction: str, days: int) -> Node:
    span: Node = {"years": 0, "months": 0, "weeks": 0, "days": days, "hours": 0, "minutes": 0, "seconds": 0}
    now: Node = {"type": "now"}
    return {"type": "offset", "direction": direction, "moment": now, "offset": span, "which_day_end": "start"}
