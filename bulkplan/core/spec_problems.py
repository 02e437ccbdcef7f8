"""What is wrong with a spec or project file, in words of the file: no wording of pydantic's reaches the user."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from bulkplan.core.near import did_you_mean, near
from bulkplan.core.operators import ALL_OPERATORS
from bulkplan.core.spec_places import Place, fields_by_key, find_place, literals, models_in, root_place
from bulkplan.core.spec_rules import moment_problem
from bulkplan.core.spec_words import (
    EXAMPLES,
    PURPOSES,
    boolean_hint,
    describe,
    integer_hint,
    percent_hint,
    shorten,
)
from bulkplan.errors import Path, Problem
from bulkplan.model.fragment import FilterFragment
from bulkplan.model.spec import Guards, Spec
from bulkplan.model.where import FieldCondition, Use, where_tag

Model = TypeVar("Model", bound=BaseModel)

NAME_HINT = "write lower-case letters, digits and single dashes, at most 80: win-back-2026"
MAX_PROBLEMS = 200
"""Told of one document; whoever has more has another file before him than he thinks."""
LATER_KEYS: Mapping[str, str] = {
    "rollout": "waves are not available in this version; use options.results_limit",
}
"""Keys that people may know from elsewhere, and what to do instead."""

_FORMS = ("all", "any", "not", "has", "use", "field")
"""The keys by which the forms of a condition are told apart."""

_PATTERN_WORDS: Mapping[str, tuple[str, str]] = {
    "name": ("not a name that a spec can have", NAME_HINT),
    "depends_on": ("not a name that a spec can have", NAME_HINT),
    "project_id": ("not a project ID", "write 8 to 64 digits of 0-9 and a-f; make one with: openssl rand -hex 8"),
    "organization_id": ("not the ID of an organization", "copy it from Close: it begins with orga_"),
    "api_key_env": (
        "not the name of an environment variable",
        "name the variable that holds the key, such as CLOSE_API_KEY; the key itself never stands in a file",
    ),
}


def load_model(model: type[Model], data: JsonValue) -> Model | tuple[Problem, ...]:
    """The value that a document's data is, or everything that is wrong with its types and keys."""
    try:
        return model.model_validate_json(json.dumps(data), by_alias=True, by_name=False)
    except ValidationError as error:
        return explain_errors(error, model, data)


def explain_errors(error: ValidationError, model: type[BaseModel], data: JsonValue) -> tuple[Problem, ...]:
    """One problem per place, in the order in which pydantic came upon them."""
    root = root_place(model, data)
    kinds: dict[tuple[Path, bool], tuple[Place, list[str]]] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        is_key = item["type"] == "extra_forbidden"
        place = _unknown_key_place(root, item["loc"]) if is_key else find_place(root, item["loc"])
        kinds.setdefault((place.path, is_key), (place, []))[1].append(item["type"])
    kinds = dict(islice(kinds.items(), MAX_PROBLEMS))
    unknown = [place.path for (_, is_key), (place, _) in kinds.items() if is_key]
    return tuple(
        _explain(root, place, types)
        for place, types in kinds.values()
        if not (_is_misspelt(place.path, unknown) if "missing" in types else _holds_another(place, kinds))
    )


def _is_misspelt(missing: Path, unknown: Sequence[Path]) -> bool:
    """Whether an unknown key beside a missing one looks like it: one mistake, told once."""
    return any(path[:-1] == missing[:-1] and near(str(path[-1]), [str(missing[-1])]) for path in unknown)


def _holds_another(place: Place, kinds: Mapping[tuple[Path, bool], object]) -> bool:
    """Whether a list is only wrong because of an item that has a problem of its own."""
    n_steps = len(place.path)
    return isinstance(place.data, list) and any(
        len(path) > n_steps and path[:n_steps] == place.path for path, _ in kinds
    )


