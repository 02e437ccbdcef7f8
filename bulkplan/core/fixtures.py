"""
Which lead a test of a spec makes up: from fields as a filter spells them to JSON as Close answers it.

A fixture holds fields of the lead, and lists of what hangs off it: `contacts`, `opportunities`, `emails`, `calls`,
`notes`, `meetings`, `sms`, `sequence_subscriptions` (of the first contact, or inside one). What every object has in
Close, and the filter asks for, must be said: nothing is guessed that could decide a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.field_table import FieldType
from bulkplan.core.fields import LEAD, FoundField, find_field, plural
from bulkplan.core.fixture_values import HeldValue, held_value
from bulkplan.core.made_up import Fact
from bulkplan.core.near import did_you_mean, join_words
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject

LISTS: Mapping[str, Mapping[str, str]] = {
    LEAD: {
        "contacts": "contact",
        "opportunities": "opportunity",
        "emails": "activity.email",
        "calls": "activity.call",
        "notes": "activity.note",
        "meetings": "activity.meeting",
        "sms": "activity.sms",
        "sequence_subscriptions": "sequence_subscription",
    },
    "contact": {"sequence_subscriptions": "sequence_subscription"},
}
"""The lists that an object of a fixture may have, and the kind of object in each."""

COUNTED: Mapping[tuple[str, str], str] = {
    (LEAD, "num_opportunities"): "opportunities: [{status_type: active}]",
    (LEAD, "num_emails"): "emails: [{date: 3 days ago}]",
    (LEAD, "num_notes"): "notes: [{date_created: 3 days ago}]",
    (LEAD, "num_upcoming_meetings"): "meetings: [{status: upcoming, date: in 2 days}]",
    (LEAD, "num_tasks"): "",
    (LEAD, "times_communicated"): "emails: [{date: 3 days ago}], calls: [{date: 5 days ago}]",
    (LEAD, "addresses_count"): "city: Berlin",
    (LEAD, "all_urls_count"): "url: https://example.com",
    ("contact", "emails_count"): "email: [a@example.com, b@example.com]",
    ("contact", "phones_count"): "phone: ['+15550100']",
    ("contact", "urls_count"): "url: https://example.com",
}
"""Numbers that Close counts, each with what to write instead of the number; `num_tasks` alone is taken as it is."""

_ALWAYS: Mapping[str, Mapping[str, str]] = {
    LEAD: {"date_created": "30 days ago", "date_updated": "3 days ago"},
    "contact": {"date_created": "30 days ago", "date_updated": "3 days ago"},
    "opportunity": {"status_type": "active", "date_created": "30 days ago", "date_updated": "3 days ago"},
    "activity.email": {
        "date": "3 days ago",
        "date_created": "3 days ago",
        "direction": "outgoing",
        "status": "sent",
    },
    "activity.call": {"date_created": "3 days ago", "direction": "outbound"},
    "activity.note": {"date_created": "3 days ago"},
    "activity.meeting": {"date_created": "3 days ago", "status": "completed"},
    "activity.sms": {"date_created": "3 days ago", "direction": "outbound"},
    "sequence_subscription": {"sequence_id": "Trial onboarding", "status": "active"},
}
"""Fields that no object of Close lacks, each with an example: where a filter asks for one, a test must say it."""
_SPELLED = {"sequence_id": "sequence"}
_DATES = ("date", "date_created", "date_sent")
"""One of them stands for the others of an activity."""
_PREFIXES = {"opportunity": "oppo", "sequence_subscription": "sub", "contact": "cont", LEAD: "lead"}

OTHER_STATUS = "stat_other"
"""The status of a lead whose fixture says none: one that no filter names."""


@dataclass(frozen=True)
class FixtureObject:
    """One object of a fixture: its kind, its made-up ID, its number among its kind, and what is said of it in words."""

    kind: str
    id: str
    number: int
    parent: str | None
    said: Mapping[str, str]


@dataclass(frozen=True)
class Fixture:
    """A lead as Close answers it, with activities and subscriptions; its objects, the lead first; what was wrong."""

    lead: JsonObject
    objects: tuple[FixtureObject, ...]
    problems: tuple[Problem, ...] = ()


def facts_of_fixture(data: Mapping[str, JsonValue], kind: str = LEAD) -> Iterator[Fact]:
    """What a fixture says of fields: names and values that must exist in the organization made up for it."""
    lists = LISTS.get(kind, {})
    for key, value in data.items():
        if key in lists:
            for item in value if isinstance(value, list) else ():
                if isinstance(item, dict):
                    yield from facts_of_fixture(item, lists[key])
            continue
        values = value if isinstance(value, list) else [value]
        scalars = tuple(item for item in values if isinstance(item, str | int | float | bool))
        yield Fact(kind, key, None, scalars, is_list=isinstance(value, list))


def build_fixture(
    data: Mapping[str, JsonValue],
    *,
    context: WhereContext,
    asked: frozenset[tuple[str, str]],
    path: Path,
    custom_ids: frozenset[str] | None = None,
) -> Fixture:
    """
    Make up the lead that `data` describes.

    Args:
        data: The mapping under `lead` of a test.
        context: The organization made up for it, and the instant and zone of the test.
        asked: Kind and field name of every built-in field that the filter asks for.
        path: Where the mapping stands; problems lie below it.
        custom_ids: Where the filter is a structured query: the custom fields that it asks for. It names them by ID, so
            a name in the fixture would be another field.
    """
    builder = _Builder(context, asked, custom_ids)
    lead = builder.lead(data, path)
    return Fixture(lead, tuple(builder.objects), tuple(builder.problems))


def field_key(found: FoundField) -> str:
    """How a field is called in Close's JSON: its name there, or `custom.cf_…`."""
    named = found.node.get("field_name")
    return str(named) if named is not None else f"custom.{found.node['custom_field_id']}"


