"""
Which webhook deliveries are due, how they are signed, and what follows from their outcome.

A trigger queues an event for every active subscription that asks for its type and action. `take_due` hands deliveries
out and pushes their time on, so that of several senders only one tries; `note_outcome` removes what was delivered and
puts off what was not: longer each time, twenty minutes at most, for seventy-two hours. A subscription for which
nothing has worked for three days, or for which too much waits, is paused.

The sandbox calls loopback addresses and no others: what goes anywhere else is dropped, and the subscription says so.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pydantic import JsonValue

from bulkplan.sandbox.clock import format_moment, parse_moment
from bulkplan.sandbox.events import event_object
from bulkplan.sandbox.objects import naive
from bulkplan.sandbox.rows import Row, compact, fetch_all, fetch_int, integer, parsed, text
from bulkplan.sandbox.settings import SandboxSettings
from bulkplan.sandbox.webhook_filters import matches
from bulkplan.sandbox.world import World

JsonObject = dict[str, JsonValue]

FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 20 * 60.0
KEPT_S = 72 * 3600.0
PATIENCE_S = 3 * 86_400.0
MOST_WAITING = 100_000
"""Source: Close API, "Webhooks", for all but the first delay."""

AT_A_TIME = 50
LEASE_S = 60.0
"""How long a delivery is left to whoever took it."""

_DUE = """
    SELECT d.seq AS delivery, d.n_attempts, d.queued_at, w.url, w.signature_key, w.events AS wanted,
           w.id AS webhook_id, event.*
    FROM webhook_delivery AS d JOIN webhook AS w ON w.id = d.webhook_id
    LEFT JOIN event ON event.id = d.event_id
    WHERE d.due_at <= :now AND w.status = 'active' AND (event.action IS NOT 'updated' OR event.date_updated < :merged)
    ORDER BY d.seq LIMIT :limit
"""


@dataclass(frozen=True)
class Delivery:
    """One attempt to make: POST `body` with `headers` to `url`. `delivery` and `n_attempts` (before it) name it."""

    delivery: int
    webhook_id: str
    n_attempts: int
    queued_at: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def webhook_object(row: Row) -> JsonObject:
    """Return a subscription as the API answers it. Source: Close API, "Webhooks"."""
    names = (
        "id", "url", "status", "pause_reason", "signature_key", "created_by", "updated_by",
    )  # fmt: skip
    return {
        **{name: row[name] for name in names},
        "events": parsed(row["events"]),
        "verify_ssl": bool(row["verify_ssl"]),
        "latest_error": parsed(row["latest_error"]),
        "health_status": "healthy" if row["failing_since"] is None else "unhealthy",
        "recent_consecutive_fail_buckets_cnt": 0,
        "counters": {},
        "date_created": naive(row["date_created"]),
        "date_updated": naive(row["date_updated"]),
    }


def is_loopback(url: str) -> bool:
    """Say whether a URL leads to this machine: `localhost`, 127.0.0.0/8 or ::1, over http or https."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_web = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    if not is_web:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def take_due(world: World, settings: SandboxSettings) -> list[Delivery]:
    """Take what is due, in the order of the events; deliveries that need no attempt are removed."""
    with world.reading() as connection:
        if not fetch_all(connection, "SELECT 1 FROM webhook_delivery LIMIT 1"):
            return []
    with world.transaction() as connection:
        now = world.now()
        _pause_overfull(world, now)
        merged = format_moment(now - timedelta(seconds=settings.event_merge_seconds))
        rows = fetch_all(connection, _DUE, {"now": format_moment(now), "merged": merged, "limit": AT_A_TIME})
        return [found for row in rows if (found := _take(world, row, now)) is not None]