def _unknown_key_place(root: Place, loc: tuple[str | int, ...]) -> Place:
    parent = find_place(root, loc[:-1])
    key = loc[-1]
    data = parent.data.get(str(key)) if isinstance(parent.data, dict) else None
    return Place((*parent.path, key), data, parent.model)


def _explain(root: Place, place: Place, types: Sequence[str]) -> Problem:
    if "extra_forbidden" in types:
        return _unknown_key(place)
    if "missing" in types:
        return _missing(place)
    if not place.path:
        return Problem(f"a file of this kind is a mapping of keys; this is {describe(place.data)}", _root_hint(root))
    if place.data is None:
        return _empty(place)
    if "union_tag_not_found" in types or "union_tag_invalid" in types or (place.is_chosen and place.model is None):
        return _no_form(place)
    for explain in (_by_key, _by_words, _by_type):
        if (problem := explain(place, types)) is not None:
            return problem
    return Problem(f"{place.name} cannot be {describe(place.data)}", _example(place.key), place.path)


def _root_hint(root: Place) -> str:
    first = next(iter(fields_by_key(root.model))) if root.model else "schema"
    return f"begin with a line such as: {EXAMPLES.get(first, first + ': …')}"


def _unknown_key(place: Place) -> Problem:
    key = str(place.path[-1])
    known = (
        tuple(key for key in fields_by_key(place.model) if (place.model, key) != (Use, "where")) if place.model else ()
    )
    where = f" in {_owner(place.path)}" if len(place.path) > 1 else ""
    return Problem(f'unknown key "{shorten(key)}"{where}', _unknown_hint(place, key, known), place.path, on_key=True)


def _unknown_hint(place: Place, key: str, known: tuple[str, ...]) -> str:
    if ":" in key and key.partition(":")[0] in known:
        return f"write a blank after the colon: {key.replace(':', ': ', 1)}"
    if key in LATER_KEYS:
        return LATER_KEYS[key]
    if place.model and place.model is not FieldCondition and key in _FORMS:
        return "one condition has one form: put several conditions into a list under all or any"
    guess = did_you_mean(key, known, 1)
    choice = f"the keys here are {', '.join(known)}" if known else "delete it"
    if guess is None and place.model is Spec:
        owner = next((name for name, field in fields_by_key(Spec).items() if _has_key(field.annotation, key)), None)
        guess = f"{key} belongs under {owner}:" if owner else None
    return f"{guess} {choice}" if guess else choice


def _has_key(annotation: object, key: str) -> bool:
    return any(key in fields_by_key(model) for model in models_in(annotation))


def _missing(place: Place) -> Problem:
    key = str(place.path[-1])
    parent = place.path[:-1]
    owner = f" in {_owner(place.path)}" if parent else ""
    purpose = PURPOSES.get(key)
    message = f"{key} is missing{owner}" + (f": {purpose}" if purpose else "")
    return Problem(message, f"add a line such as: {EXAMPLES.get(key, key + ': …')}", parent, on_key=bool(parent))


def _owner(path: Path) -> str:
    """What the mapping around a key is called: its nearest key, with the number of the item in a list."""
    parent = path[:-1]
    name = next((step for step in reversed(parent) if isinstance(step, str)), "this file")
    return f"{name}, item {parent[-1] + 1}" if parent and isinstance(parent[-1], int) else str(name)


def _empty(place: Place) -> Problem:
    if isinstance(place.path[-1], int):
        return Problem(f"{place.name} is empty", "write a value, or delete the line", place.path)
    return Problem(f"{place.name} has no value", _empty_hint(place), place.path, on_key=True)


def _empty_hint(place: Place) -> str:
    return (
        f"write a value, such as {EXAMPLES[place.key]}"
        if place.key in EXAMPLES
        else "write a value, or delete the line"
    )


