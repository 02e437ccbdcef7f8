"""What differs between two requests, field by field. Loads deepdiff, which is slow: import this only when needed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from deepdiff import DeepDiff
from pydantic import JsonValue

from bulkplan.core.digest import canonical_json
from bulkplan.model.base import JsonMapping
from bulkplan.model.plan import FieldChange

_Kind = Literal["added", "removed", "changed"]
_KINDS: Mapping[str, _Kind] = {
    "dictionary_item_added": "added",
    "dictionary_item_removed": "removed",
    "iterable_item_added": "added",
    "iterable_item_removed": "removed",
    "values_changed": "changed",
    "type_changes": "changed",
}
_SETS = frozenset({"object_ids", "values"})
"""Lists of a query whose order means nothing. Source: Close API, Advanced Filtering."""


class _Clause(str):
    """Labels a clause of an `and` or `or`: its index, and `-` behind it when only the older query has the clause."""

    __slots__ = ()


class _Member(str):
    """Labels a member of a list whose order means nothing."""

    __slots__ = ()


def differences(
    before: JsonMapping, after: JsonMapping, *, names: Mapping[str, str] | None = None
) -> tuple[FieldChange, ...]:
    """
    What differs between two request bodies.

    Clauses of an `and` or `or` are matched whatever their order: equal ones first, then those on the same field. The
    indexes in a path are those of `after`; of `before` for a clause that was removed.

    Args:
        before: The body that an earlier run sent.
        after: The body that would be sent now.
        names: Names for IDs; a known ID is shown as `Churned (stat_1)`.

    Returns:
        Changes in the order of their paths; none when the bodies mean the same.
    """
    old, new = _align_objects(before, after)
    found = DeepDiff(old, new, view="tree", threshold_to_diff_deeper=0)
    changes: list[FieldChange] = []
    for section, kind in _KINDS.items():
        for item in found.get(section, ()):
            path = _path_words(item.path(output_format="list"))
            changes.append(_change(path, kind, item.t1, item.t2, names=names or {}))
    return tuple(sorted(changes, key=_place))


def _align_values(old: JsonValue, new: JsonValue, *, key: str) -> tuple[JsonValue, JsonValue]:
    """Both values in a form in which what belongs together stands under one label."""
    if isinstance(old, dict) and isinstance(new, dict):
        return _align_objects(old, new)
    if isinstance(old, list) and isinstance(new, list):
        if key == "queries":
            return _align_clauses(old, new)
        if key in _SETS:
            return _members(old), _members(new)
    return old, new


def _align_objects(old: JsonMapping, new: JsonMapping) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    left, right = dict(old), dict(new)
    for key in old.keys() & new.keys():
        left[key], right[key] = _align_values(old[key], new[key], key=key)
    return left, right


def _members(values: Sequence[JsonValue]) -> dict[str, JsonValue]:
    return {_Member(canonical_json(value)): value for value in values}


def _align_clauses(
    old: Sequence[JsonValue], new: Sequence[JsonValue]
) -> tuple[dict[str, JsonValue], dict[str, JsonValue]]:
    """Equal clauses are left out. Linear in the number of clauses."""
    left: dict[str, JsonValue] = {}
    right: dict[str, JsonValue] = {}
    old_rest, new_rest = _without_equal(old, new)
    waiting: dict[str, list[int]] = defaultdict(list)
    for index in reversed(old_rest):
        waiting[_subject(old[index])].append(index)
    for index in new_rest:
        partners = waiting[_subject(new[index])]
        label = _Clause(f"[{index}]")
        if partners:
            left[label], right[label] = _align_values(old[partners.pop()], new[index], key="")
        else:
            right[label] = new[index]
    for index in sorted(index for rest in waiting.values() for index in rest):
        left[_Clause(f"[{index}]-")] = old[index]
    return left, right


def _without_equal(old: Sequence[JsonValue], new: Sequence[JsonValue]) -> tuple[list[int], list[int]]:
    """The indexes of the clauses that have no equal on the other side."""
    old_names = [canonical_json(clause) for clause in old]
    new_names = [canonical_json(clause) for clause in new]
    return _unmatched(old_names, Counter(new_names)), _unmatched(new_names, Counter(old_names))


def _unmatched(names: Sequence[str], others: Counter[str]) -> list[int]:
    rest: list[int] = []
    for index, name in enumerate(names):
        if others[name] > 0:
            others[name] -= 1
        else:
            rest.append(index)
    return rest


def _subject(clause: JsonValue) -> str:
    """What a clause is about: two clauses about the same are one clause that was changed."""
    if not isinstance(clause, dict):
        return ""
    return canonical_json([clause.get("type"), clause.get("field"), clause.get("related_object_type")])


def _path_words(steps: Sequence[str | int]) -> str:
    words = ""
    for step in steps:
        if isinstance(step, int):
            words += f"[{step}]"
        elif isinstance(step, _Clause):
            words += step.removesuffix("-")
        elif not isinstance(step, _Member):
            words += f".{step}"
    return words.removeprefix(".")


def _change(path: str, kind: _Kind, old: JsonValue, new: JsonValue, *, names: Mapping[str, str]) -> FieldChange:
    return FieldChange(
        path=path,
        change=kind,
        before=None if kind == "added" else _named(_plain(old), names),
        after=None if kind == "removed" else _named(_plain(new), names),
    )


def _plain(value: JsonValue) -> JsonValue:
    """The value as it stood in the body, when alignment has labelled it."""
    if isinstance(value, dict):
        if any(isinstance(key, (_Clause, _Member)) for key in value):
            return [_plain(item) for item in value.values()]
        return {key: _plain(item) for key, item in value.items()}
    return value


def _named(value: JsonValue, names: Mapping[str, str]) -> JsonValue:
    if isinstance(value, str):
        return f"{names[value]} ({value})" if value in names else value
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _named(item, names) for key, item in value.items()}
    return value


def _place(change: FieldChange) -> tuple[list[tuple[int, str]], str, str]:
    """Sorts `queries[2]` before `queries[10]`."""
    parts = [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", change.path)]
    return parts, change.change, canonical_json([change.before, change.after])
