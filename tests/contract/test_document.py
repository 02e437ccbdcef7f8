"""The contract document is sound in itself, and lists what the sandbox answers: no more, no less."""

import re
from collections import Counter

import pytest
from contract.document import METHODS, Document
from jsonschema import Draft202012Validator

from bulkplan.sandbox.endpoints.table import ROUTES

DOCUMENT = Document.load()
OPERATIONS = DOCUMENT.operations
ROUTED = {(route.method, route.pattern) for route in ROUTES}
EVIDENCE = {"documented", "observed", "assumed"}


def nodes(value):
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def test_every_route_of_the_sandbox_is_documented():
    assert sorted(ROUTED - OPERATIONS.keys()) == []


def test_every_documented_operation_is_answered_by_the_sandbox():
    assert sorted(OPERATIONS.keys() - ROUTED) == []


def test_every_reference_leads_somewhere():
    references = {node["$ref"] for node in nodes(DOCUMENT.content) if isinstance(node.get("$ref"), str)}
    assert all(DOCUMENT.resolved({"$ref": reference}) for reference in references)


def test_every_component_is_used():
    used = {node["$ref"] for node in nodes(DOCUMENT.content) if isinstance(node.get("$ref"), str)}
    mapped = {word for node in nodes(DOCUMENT.content) if "mapping" in node for word in node["mapping"].values()}
    unused = {
        f"#/components/{kind}/{name}"
        for kind, items in DOCUMENT.content["components"].items()
        if kind != "securitySchemes"
        for name in items
    }
    assert sorted(unused - used - mapped) == []


def test_operations_have_names_of_their_own():
    names = Counter(operation["operationId"] for operation in OPERATIONS.values())
    assert [name for name, n in names.items() if n > 1] == []


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation["operationId"])
def test_every_operation_says_how_it_is_known(operation):
    assert operation["x-evidence"] in EVIDENCE
    tags = {tag["name"] for tag in DOCUMENT.content["tags"]}
    assert set(operation["tags"]) <= tags


def test_every_variable_of_a_path_is_a_parameter_of_it():
    for path, item in DOCUMENT.content["paths"].items():
        for method in METHODS:
            if method in item:
                found = {each["name"] for each in DOCUMENT.parameters(method, path) if each["in"] == "path"}
                assert found == set(re.findall(r"{(\w+)}", path)), (method, path)


@pytest.mark.parametrize("name", DOCUMENT.content["components"]["schemas"])
def test_every_schema_is_a_schema(name):
    Draft202012Validator.check_schema(DOCUMENT.content["components"]["schemas"][name])


def examples():
    for (method, path), operation in OPERATIONS.items():
        bodies = [("request", operation.get("requestBody", {}))]
        bodies += [(status, DOCUMENT.resolved(answer)) for status, answer in operation["responses"].items()]
        for where, body in bodies:
            for media in body.get("content", {}).values():
                if "example" in media:
                    yield pytest.param(media, id=f"{method} {path} {where}")


@pytest.mark.parametrize("media", list(examples()))
def test_every_example_fits_its_schema(media):
    assert list(DOCUMENT.violations(media["schema"], media["example"])) == []