def _no_form(place: Place) -> Problem:
    if any(model is FieldCondition for model in models_in(place.annotation)):
        return _no_condition(place)
    types = tuple(
        word for model in models_in(place.annotation) for word in literals(model.model_fields["type"].annotation)
    )
    if not isinstance(place.data, dict):
        hint = f"write it as {EXAMPLES.get(place.key, 'a mapping of keys')}"
        return Problem(f"{place.name} is a mapping of keys; this is {describe(place.data)}", hint, place.path)
    if "type" not in place.data:
        misspelt = next((key for key in place.data if near(key, ["type"])), None)
        if misspelt is not None:
            message = f'unknown key "{shorten(misspelt)}" in {place.key}'
            return Problem(message, 'did you mean "type"?', (*place.path, misspelt), on_key=True)
        message = f"type is missing in {place.key}: {PURPOSES['type']}"
        return Problem(message, f"add one of {', '.join(types)}", place.path, on_key=True)
    written = place.data["type"]
    guess = did_you_mean(str(written), types, 1)
    hint = f"{guess + ' ' if guess else ''}the actions are {', '.join(types)}"
    said = (
        f'no action is named "{shorten(written)}"'
        if isinstance(written, str)
        else f"type cannot be {describe(written)}"
    )
    return Problem(said, hint, (*place.path, "type"))


def _no_condition(place: Place) -> Problem:
    data = place.data
    if isinstance(data, list):
        return Problem(f"{place.name} is one condition; this is a list", "put the list under all: or any:", place.path)
    if not isinstance(data, dict):
        hint = "write a condition such as {field: status, is: Churned}"
        return Problem(f"{place.name} is a condition; this is {describe(data)}", hint, place.path)
    if not data:
        is_filter = place.path[:1] == ("filter",)
        hint = "an empty filter would take every lead; if that is meant, write filter: {all_leads: true}"
        return Problem(
            "an empty condition is an error", hint if is_filter else "write a condition, or delete it", place.path
        )
    key, value = next(iter(data.items()))
    if where_tag(dict.fromkeys(near(key, _FORMS, 1))):
        guess = did_you_mean(key, _FORMS, 1)
        return Problem(f'no condition has the key "{shorten(key)}"', guess, (*place.path, key), on_key=True)
    if key in ALL_OPERATORS:
        hint = "say first which field is meant, such as {field: status, is: Churned}"
        return Problem(
            f'this is no condition: it begins with "{key}" and names no field', hint, (*place.path, key), on_key=True
        )
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float | bool) else "…"
    hint = f"write {{field: {shorten(key)}, is: {shorten(shown)}}}; or begin with all, any, not, has or use"
    return Problem(f'this is no condition: it begins with "{shorten(key)}"', hint, (*place.path, key), on_key=True)


def _by_key(place: Place, types: Sequence[str]) -> Problem | None:
    """Keys that deserve words of their own."""
    key, data, path = place.key, place.data, place.path
    if path == ("schema",):
        return _schema_problem(place)
    if key == "all_leads" or key == "all_sequences":
        return Problem(f"{key} can only be true", f"write {key}: true, or delete the line", path)
    if key in {"max_percent", "max_drift", "max_deviation"} and _is_guard(place):
        wanted = "a percentage, or a count of leads" if key == "max_drift" else "a percentage"
        return Problem(f"{key} is {wanted}; this is {describe(data)}", percent_hint(data), path)
    if "string_pattern_mismatch" in types and key in _PATTERN_WORDS:
        message, hint = _PATTERN_WORDS[key]
        shown = key if key == "api_key_env" else f'"{shorten(str(data))}"'  # it might be the key itself
        return Problem(f"{shown} is {message}", hint, path)
    if key in {"not_before", "not_after"}:
        return moment_problem(key, data, path)
    return None


def _is_guard(place: Place) -> bool:
    return place.key in Guards.model_fields


_SCHEMAS = (
    (Spec.model_fields["schema_"], "bulkplan/v1"),
    (FilterFragment.model_fields["schema_"], "bulkplan/filter/v1"),
)


