"""What opportunities look like in JSON; read in bulk."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pydantic import JsonValue

from bulkplan.sandbox.custom_values import custom_values
from bulkplan.sandbox.rows import Row, chunks, fetch_all, id_list, text

JsonObject = dict[str, JsonValue]


def load_opportunities(connection: sqlite3.Connection, ids: Sequence[str], *, organization_id: str) -> list[JsonObject]:
    """Read opportunities as `GET /opportunity/` answers them, in the order of `ids`."""
    found: dict[str, JsonObject] = {}
    for part in chunks(ids):
        for item in opportunities_where(connection, "o.id", id_list(part), organization_id=organization_id):
            found[text(item, "id")] = item
    return [found[item_id] for item_id in ids if item_id in found]


_OPPORTUNITY = """
    SELECT o.id, o.lead_id, lead.display_name AS lead_name, o.contact_id, contact.name AS contact_name, o.user_id,
           user.first_name || ' ' || user.last_name AS user_name, o.status_id, s.label AS status_label,
           s.type AS status_type, s.label AS status_display_name, s.pipeline_id, pipeline.name AS pipeline_name,
           o.note, o.value, o.value_currency, o.value_period, o.confidence, o.expected_date, o.date_won, o.date_lost,
           o.created_by, o.updated_by, o.date_created, o.date_updated
    FROM opportunity AS o
    JOIN opportunity_status AS s ON s.id = o.status_id
    JOIN pipeline ON pipeline.id = s.pipeline_id
    JOIN lead ON lead.id = o.lead_id
    LEFT JOIN contact ON contact.id = o.contact_id
    LEFT JOIN user ON user.id = o.user_id
"""
_OPPORTUNITY_WHERE = {
    "o.id": _OPPORTUNITY + " WHERE o.id IN (SELECT value FROM json_each(?)) ORDER BY o.date_created, o.id",  # noqa: S608 - own names
    "o.lead_id": _OPPORTUNITY + " WHERE o.lead_id IN (SELECT value FROM json_each(?)) ORDER BY o.date_created, o.id",  # noqa: S608 - own names
}


def opportunities_where(
    connection: sqlite3.Connection, column: str, ids: str, *, organization_id: str
) -> list[JsonObject]:
    """Read opportunities by a JSON list of ids in `o.id` or `o.lead_id`, oldest first."""
    rows = fetch_all(connection, _OPPORTUNITY_WHERE[column], (ids,))
    custom = custom_values(connection, [text(row, "id") for row in rows])
    return [
        {**row, **_worked_out(row), "organization_id": organization_id, **custom.get(text(row, "id"), {})}
        for row in rows
    ]


def _worked_out(row: Row) -> JsonObject:
    """Return what follows from value, period and confidence. Source: Close API, "Opportunities"."""
    value, confidence, currency = row["value"], row["confidence"], row["value_currency"]
    if not isinstance(value, int):
        names = ("annualized_value", "expected_value", "annualized_expected_value", "value_formatted")
        return dict.fromkeys(names)
    annualized = value * 12 if row["value_period"] == "monthly" else value
    share = confidence if isinstance(confidence, int) else 0
    return {
        "annualized_value": annualized,
        "expected_value": value * share // 100,
        "annualized_expected_value": annualized * share // 100,
        "value_formatted": format_money(value, str(currency or "USD")),
    }


def format_money(cents: int, currency: str) -> str:
    """Write an amount as people read it: `$3,000`, `€12.50`, `CHF 7`."""
    sign = _SIGNS.get(currency, f"{currency} ")
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{sign}{whole:,}{f'.{rest:02d}' if rest else ''}"


_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
