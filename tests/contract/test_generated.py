"""Requests made up from the contract document: none brings the sandbox down, or gets an answer off the document."""

from __future__ import annotations

import os

import pytest
from contract.document import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.sandbox_client import basic

if os.environ.get("CI") == "true":
    import schemathesis  # CI installs it: a missing one is an error there, not a skip
else:
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install schemathesis")

from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

pytestmark = pytest.mark.slow

DOCUMENT = Document.load()
SCHEMA = schemathesis.openapi.from_dict(dict(DOCUMENT.content))
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
N_EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 4}
"""How many requests each operation gets: such as the document allows, and such as it does not."""


def ids_of(client, path):
    """Ids that stand in the list an object's path belongs to; none where there is no such list."""
    answer = client.send("GET", path.partition("{id}")[0].replace("{object_type}", "lead"))
    found = answer.json().get("data", []) if answer.status == 200 else []
    return [item.get("id") or item["email"] for item in found][:5]


@pytest.mark.parametrize("mode", N_EXAMPLES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", DOCUMENT.operations, ids=" ".join)
def test_made_up_requests_are_answered_by_the_document(served, operation, mode):
    method, path = operation

    @settings(
        max_examples=N_EXAMPLES[mode],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=SCHEMA[path][method].as_strategy(generation_mode=mode), place=st.none() | st.integers(0, 4))
    def ask(case, place):
        known = ids_of(served, path) if "{id}" in path and place is not None else []
        if known:
            case.path_parameters["id"] = known[place % len(known)]
        if isinstance(case.query, dict):
            case.query.pop("_fields", None)  # it leaves out keys that the schema calls required
        case.call_and_validate(base_url=served.base_url, headers={"Authorization": basic()}, checks=CHECKS)

    ask()
