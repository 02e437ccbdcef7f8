"""Every key of every schema says what it means, and shows a value that the schema takes."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest

from bulkplan.report.schemas import SCHEMAS, WORDS

SCHEMA_BY_NAME = {name: make() for name, make in SCHEMAS.items()}


def _properties(schema: dict) -> Iterator[tuple[str, str, dict]]:
    """Every key: the definition that has it (empty: the root), its name, its schema."""
    for name, definition in {"": schema, **schema["$defs"]}.items():
        for key, value in definition.get("properties", {}).items():
            yield name, key, value


def _is_plain(value: dict, definitions: dict) -> bool:
    """Whether a value needs no example: a choice, true or false, or a mapping or list of mappings told elsewhere."""
    if "$ref" in value:
        target = definitions[value["$ref"].rpartition("/")[2]]
        return "properties" in target or "enum" in target or all(_is_plain(one, definitions) for one in _parts(target))
    if value.get("type") == "array":
        return _is_plain(value["items"], definitions)
    return (
        bool({"enum", "const"} & set(value))
        or value.get("type") in ("boolean", "null")
        or _are_plain(value, definitions)
    )


def _are_plain(value: dict, definitions: dict) -> bool:
    parts = [part for part in _parts(value) if "{{" not in part.get("pattern", "").replace("\\", "")]
    return bool(parts) and all(_is_plain(part, definitions) for part in parts)


def _parts(value: dict) -> list[dict]:
    return value.get("oneOf", value.get("anyOf", [{}]))


@pytest.mark.parametrize("name", SCHEMA_BY_NAME)
def test_everything_is_described(name):
    schema = SCHEMA_BY_NAME[name]
    assert [model for model, one in schema["$defs"].items() if not one.get("description")] == []
    assert [(model, key) for model, key, one in _properties(schema) if not one.get("description")] == []
    assert [(model, key) for model, key, one in _properties(schema) if len(one["description"]) > 300] == []


@pytest.mark.parametrize("name", SCHEMA_BY_NAME)
def test_whatever_is_no_choice_has_an_example(name):
    schema = SCHEMA_BY_NAME[name]
    missing = [
        (model, key)
        for model, key, one in _properties(schema)
        if "examples" not in one and not _is_plain(one, schema["$defs"])
    ]
    assert missing == []


@pytest.mark.parametrize("name", SCHEMA_BY_NAME)
def test_examples_are_valid(name):
    schema = SCHEMA_BY_NAME[name]
    for model, key, value in _properties(schema):
        for example in value.get("examples", ()):
            errors = jsonschema.Draft202012Validator({"$defs": schema["$defs"], **value}).iter_errors(example)
            assert [error.message for error in errors] == [], (model, key)


def test_no_words_are_left_over():
    used = {(model or name, key) for name, one in SCHEMA_BY_NAME.items() for model, key, _ in _properties(one)}
    roots = {"Spec": "bulk-action", "FilterFragment": "filter", "Project": "project"}
    roots |= {"SealedPlan": "plan", "ApplyReport": "apply-report", "TestReport": "test-report"}
    roots |= {"AuditReport": "audit", "ChainReport": "audit-verify"}
    assert {
        (model, key) for model, words in WORDS.items() for key in words if (roots.get(model, model), key) not in used
    } == set()
