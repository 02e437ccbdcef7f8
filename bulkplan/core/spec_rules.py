"""
Rules between the keys of a spec that types cannot say: exactly one of several, operators that fit, no empty keys.

They look at the data as read, not at the model, so that their problems come together with those of the types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from bulkplan.core.spec_places import fields_by_key
from bulkplan.core.spec_words import describe, list_words
from bulkplan.errors import Path, Problem
from bulkplan.model.spec import Filter
from bulkplan.model.where import FieldCondition, where_tag

FILTER_KEYS = tuple(fields_by_key(Filter))
OPERATORS = tuple(key for key in fields_by_key(FieldCondition) if key != "field")
_LOWER = {"gt": "number", "gte": "number", "after": "date", "on_or_after": "date"}
_UPPER = {"lt": "number", "lte": "number", "before": "date", "on_or_before": "date"}
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_COLLECTIONS = (dict, list)
_SEQUENCE_ACTIONS = frozenset({"sequence_pause", "sequence_resume", "sequence_resume_finished"})


def find_rule_problems(data: JsonValue) -> tuple[Problem, ...]:
    """What is wrong between the keys of a spec's data."""
    if not isinstance(data, dict):
        return ()
    found = [*_empty_keys(data), *_for_each_problems(data.get("for_each")), *_moment_problems(data)]
    leads, action = data.get("filter"), data.get("action")
    if isinstance(leads, dict):
        found += _filter_problems(leads)
    if isinstance(action, dict):
        found += _action_problems(action)
    return tuple(found)


def find_where_problems(node: JsonValue, path: Path) -> Iterator[Problem]:
    """Conditions whose operators do not go together, in a short filter that stands at `path`."""
    if not isinstance(node, dict):
        return
    tag = where_tag(node)
    if tag in {"all", "any"}:
        items = node[tag]
        for index, item in enumerate(items if isinstance(items, list) else ()):
            yield from find_where_problems(item, (*path, tag, index))
    elif tag == "not":
        yield from find_where_problems(node["not"], (*path, "not"))
    elif tag in {"has", "use"}:
        yield from find_where_problems(node.get("where"), (*path, "where"))
    elif tag == "field":
        yield from _operator_problems(node, path)


def find_empty_keys(data: Mapping[str, JsonValue], free: Sequence[Path] = ()) -> Iterator[Problem]:
    """Keys without a value, anywhere but below the paths in `free`."""
    if not _holds_nothing(dict(data)):
        return
    waiting: list[tuple[Path, JsonValue]] = [((), dict(data))]
    while waiting:
        path, value = waiting.pop()
        if path in free:
            continue
        if value is None and path:
            name = next(step for step in reversed(path) if isinstance(step, str))
            what = f"item {path[-1] + 1} of {name} is empty" if isinstance(path[-1], int) else f"{name} has no value"
            yield Problem(what, "write a value, or delete the line", path, on_key=not isinstance(path[-1], int))
        elif isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((*path, index), item) for index, item in reversed(list(enumerate(value)))]


