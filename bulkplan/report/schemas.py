"""
JSON Schemas of the files that bulkplan reads and writes, made from the models.

They say what the models say, and a little more that only the loader knows: a key without a value is an error, some keys
exclude each other, and in a spec an expression `{{ … }}` may stand for a value of any type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import BaseModel, JsonValue

from bulkplan.core.lint.table import RULES
from bulkplan.model.apply_report import ApplyReport
from bulkplan.model.audit import AuditReport
from bulkplan.model.base import JsonObject
from bulkplan.model.chain_report import ChainReport
from bulkplan.model.fragment import FilterFragment
from bulkplan.model.plan import SealedPlan
from bulkplan.model.project import Project
from bulkplan.model.spec import NEVER_FILLED, Spec
from bulkplan.model.spec_test_report import TestReport
from bulkplan.report.audit_schema_words import AUDIT_WORDS
from bulkplan.report.document_words import DOCUMENT_WORDS
from bulkplan.report.schema_words import WRITTEN_WORDS, Word

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WHOLE_EXPRESSION = r"^\s*\{\{.*\}\}\s*$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ABOUT = ("description", "default", "examples")
WORDS: Mapping[str, Mapping[str, Word]] = {**WRITTEN_WORDS, **DOCUMENT_WORDS, **AUDIT_WORDS}
_NOISE = frozenset({"title", "discriminator"})


def spec_schema() -> JsonObject:
    """The schema of one document under `specs/`."""
    schema = _base(Spec, "bulk-action.v1", "A bulk action of bulkplan")
    _without_null(schema)
    _refine(schema, "Filter", _exactly_one("where", "query", "smart_view", "all_leads"))
    _refine_where(schema)
    _tell_rules(schema, "SpecLint")
    _refine(schema, "SetCustomField", _exactly_one("value", "values"))
    for name in ("SequencePause", "SequenceResume", "SequenceResumeFinished"):
        _refine(schema, name, _exactly_one("sequence", "all_sequences"))
    return _with_expressions(schema)


def filter_schema() -> JsonObject:
    """The schema of one document under `filters/`."""
    schema = _base(FilterFragment, "filter.v1", "A filter fragment of bulkplan")
    _without_null(schema)
    _refine_where(schema)
    return _with_expressions(schema)


def project_schema() -> JsonObject:
    """The schema of `bulkplan.yaml`."""
    schema = _base(Project, "project.v1", "A project of bulkplan")
    _without_null(schema)
    schema["required"] = ["schema"]
    _tell_rules(schema, "ProjectLint")
    _refine_where(schema)
    _refine(schema, "Target", _exactly_one("sandbox", "api_key_env"))
    return schema


def plan_schema() -> JsonObject:
    """The schema of a saved plan."""
    return _base(SealedPlan, "plan.v1", "A saved plan of bulkplan")


def apply_report_schema() -> JsonObject:
    """The schema of what `apply --report FILE` writes."""
    return _base(ApplyReport, "apply-report.v1", "What an apply of bulkplan did")


def audit_schema() -> JsonObject:
    """The schema of what `audit --format json` prints."""
    return _base(AuditReport, "audit.v1", "An audit of the bulk actions of an organization")


def audit_verify_schema() -> JsonObject:
    """The schema of what `audit verify --format json` prints."""
    return _base(ChainReport, "audit-verify.v1", "What bulkplan found in the records of a state store")


def spec_test_schema() -> JsonObject:
    """The schema of what `test --format json` prints."""
    return _base(TestReport, "test-report.v1", "What became of the tests of specs of bulkplan")


SCHEMAS: Mapping[str, Callable[[], JsonObject]] = {
    "bulk-action": spec_schema,
    "filter": filter_schema,
    "project": project_schema,
    "plan": plan_schema,
    "apply-report": apply_report_schema,
    "test-report": spec_test_schema,
    "audit": audit_schema,
    "audit-verify": audit_verify_schema,
}
"""By the name that `bulkplan schema NAME` takes; the file is `NAME.v1.schema.json`."""


def _base(model: type[BaseModel], name: str, title: str) -> JsonObject:
    made: JsonObject = _clean(model.model_json_schema(by_alias=True))
    _tell(made, model.__name__)
    return {"$schema": DIALECT, "$id": f"urn:bulkplan:schema:{name}", "title": title} | made


def _tell(schema: JsonObject, name: str) -> None:
    """Give every key its words and its examples: they are what an editor shows."""
    definitions = _object(schema.get("$defs", {}))
    if "JsonValue" in definitions:
        _object(definitions["JsonValue"])["description"] = "Any JSON value."
    for model, definition in {**definitions, name: schema}.items():
        words = WORDS.get(model, {})
        for key, value in _object(_object(definition).get("properties", {})).items():
            word = words.get(key, Word(""))
            if isinstance(value, dict):
                value.setdefault("description", word.description)
                value.update({"examples": [*word.examples]} if word.examples else {})


def _tell_rules(schema: JsonObject, name: str) -> None:
    """Under `lint`, rules by slug, each with its words, or by ID."""
    slugs: list[JsonValue] = [rule.slug for rule in RULES]
    names: JsonValue = {"anyOf": [{"enum": slugs}, {"pattern": "^[bB][pP][0-9]{3}$"}]}
    for group, value in _object(_object(_object(schema["$defs"])[name])["properties"]).items():
        kind = _object(_object(value)["additionalProperties"])
        if group == "ignore":
            kind["pattern"] = r"^\s*(\S+\s+){2,}\S"
        keys: JsonObject = {rule.slug: {"description": f"{rule.id}: {rule.summary}.", **kind} for rule in RULES}
        _object(value).update({"properties": keys, "propertyNames": names})


def _clean(schema: JsonObject) -> JsonObject:
    """Without what pydantic adds for others: titles of fields, OpenAPI's discriminator, defaults that say nothing."""
    return {
        key: _clean_value(key, value)
        for key, value in schema.items()
        if key not in _NOISE and not (key == "default" and not isinstance(value, str | int))
    }