def _take(world: World, row: Row, now: datetime) -> Delivery | None:
    if row["id"] is None or not _is_wanted(world, row):
        _remove(world, integer(row, "delivery"))
        return None
    if not is_loopback(text(row, "url")):
        _remove(world, integer(row, "delivery"))
        _note_error(world, row, now, "The sandbox delivers to loopback addresses only.")
        return None
    lease = format_moment(now + timedelta(seconds=LEASE_S))
    world.connection.execute("UPDATE webhook_delivery SET due_at = ? WHERE seq = ?", (lease, integer(row, "delivery")))
    event = event_object(row, organization_id=world.organization_id)
    body = compact({"subscription_id": row["webhook_id"], "event": event}).encode("utf-8", "surrogatepass")
    return Delivery(
        delivery=integer(row, "delivery"),
        webhook_id=text(row, "webhook_id"),
        n_attempts=integer(row, "n_attempts"),
        queued_at=text(row, "queued_at"),
        url=text(row, "url"),
        headers=signed_headers(body, key=text(row, "signature_key"), now=now),
        body=body,
    )


def signed_headers(body: bytes, *, key: str, now: datetime) -> tuple[tuple[str, str], ...]:
    """Sign a body: HMAC-SHA256 over timestamp and body, with the key's 32 bytes. Source: Close API, "Webhooks"."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.digest(bytes.fromhex(key), timestamp.encode() + body, "sha256").hex()
    return (
        ("content-type", "application/json"),
        ("close-sig-timestamp", timestamp),
        ("close-sig-hash", signature),
    )


def _is_wanted(world: World, row: Row) -> bool:
    """Say whether one of the subscription's events, with its extra filter, is about this event."""
    event = event_object(row, organization_id=world.organization_id)
    wanted = parsed(row["wanted"])
    for item in wanted if isinstance(wanted, list) else []:
        if not isinstance(item, dict) or (item["object_type"], item["action"]) != (row["object_type"], row["action"]):
            continue
        extra = item.get("extra_filter")
        if not isinstance(extra, dict) or matches(extra, event):
            return True
    return False


def note_outcome(world: World, delivery: Delivery, *, error: str | None) -> None:
    """Note what became of an attempt: None for a 2xx answer, or else what went wrong."""
    with world.transaction() as connection:
        now = world.now()
        if error is None:
            _remove(world, delivery.delivery)
            connection.execute("UPDATE webhook SET failing_since = NULL WHERE id = ?", (delivery.webhook_id,))
            return
        retry_at = now + timedelta(seconds=min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0**delivery.n_attempts))
        if retry_at > parse_moment(delivery.queued_at) + timedelta(seconds=KEPT_S):
            _remove(world, delivery.delivery)
        connection.execute(
            "UPDATE webhook_delivery SET n_attempts = n_attempts + 1, due_at = ? WHERE seq = ?",
            (format_moment(retry_at), delivery.delivery),
        )
        _note_error(world, {"webhook_id": delivery.webhook_id}, now, error)


def _note_error(world: World, row: Row, now: datetime, error: str) -> None:
    moment = format_moment(now)
    latest = compact({"message": error, "date": naive(moment)})
    world.connection.execute(
        "UPDATE webhook SET latest_error = ?, failing_since = coalesce(failing_since, ?) WHERE id = ?",
        (latest, moment, text(row, "webhook_id")),
    )
    patience = format_moment(now - timedelta(seconds=PATIENCE_S))
    _pause(world, now, "failures", "id = ? AND failing_since <= ?", (text(row, "webhook_id"), patience))


def _pause_overfull(world: World, now: datetime) -> None:
    if fetch_int(world.connection, "SELECT count(*) FROM webhook_delivery") >= MOST_WAITING:
        condition = "(SELECT count(*) FROM webhook_delivery AS d WHERE d.webhook_id = webhook.id) >= ?"
        _pause(world, now, "backlog", condition, (MOST_WAITING,))


def _pause(world: World, now: datetime, reason: str, condition: str, params: Sequence[str | int]) -> None:
    world.connection.execute(
        f"""
        UPDATE webhook SET status = 'paused', pause_reason = ?, date_updated = ?
        WHERE status = 'active' AND {condition}
        """,  # noqa: S608 - own names
        (reason, format_moment(now), *params),
    )


def _remove(world: World, delivery: int) -> None:
    world.connection.execute("DELETE FROM webhook_delivery WHERE seq = ?", (delivery,))