def _holds_nothing(value: JsonValue) -> bool:
    """Whether some value in it is none: quickly told, without the paths."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return None in items or any(_holds_nothing(item) for item in items if isinstance(item, _COLLECTIONS))


def _empty_keys(data: Mapping[str, JsonValue]) -> Iterator[Problem]:
    tests = data.get("tests")
    n_tests = len(tests) if isinstance(tests, list) else 0
    leads: list[Path] = [("tests", index, "lead") for index in range(n_tests)]
    for problem in find_empty_keys(data, (("filter", "query"), *leads)):
        if problem.path[0] != "vars" or len(problem.path) == 1:
            yield problem


def _for_each_problems(for_each: JsonValue) -> Iterator[Problem]:
    if for_each == {}:
        yield Problem("for_each names nothing", "write for_each: {region: [EMEA, APAC]}", ("for_each",), on_key=True)
    for key, values in for_each.items() if isinstance(for_each, dict) else ():
        path: Path = ("for_each", key)
        if values == []:
            yield Problem(f"for_each has no value for {key}, so there would be no run", "list at least one", path)
        if not key or key.startswith("_"):
            hint = "begin it with a letter, so that {{ each.name }} can be written"
            yield Problem(f'"{key}" is no name for a value of for_each', hint, path, on_key=True)
        for index, value in enumerate(values if isinstance(values, list) else ()):
            if isinstance(values, list) and value in values[:index] and not isinstance(value, bool):
                yield Problem(f"for_each lists {value} twice for {key}", "delete one of the two", (*path, index))
            if isinstance(value, str) and not value.strip():
                yield Problem(f"for_each has an empty text for {key}", "write a value", (*path, index))


def _moment_problems(data: Mapping[str, JsonValue]) -> Iterator[Problem]:
    for key in ("not_before", "not_after"):
        value = data.get(key)
        if isinstance(value, str) and not _MOMENT.fullmatch(value):
            yield moment_problem(key, value, (key,))


def moment_problem(key: str, value: JsonValue, path: Path) -> Problem:
    """A value that is neither a day nor an instant."""
    hint = "write a day (2026-01-31) or a day with time and zone (2026-01-31T09:00:00+01:00)"
    return Problem(f"{key} is a day or an instant; this is {describe(value)}", hint, path)


def _filter_problems(data: Mapping[str, JsonValue]) -> Iterator[Problem]:
    used = [key for key in FILTER_KEYS if key in data]
    choice = list_words(FILTER_KEYS)
    if not data:
        hint = f"write one of {choice}; to take every lead write all_leads: true"
        yield Problem("an empty filter is an error", hint, ("filter",), on_key=True)
    elif not used and not any(key for key in data if key not in FILTER_KEYS):
        yield Problem(f"the filter needs one of {choice}", None, ("filter",), on_key=True)
    for key in used[1:]:
        hint = f"keep one of {list_words(tuple(used))}; conditions on top of each other go under where: {{all: […]}}"
        yield Problem(f"a filter has one form; this one has {used[0]} already", hint, ("filter", key), on_key=True)
    if data.get("query") == {}:
        hint = 'paste the query that "Copy Filters" of Close gives, or write all_leads: true'
        yield Problem("an empty query is an error", hint, ("filter", "query"), on_key=True)
    yield from find_where_problems(data.get("where"), ("filter", "where"))


def _operator_problems(node: Mapping[str, JsonValue], path: Path) -> Iterator[Problem]:
    used = [key for key in node if key in OPERATORS]
    unknown = [key for key in node if key not in OPERATORS and key != "field"]
    if not used and not unknown:
        hint = f"add one of {', '.join(OPERATORS)}; such as {{field: status, is: Churned}}"
        yield Problem(f"the condition on {node['field']} lacks an operator", hint, path)
    if len(used) < 2 or _is_range(used):
        return
    hint = (
        "put each condition into a list of its own: all: [{field: …, is: …}, {field: …, is: …}]; "
        "only a lower and an upper bound go together, such as gte and lt, or on_or_after and before"
    )
    message = f"{used[0]} and {used[1]} do not go together in one condition"
    if len(used) > 2:
        message = f"a condition has one operator, or two that bound a range; this one has {len(used)}"
    yield Problem(message, hint, (*path, used[1] if len(used) == 2 else used[2]), on_key=True)


def _is_range(used: Sequence[str]) -> bool:
    if len(used) != 2:
        return False
    lower = next((key for key in used if key in _LOWER), None)
    upper = next((key for key in used if key in _UPPER), None)
    return lower is not None and upper is not None and _LOWER[lower] == _UPPER[upper]


def _action_problems(data: Mapping[str, JsonValue]) -> Iterator[Problem]:
    kind = data.get("type")
    if kind == "set_custom_field":
        yield from _exactly_one(data, ("value", "values"), "value: SaaS, or values: [SaaS, Retail]")
    elif isinstance(kind, str) and kind in _SEQUENCE_ACTIONS:
        yield from _exactly_one(data, ("sequence", "all_sequences"), "sequence: Onboarding, or all_sequences: true")


def _exactly_one(data: Mapping[str, JsonValue], keys: tuple[str, str], example: str) -> Iterator[Problem]:
    used = [key for key in keys if key in data]
    if not used:
        message = f"the action {data['type']} needs {keys[0]} or {keys[1]}"
        yield Problem(message, f"write {example}", ("action",), on_key=True)
    elif len(used) == 2:
        message = f"{keys[0]} and {keys[1]} exclude each other"
        yield Problem(message, "keep one of the two", ("action", keys[1]), on_key=True)
