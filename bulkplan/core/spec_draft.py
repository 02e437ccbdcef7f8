"""A first version of a spec out of a filter, an action and a count: its data, and the comments that explain it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime

from pydantic import JsonValue

from bulkplan.core.example_leads import example_tests
from bulkplan.core.field_table import FieldType
from bulkplan.core.written_filter import KEPT, WrittenFilter, as_written
from bulkplan.errors import Path, UsageError
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog
from bulkplan.model.spec import ActionType

ROOM = 1.1
"""A suggested limit leaves room for a tenth more leads than match now."""


@dataclass(frozen=True)
class ActionWords:
    """What a person said about an action: names or IDs. Several values stand for a list."""

    template: str | None = None
    sender: str | None = None
    status: str | None = None
    field: str | None = None
    value: tuple[JsonValue, ...] = ()
    sequence: str | None = None
    operation: str | None = None

    @property
    def given(self) -> tuple[str, ...]:
        """The names of those that were said; the operation goes with the value."""
        return tuple(one.name for one in fields(self) if one.name != "operation" and getattr(self, one.name))


NEEDED: Mapping[ActionType, tuple[str, ...]] = {
    "email": ("template", "sender"),
    "set_lead_status": ("status",),
    "set_custom_field": ("field", "value"),
    "clear_custom_field": ("field",),
    "delete": (),
    "sequence_subscribe": ("sequence", "sender"),
    "sequence_pause": ("sequence",),
    "sequence_resume": ("sequence",),
    "sequence_resume_finished": ("sequence",),
}
"""What each action needs to be told."""


def missing_words(action_type: ActionType, words: ActionWords) -> tuple[str, ...]:
    """What is still to be said. Raises `UsageError` for a word that the action has no use for."""
    for name in words.given:
        if name not in NEEDED[action_type]:
            takes = " and ".join(f"--{each}" for each in NEEDED[action_type]) or "none of these options"
            raise UsageError(f"--{name} does not go with {action_type}", hint=f"{action_type} takes {takes}")
    if words.operation is not None and "value" not in NEEDED[action_type]:
        raise UsageError(f"--operation does not go with {action_type}", hint="set_custom_field takes it, with --value")
    return tuple(name for name in NEEDED[action_type] if name not in words.given)


def typed_value(value: JsonValue, type_: FieldType) -> JsonValue:
    """A value that came as text, as the field takes it: a number for a number."""
    if type_ is not FieldType.NUMBER or not isinstance(value, str):
        return value
    for read in (int, float):
        try:
            return read(value)
        except ValueError:
            continue
    return value


def action_data(action_type: ActionType, words: ActionWords) -> JsonObject:
    """The action as a spec writes it. Everything it needs has been said."""
    data: JsonObject = {"type": action_type}
    for name in NEEDED[action_type]:
        if name == "value":
            values = [as_written(value) for value in words.value]
            data |= {"value": values[0]} if len(values) == 1 else {"values": values}
            data |= {"operation": words.operation} if words.operation else {}
        else:
            data[name] = as_written(getattr(words, name))
    return data


@dataclass(frozen=True)
class DraftFacts:
    """
    What a draft is made from.

    `origin` says where the filter comes from, as the end of a sentence. `matches` is how many leads match at `now`;
    `None` when nobody could count them.
    """

    name: str
    origin: str
    now: datetime
    matches: int | None = None
    description: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class SpecDraft:
    """The data of a spec, and its comments: on top, above a value, beside it."""

    data: JsonObject
    top: Sequence[str] = ()
    above: Mapping[Path, Sequence[str]] = field(default_factory=dict)
    beside: Mapping[Path, str] = field(default_factory=dict)


def draft_spec(filter_: WrittenFilter, action: JsonObject, facts: DraftFacts, catalog: Catalog) -> SpecDraft:
    """The first version of a spec, with a ceiling from the count and tests from the filter."""
    data: JsonObject = {"schema": "bulkplan/v1", "name": facts.name, "version": 1}
    if facts.description:
        data["description"] = as_written(facts.description)
    if facts.owner:
        data["owner"] = as_written(facts.owner)
    data |= {"filter": filter_.filter, "action": action}
    if filter_.options:
        data["options"] = filter_.options
    beside: dict[Path, str] = {}
    if facts.matches is not None:
        data["guards"] = {"max_matches": rounded_up(facts.matches)}
        leads = f"{facts.matches:,} lead{'' if facts.matches == 1 else 's'}"
        beside[("guards", "max_matches")] = f"{leads} matched on {facts.now:%Y-%m-%d}"
    if tests := example_tests(filter_.filter.get("where"), catalog):
        data["tests"] = list(tests)
    above: dict[Path, Sequence[str]] = {}
    if filter_.why is not None:
        above[("filter", "query")] = [f"{KEPT}: {filter_.why}."]
    if filter_.filter.get("all_leads"):
        beside[("filter", "all_leads")] = "the query asks nothing of a lead"
    return SpecDraft(data, [f"The filter comes from {facts.origin}."], above, beside)


def rounded_up(matches: int) -> int:
    """A ceiling for a count: a tenth more, in two figures. `32` gives 36, `1870` gives 2100; at least 10."""
    wanted = math.ceil(matches * ROOM)
    step = int("1".ljust(len(str(wanted)) - 1, "0"))
    return max(10, math.ceil(wanted / step) * step)