def _clean_value(key: str, value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        if key in {"properties", "$defs"}:  # these hold names of the format, which may be title or default too
            return {name: _clean_value("", item) for name, item in value.items()}
        return _clean(value)
    if isinstance(value, list):
        return [_clean_value("", item) for item in value]
    return value


def _without_null(schema: JsonValue) -> None:
    """The loader refuses a key without a value; only values of the user's own (no type at all) may be null."""
    if isinstance(schema, dict):
        options = schema.get("anyOf")
        if isinstance(options, list) and {"type": "null"} in options:
            rest: list[JsonValue] = [option for option in options if option != {"type": "null"}]
            del schema["anyOf"]
            if len(rest) == 1 and isinstance(rest[0], dict):
                schema.update(rest[0] | {key: value for key, value in schema.items() if key in _ABOUT})
            else:
                schema["anyOf"] = rest
        for value in schema.values():
            _without_null(value)
    elif isinstance(schema, list):
        for item in schema:
            _without_null(item)


def _exactly_one(*keys: str) -> JsonObject:
    return {"oneOf": [{"required": [key]} for key in keys]}


def _refine_where(schema: JsonObject) -> None:
    """What a short filter may hold; what a fragment says where it is used stands in its own file only."""
    _refine(schema, "FieldCondition", {"minProperties": 2, "maxProperties": 3})
    use = _object(_object(schema["$defs"])["Use"])
    use["description"] = "The conditions of a fragment (`filters/*.yaml`) hold."
    use["properties"] = {key: value for key, value in _object(use["properties"]).items() if key != "where"}


def _refine(schema: JsonObject, name: str, more: JsonObject) -> None:
    definitions = schema["$defs"]
    definition = definitions[name] if isinstance(definitions, dict) else None
    if isinstance(definition, dict):
        definition.update(more)


def _with_expressions(schema: JsonObject) -> JsonObject:
    """Let an expression stand for every value that is filled in before the types are looked at."""
    definitions = _object(schema["$defs"])
    made = {name: _open(definition) for name, definition in definitions.items() if name != "Schedule"}
    properties = _object(schema["properties"])
    opened = {key: value if key in NEVER_FILLED else _open_value(value) for key, value in properties.items()}
    return schema | {"$defs": definitions | made, "properties": opened}


def _open(definition: JsonValue) -> JsonValue:
    """A definition of a mapping with expressions allowed for its values; `type` of an action is always written out."""
    if not isinstance(definition, dict) or "properties" not in definition:
        return definition
    properties = _object(definition["properties"])
    return definition | {
        "properties": {key: value if key == "type" else _open_value(value) for key, value in properties.items()}
    }


def _open_value(value: JsonValue) -> JsonValue:
    schema = _object(value)
    items = schema.get("items")
    if isinstance(items, dict):
        schema = schema | {"items": _open_value(items)}
    if _takes_any_text(schema):
        return schema
    described = {key: item for key, item in schema.items() if key in _ABOUT}
    inner = {key: item for key, item in schema.items() if key not in _ABOUT}
    options = inner["anyOf"] if set(inner) == {"anyOf"} else [_dated(inner)]
    listed = [_dated(_object(option)) for option in options] if isinstance(options, list) else []
    return described | {"anyOf": [*listed, _expression(schema)]}


def _takes_any_text(schema: JsonObject) -> bool:
    """Whether a text with an expression fits already, or the value is a mapping of the format's own."""
    options = schema.get("anyOf")
    if isinstance(options, list):
        return any(_takes_any_text(_object(option)) for option in options)
    if schema.get("type") == "string":
        return not {"pattern", "enum", "const", "format"} & set(schema)
    return "$ref" in schema or "oneOf" in schema or schema.get("type") == "object" or not schema


def _expression(schema: JsonObject) -> JsonObject:
    """What an expression looks like: part of a text where text is wanted, else the whole value."""
    is_text = schema.get("type") == "string"
    return {"type": "string", "pattern": r"\{\{.*\}\}" if is_text else WHOLE_EXPRESSION}


def _dated(schema: JsonObject) -> JsonObject:
    """Validators need not look at `format`; a pattern they must."""
    return schema | {"pattern": _DATE} if schema.get("format") in {"date", "date-time"} else schema


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