@dataclass
class _Read:
    """The fields of one object: values in Close's JSON by key; those that other objects hold by their kind."""

    values: JsonObject = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    owned: dict[str, JsonObject] = field(default_factory=dict)


@dataclass
class _Builder:
    """Builds one lead; `objects` and `problems` grow on the way."""

    context: WhereContext
    asked: frozenset[tuple[str, str]]
    custom_ids: frozenset[str] | None = None
    objects: list[FixtureObject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    """The type of each opportunity status."""

    def lead(self, data: Mapping[str, JsonValue], path: Path) -> JsonObject:
        read, lead_id = self._object(data, LEAD, path, parent=None)
        contacts = [self._contact(item, at, lead_id) for item, at in self._items(data, "contacts", path)]
        subscriptions = self._subscriptions(data, path, parent=lead_id)
        if subscriptions and not contacts:
            contacts = [{"id": self._take("contact", lead_id, {}), "sequence_subscriptions": []}]
        if subscriptions:
            contacts[0]["sequence_subscriptions"] = [*_list(contacts[0]["sequence_subscriptions"]), *subscriptions]
        opportunities = [self._opportunity(item, at, lead_id) for item, at in self._items(data, "opportunities", path)]
        activities = [
            self._activity(item, kind, at, lead_id)
            for key, kind in LISTS[LEAD].items()
            if kind.startswith("activity.")
            for item, at in self._items(data, key, path)
        ]
        address, n_tasks = read.owned.get("address"), read.values.pop("num_tasks", 0)
        return {
            "status_id": OTHER_STATUS,
            **_with_dates(read.values),
            "id": lead_id,
            "addresses": [address] if address else [],
            "tasks": [{}] * n_tasks if isinstance(n_tasks, int) else [],
            "contacts": [*contacts],
            "opportunities": [*opportunities],
            "activities": [*activities],
        }

    def _contact(self, data: Mapping[str, JsonValue], path: Path, lead_id: str) -> JsonObject:
        read, contact_id = self._object(data, "contact", path, parent=lead_id)
        ways: JsonObject = {}
        for owner, key in (("contact_email", "email"), ("contact_phone", "phone"), ("contact_url", "url")):
            held = read.owned.get(owner, {}).get(key)
            ways[f"{key}s"] = [{key: way} for way in (held if isinstance(held, list) else [held]) if way is not None]
        subscriptions: list[JsonValue] = [*self._subscriptions(data, path, parent=contact_id)]
        return {**_with_dates(read.values), **ways, "id": contact_id, "sequence_subscriptions": subscriptions}

    def _subscriptions(self, data: Mapping[str, JsonValue], path: Path, *, parent: str) -> list[JsonObject]:
        found: list[JsonObject] = []
        for item, at in self._items(data, "sequence_subscriptions", path):
            read, made = self._object(item, "sequence_subscription", at, parent=parent)
            found.append({"sequence_id": "seq_other", "status": "active", **read.values, "id": made})
        return found

    def _opportunity(self, data: Mapping[str, JsonValue], path: Path, lead_id: str) -> JsonObject:
        read, made = self._object(data, "opportunity", path, parent=lead_id)
        type_ = str(read.values.get("status_type", "active"))
        status = str(read.values.get("status_id", f"{OTHER_STATUS}_{type_}"))
        if self.types.setdefault(status, type_) != type_:
            message = f"this status is of type {self.types[status]} in another opportunity of this lead"
            self.problems.append(Problem(message, "a status has one type: name another status", (*path, "status_type")))
        for key in ("value", "confidence"):
            if isinstance(read.values.get(key), float):
                hint = "write a whole number" + (": values are in cents" if key == "value" else "")
                self.problems.append(Problem(f"{key} is a whole number", hint, (*path, key)))
        return {**_with_dates(read.values), "status_id": status, "status_type": type_, "id": made}

    def _activity(self, data: Mapping[str, JsonValue], kind: str, path: Path, lead_id: str) -> JsonObject:
        read, made = self._object(data, kind, path, parent=lead_id)
        values = dict(read.values)
        at = next((values[key] for key in _DATES if values.get(key) is not None), self.context.now.isoformat())
        word = kind.removeprefix("activity.")
        defaults: JsonObject = {"date_created": at, "date": at}
        if word == "email":
            status = values.get("status", "inbox" if values.get("direction") == "incoming" else "sent")
            went = at if status in ("sent", "inbox") else None
            defaults |= {"direction": "outgoing", "status": status, "date_sent": went}
        filled: JsonObject = {**defaults, **values}
        return {**filled, "_type": word, "activity_at": filled["date"], "id": made}

    def _items(self, data: Mapping[str, JsonValue], key: str, path: Path) -> Iterator[tuple[JsonObject, Path]]:
        items = data.get(key)
        if items is None:
            return
        if not isinstance(items, list):
            self.problems.append(Problem(f"{key} is a list", f"write {key}: [{{…}}]", (*path, key)))
            return
        for index, item in enumerate(items):
            at = (*path, key, index)
            if isinstance(item, dict):
                yield item, at
            else:
                message = f"item {index + 1} of {key} is a mapping of fields"
                self.problems.append(Problem(message, "write {} where nothing is to be said of it", at))

    def _object(self, data: Mapping[str, JsonValue], kind: str, path: Path, *, parent: str | None) -> tuple[_Read, str]:
        read = _Read()
        for key, value in data.items():
            if key not in LISTS.get(kind, {}) and value is not None:
                self._field(key, value, kind, read, (*path, key))
        self._check_said(kind, read, path)
        return read, self._take(kind, parent, read.said)

    def _take(self, kind: str, parent: str | None, said: Mapping[str, str]) -> str:
        number = 1 + sum(one.kind == kind for one in self.objects)
        made = f"{_PREFIXES.get(kind, 'acti_' + kind.removeprefix('activity.'))}_{number}"
        self.objects.append(FixtureObject(kind, made, number, parent, said))
        return made

    def _field(self, key: str, value: JsonValue, kind: str, read: _Read, path: Path) -> None:
        found = self._found(key, kind, path)
        if isinstance(found, Problem):
            self.problems.append(found)
            return
        read.tried.add(field_key(found))
        held = self._held(value, found, path)
        if isinstance(held, Problem):
            self.problems.append(held)
            return
        name = field_key(found)
        read.said[name] = held.words
        if found.owner is None:
            read.values[name] = held.json
        else:
            read.owned.setdefault(found.owner, {})[name] = held.json

    def _found(self, key: str, kind: str, path: Path) -> FoundField | Problem:
        if key == "date" and kind.startswith("activity."):
            node: JsonObject = {"type": "regular_field", "object_type": kind, "field_name": "date"}
            return FoundField("date", FieldType.MOMENT, node)
        lists = LISTS.get(kind, {})
        found = find_field(key, scope=kind, catalog=self.context.catalog, path=path)
        if isinstance(found, Problem):
            guess = did_you_mean(key, lists, 1) or found.hint
            more = f"; lists: {join_words(lists)}" if lists else ""
            return Problem(f'"{key}" is no field of {plural(kind)}', f"{guess}{more}", path, on_key=True)
        custom_id = found.node.get("custom_field_id")
        if custom_id is not None and self.custom_ids is not None and custom_id not in self.custom_ids:
            message = f'"{key}" is no field that the query asks for: it names custom fields by ID'
            catalog = self.context.catalog
            fields = (*catalog.lead_fields, *catalog.contact_fields, *catalog.opportunity_fields)
            some = join_words(f"custom.{one.name}" for one in fields if one.id in self.custom_ids) or "none"
            return Problem(message, f"it asks for {some}", path, on_key=True)
        instead = COUNTED.get((kind, field_key(found)))
        if instead and found.owner is None:
            message = f"{found.label} is counted, and cannot be said"
            return Problem(message, f"write what is counted, such as {instead}", path, on_key=True)
        return found

    def _held(self, value: JsonValue, found: FoundField, path: Path) -> HeldValue | Problem:
        may_be_list = found.is_multiple or (found.owner or "").startswith("contact_")
        if not isinstance(value, list) or not may_be_list:
            return held_value(value, found, context=self.context, path=path)
        each = [held_value(item, found, context=self.context, path=(*path, index)) for index, item in enumerate(value)]
        wrong = next((one for one in each if isinstance(one, Problem)), None)
        held = [one for one in each if isinstance(one, HeldValue)]
        return wrong or HeldValue([one.json for one in held], join_words(one.words for one in held))

    def _check_said(self, kind: str, read: _Read, path: Path) -> None:
        """What the filter asks for, and every object of the kind has, must be said."""
        is_dated = kind.startswith("activity.") and any(key in read.tried for key in _DATES)
        for name, example in _ALWAYS[kind].items():
            if (kind, name) not in self.asked or name in read.tried or (is_dated and name in _DATES):
                continue
            key = _SPELLED.get(name, name)
            message = f"the filter asks for {key}, which all {plural(kind)} have in Close, and the test does not say it"
            self.problems.append(Problem(message, f"add it, such as {key}: {example}", path, on_key=True))


def _with_dates(values: JsonObject) -> JsonObject:
    """An object that was updated was made then at the latest."""
    updated = values.get("date_updated")
    return {"date_created": updated, **values} if updated is not None else values


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
