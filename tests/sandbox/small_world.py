"""A small seeded world with odd texts in it, at a fixed time."""

from datetime import UTC, datetime

from bulkplan.sandbox.clock import SteppedClock
from bulkplan.sandbox.query_values import QueryContext
from bulkplan.sandbox.world import World

NOON = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
ODD_NAMES = (
    "Straße & Söhne GmbH", "STRASSE UND SOHN", "\N{KELVIN SIGN}elvin Labs", "İstanbul Data", "O'Neil-Baker Ltd", "",
    "  ", None, "100% Cotton_Shop", "Ärzte\x00Haus", "Ελληνική ΣΑΣ", "naïve cafe\N{COMBINING ACUTE ACCENT}",
)  # fmt: skip


def small_world(leads=45):
    """Make the world; the first leads get `ODD_NAMES`, and some opportunities move on."""
    world = World.open(None, leads=leads, seed=3, clock=SteppedClock(NOON))
    with world.transaction() as connection:
        found = [lead_id for (lead_id,) in connection.execute("SELECT id FROM lead ORDER BY id")]
        pairs = list(zip(ODD_NAMES, found, strict=False))
        connection.executemany("UPDATE lead SET name = ?, description = name WHERE id = ?", pairs)
        connection.execute(
            "UPDATE opportunity SET status_id = (SELECT id FROM opportunity_status WHERE label = 'Won'), "
            "date_updated = '2026-11-20T08:00:00.000000+00:00' "
            "WHERE status_id = (SELECT id FROM opportunity_status WHERE label = 'Proposal')"
        )
    return world


def context_of(world, *, tz_offset=0.0):
    """Ask as the world's owner, now."""
    return QueryContext(now=world.now(), tz_offset=tz_offset, user_id=world.owner_user_id)
