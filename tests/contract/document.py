"""The contract document as tests ask it: which operations stand in it, and what is wrong with an answer."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker
from pydantic import JsonValue
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from ruamel.yaml import YAML

PATH = Path(__file__).parents[2] / "docs" / "close-api" / "openapi.yaml"
METHODS = ("get", "post", "put", "delete")
JSON = "application/json"
_URI = "urn:close-api"
FORMATS = FormatChecker(("date", "email"))


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@dataclass(frozen=True)
class Document:
    """An OpenAPI 3.1 document, parsed."""

    content: Mapping[str, JsonValue]

    @classmethod
    def load(cls) -> Document:
        """The project's own: `docs/close-api/openapi.yaml`."""
        return cls(YAML(typ="safe").load(PATH.read_text(encoding="utf-8")))

    @cached_property
    def operations(self) -> dict[tuple[str, str], dict]:
        """Each operation by method in capitals and path."""
        paths = self.content["paths"]
        return {(name.upper(), path): item[name] for path, item in paths.items() for name in METHODS if name in item}

    def parameters(self, method: str, path: str) -> list[dict]:
        """Parameters of the path and of the operation, references followed."""
        item = self.content["paths"][path]
        return [
            self.resolved(each) for each in [*item.get("parameters", []), *item[method.lower()].get("parameters", [])]
        ]

    def resolved(self, node: dict) -> dict:
        """The node that a local reference means, or the node itself."""
        found = node
        while "$ref" in found:
            found = self.at(found["$ref"].removeprefix("#/").split("/"))
        return found

    def at(self, words: list[str]) -> dict:
        """What stands under a path of keys."""
        found = self.content
        for word in words:
            found = found[word]
        return found

    def response(self, method: str, path: str, status: int) -> dict | None:
        """The documented answer of an operation with that status, or None."""
        found = self.operations[method, path]["responses"].get(str(status))
        return None if found is None else self.resolved(found)

    def problems(self, method: str, path: str, status: int, body: JsonValue, *, partial: bool = False) -> list[str]:
        """
        What is wrong with an answer, each with its place; `body` is its JSON, None where there is no body.

        `partial`: `_fields` was asked for, so that no key of the object, or of the objects of a list, has to be there.
        """
        response = self.response(method, path, status)
        if response is None:
            return [f"{method} {path}: status {status} is not documented"]
        schema = response.get("content", {}).get(JSON, {}).get("schema")
        if schema is None:
            return [] if body is None else [f"{method} {path}: no JSON is documented for status {status}"]
        return [
            f"{method} {path}: {problem}"
            for problem in self.violations(self._partial(schema) if partial else schema, body)
        ]

    def violations(self, schema: dict, value: JsonValue) -> Iterator[str]:
        """Every place where a value breaks a schema of this document."""
        validator = Draft202012Validator(_rooted(schema), registry=self._registry, format_checker=FORMATS)
        for error in validator.iter_errors(value):
            yield f"{error.json_path}: {error.message[:300]}"

    @cached_property
    def _registry(self) -> Registry:
        resource = Resource(contents=_as_schema_root(self.content), specification=DRAFT202012)
        return Registry().with_resource(_URI, resource)

    def _partial(self, schema: dict) -> dict:
        found = copy.deepcopy(dict(self.resolved(schema)))
        items = found.get("properties", {}).get("data", {}).get("items")
        if items is not None:
            found["properties"]["data"]["items"] = self._partial(items)
        else:
            found.pop("required", None)
        return found


def _rooted(schema: JsonValue) -> JsonValue:
    """The schema, with its local references made absolute."""
    if isinstance(schema, list):
        return [_rooted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _URI + value if key == "$ref" and isinstance(value, str) and value.startswith("#") else _rooted(value)
        for key, value in schema.items()
    }


def _as_schema_root(content: Mapping[str, JsonValue]) -> JsonValue:
    """The components alone: the only part that references point into."""
    return {"components": content["components"]}
