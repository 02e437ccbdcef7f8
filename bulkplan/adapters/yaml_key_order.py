"""In which order the keys of a mapping stand: that of the published schema; keys it does not know keep theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.model.base import JsonObject

_CHOICES = ("anyOf", "oneOf", "allOf")


@dataclass(frozen=True)
class KeyOrder:
    """The schemas that a value may follow, without `$ref` and choices; none where any order will do."""

    definitions: JsonObject
    candidates: tuple[JsonObject, ...] = ()

    @classmethod
    def of_schema(cls, schema: JsonObject) -> KeyOrder:
        """The order that a whole document follows."""
        definitions = schema.get("$defs")
        return cls(definitions if isinstance(definitions, dict) else {}, (schema,))

    def narrowed(self, keys: Sequence[str], constants: Mapping[str, str]) -> KeyOrder:
        """
        The order for a mapping with these keys.

        Of several forms the one counts whose constants (`type: email`) are those of the mapping, and that knows most of
        its keys.
        """
        fitting = [each for each in self.candidates if _fits(each, constants)]
        known = [sum(key in _properties(each) for key in keys) for each in fitting]
        best = tuple(each for each, count in zip(fitting, known, strict=True) if count == max(known))
        return KeyOrder(self.definitions, best)

    def rank(self, key: str) -> int:
        """Where a key stands: what tells a form from others (`type`) first, a key that is not known last."""
        listed = dict.fromkeys(name for each in self.candidates for name in _properties(each))
        names = sorted(listed, key=lambda name: not any(_constant(each, name) for each in self.candidates))
        return names.index(key) if key in names else len(names)

    def child(self, key: str) -> KeyOrder:
        """The order of the value under a key."""
        return self._of(_below(each, key) for each in self.candidates)

    def items(self) -> KeyOrder:
        """The order of the items of a list."""
        return self._of(each.get("items") for each in self.candidates)

    def _of(self, schemas: Iterator[JsonValue]) -> KeyOrder:
        found = [branch for schema in schemas for branch in self._branches(schema)]
        return KeyOrder(self.definitions, tuple(found))

    def _branches(self, schema: JsonValue) -> Iterator[JsonObject]:
        if not isinstance(schema, dict):
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self._branches(self.definitions.get(reference.rpartition("/")[2]))
        for choice in _CHOICES:
            options = schema.get(choice)
            for option in options if isinstance(options, list) else ():
                yield from self._branches(option)
        if "properties" in schema or "additionalProperties" in schema or "items" in schema:
            yield schema


def _properties(schema: JsonObject) -> JsonObject:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def _below(schema: JsonObject, key: str) -> JsonValue:
    return _properties(schema).get(key, schema.get("additionalProperties"))


def _fits(schema: JsonObject, constants: Mapping[str, str]) -> bool:
    own = {key: _constant(schema, key) for key in _properties(schema)}
    return all(value is None or constants.get(key, value) == value for key, value in own.items())


def _constant(schema: JsonObject, key: str) -> str | None:
    value = _properties(schema).get(key)
    constant = value.get("const") if isinstance(value, dict) else None
    return constant if isinstance(constant, str) else None
