"""Which people a message would reach, as structured queries: whom Close surely takes, and whom it may take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.core.where import has_related, negate, object_type
from bulkplan.model.base import JsonMapping, SQuery

CONTACT = "contact"
_EMAIL = "contact_email"
_SUBSCRIPTION = "sequence_subscription"
RESUMED_FROM = {"resume": "paused", "resume_finished": "finished", "pause": "active"}
"""Which subscriptions each change of a sequence takes. Source: Close API, Bulk sequence subscriptions."""


@dataclass(frozen=True)
class Reach:
    """
    Conditions on one contact.

    Close writes to the first address of a contact (or of a lead), and a query cannot ask for the first one. So there
    are two bounds: `possible` holds for every contact that may be written to, `sure` for those that surely are. All
    conditions of a list must hold. `doubtful` holds for contacts with an address that are not sure; it is `None` where
    both bounds are the same.
    """

    possible: tuple[SQuery, ...]
    sure: tuple[SQuery, ...]
    doubtful: SQuery | None


def has_address() -> SQuery:
    """A contact with an e-mail address."""
    return has_related(CONTACT, _EMAIL, object_type(_EMAIL))


def reach(unsubscribed: Collection[str], *, never_had: str | None = None) -> Reach:
    """
    Whom a message reaches.

    Args:
        unsubscribed: Addresses that get no mass mail.
        never_had: A sequence; whoever ever had it is not subscribed again.
    """
    possible, sure = [has_address()], [has_address()]
    doubts: list[SQuery] = []
    if unsubscribed:
        listed = is_one_of(unsubscribed)
        possible = [has_related(CONTACT, _EMAIL, negate(listed))]
        sure.append(negate(has_related(CONTACT, _EMAIL, listed)))
        doubts.append(has_related(CONTACT, _EMAIL, listed))
    if never_had is not None:
        had = has_subscription(never_had)
        possible.append(negate(had))
        sure.append(negate(had))
        doubts.append(all_of([has_address(), had]))
    return Reach(tuple(possible), tuple(sure), any_of(doubts) if doubts else None)


def is_one_of(addresses: Collection[str]) -> SQuery:
    """An e-mail address that is one of these; their order does not matter."""
    field: SQuery = {"type": "regular_field", "object_type": _EMAIL, "field_name": "email"}
    return any_of(
        [
            {
                "type": "field_condition",
                "field": field,
                "condition": {"type": "text", "mode": "exact_value", "value": address},
            }
            for address in sorted(addresses)
        ]
    )


def has_subscription(sequence_id: str | None, *, status: str | None = None) -> SQuery:
    """A contact that has, or had, a sequence (`None`: any), now in a status (`None`: in any)."""
    asked: list[SQuery] = []
    if sequence_id is not None:
        condition: SQuery = {"type": "reference", "reference_type": "sequence", "object_ids": [sequence_id]}
        asked.append(_of_subscription("sequence_id", condition))
    if status is not None:
        asked.append(_of_subscription("status", {"type": "term", "values": [status]}))
    return has_related(CONTACT, _SUBSCRIPTION, all_of(asked) if asked else object_type(_SUBSCRIPTION))


def contacts_of(leads: SQuery, *conditions: SQuery) -> SQuery:
    """The contacts of leads that a query selects, of whom all conditions hold."""
    return all_of([object_type(CONTACT), has_related(CONTACT, "lead", leads), *conditions])


def leads_with(leads: SQuery, *conditions: SQuery) -> SQuery:
    """The leads that a query selects with at least one contact of whom all conditions hold."""
    return all_of([leads, has_related("lead", CONTACT, all_of(conditions))])


def leads_without_doubt(leads: SQuery, of_contact: Reach) -> SQuery:
    """The leads with an address, of which every contact with an address is surely reached."""
    reached = leads_with(leads, *of_contact.sure)
    if of_contact.doubtful is None:
        return reached
    return all_of([reached, negate(has_related("lead", CONTACT, of_contact.doubtful))])


def sender_address(body: JsonMapping) -> str | None:
    """From which address a request of e-mail or sequences sends, in lower case; `None` where its body says none."""
    text = body.get("sender_email", body.get("sender"))
    if not isinstance(text, str):
        return None
    return text.rpartition("<")[2].strip("<> ").casefold() or None


def all_of(queries: Sequence[SQuery]) -> SQuery:
    """All of them hold."""
    return _group("and", queries)


def any_of(queries: Sequence[SQuery]) -> SQuery:
    """At least one holds."""
    return _group("or", queries)


def _group(kind: str, queries: Sequence[SQuery]) -> SQuery:
    if len(queries) == 1:
        return queries[0]
    listed: list[JsonValue] = list(queries)
    return {"type": kind, "queries": listed}


def _of_subscription(name: str, condition: SQuery) -> SQuery:
    field: SQuery = {"type": "regular_field", "object_type": _SUBSCRIPTION, "field_name": name}
    return {"type": "field_condition", "field": field, "condition": condition}