def _schema_problem(place: Place) -> Problem:
    wanted = next((word for field, word in _SCHEMAS if place.field is field), "bulkplan/project/v1")
    stem = wanted.removesuffix("1")
    if isinstance(place.data, str) and place.data.startswith(stem) and place.data.removeprefix(stem).isdecimal():
        hint = f"install a newer bulkplan, or write schema: {wanted}"
        return Problem(f"this version of bulkplan does not know the format {shorten(place.data)}", hint, place.path)
    return Problem(f"schema is {describe(place.data)}; expected {wanted}", f"write schema: {wanted}", place.path)


def _by_words(place: Place, types: Sequence[str]) -> Problem | None:
    """A value that must be one of some words."""
    words = literals(place.annotation)
    if not words or "literal_error" not in types:
        return None
    guess = did_you_mean(place.data, words, 1) if isinstance(place.data, str) else None
    hint = f"{guess + ' ' if guess else ''}it is one of {', '.join(words)}"
    return Problem(f"{place.name} cannot be {describe(place.data)}", hint, place.path)


_WANTED: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"string_type", "int_type", "float_type", "bool_type"}),
        "a single value: text, a number, true or false",
    ),
    (frozenset({"int_type", "float_type"}), "a number"),
    (frozenset({"int_type"}), "a whole number"),
    (frozenset({"float_type"}), "a number"),
    (frozenset({"bool_type"}), "true or false"),
    (frozenset({"string_type"}), "text"),
    (frozenset({"tuple_type"}), "a list"),
    (frozenset({"dict_type"}), "a mapping of keys"),
    (frozenset({"model_type"}), "a mapping of keys"),
    (frozenset({"model_attributes_type"}), "a mapping of keys"),
)


def _by_type(place: Place, types: Sequence[str]) -> Problem | None:
    """A value of the wrong type, or out of bounds."""
    name, key, data, path = place.name, place.key, place.data, place.path
    if "too_short" in types and data == []:
        return Problem(f"{name} is an empty list", _empty_list_hint(place), path)
    wanted = next((words for kinds, words in _WANTED if kinds <= set(types)), None)
    if wanted is not None:
        return Problem(f"{name} must be {wanted}; this is {describe(data)}", _type_hint(place, wanted), path)
    if "greater_than_equal" in types:
        least = "1" if key in {"version", "results_limit", "leads", "daily_limit"} else "0"
        return Problem(f"{name} must be at least {least}; this is {describe(data)}", f"write {least} or more", path)
    if "less_than_equal" in types:
        return Problem(f"{name} is too large: {describe(data)}", "write a smaller number", path)
    if "string_too_short" in types:
        return Problem(f"{name} is an empty text", _empty_hint(place), path)
    if "too_long" in types or "string_too_long" in types:
        return Problem(f"{name} is too long", NAME_HINT if key in {"name", "depends_on"} else "leave some out", path)
    return None


def _text_hint(data: JsonValue) -> str:
    if isinstance(data, float):  # its digits are not those that were written
        return "put quotes around it, as it stands"
    return f'quote it: "{str(data).lower() if isinstance(data, bool) else data}"'


def _type_hint(place: Place, wanted: str) -> str | None:
    key, data = place.key, place.data
    if wanted == "a whole number" or (wanted == "a number" and isinstance(data, str)):
        return integer_hint(data)
    if wanted == "true or false":
        return boolean_hint(data)
    if wanted == "text":
        return _text_hint(data) if _is_scalar(data) else _example(key)
    if wanted == "a list" and _is_scalar(data):
        return f"put brackets around it: [{shorten(str(data))}]"
    if wanted == "a mapping of keys" and isinstance(data, str) and ":" in data:
        return "write a blank after the colon"
    return _example(key)


def _empty_list_hint(place: Place) -> str:
    if place.path[:2] == ("filter", "where") and place.key in {"all", "any"}:
        return "a filter without conditions would take every lead; if that is meant, write filter: {all_leads: true}"
    return "write at least one item"


def _is_scalar(value: JsonValue) -> bool:
    return isinstance(value, str | int | float | bool)


def _example(key: str) -> str | None:
    return f"such as {EXAMPLES[key]}" if key in EXAMPLES else None
