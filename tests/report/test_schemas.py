"""The JSON Schemas say what the loader says."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from support.plan_world import plan_of, spec_data, wanted_run
from support.spec_texts import ACTION, FILTER, HEAD, SPEC, document, expand_text, read

from bulkplan.app.schema import schema_texts
from bulkplan.core.project_checks import load_project_document
from bulkplan.core.seal import dump_sealed, seal
from bulkplan.report.schemas import SCHEMAS, plan_schema, project_schema, spec_schema

ROOT = Path(__file__).parents[2]

EXAMPLE = """\
schema: bulkplan/v1
name: reactivate-churned
version: 2
description: Win back churned SaaS leads
owner: revops@example.com
vars: {quiet_days: 90}
filter:
  where:
    all:
      - {field: status, is: [Churned]}
      - {field: custom.Industry, is: SaaS}
      - {field: last_communication_date, before: "{{ vars.quiet_days }} days ago"}
      - not: {has: opportunity, where: {all: [{field: opportunity.status_type, is: active}]}}
action:
  type: email
  template: Win-back 2026
  sender: "Dana Reyes <dana@example.com>"
  contact_preference: lead
options: {results_limit: 500, sort: [-date_updated], send_done_email: false}
guards: {max_matches: 2000, min_matches: 1, max_percent: 10%, max_drift: 2%}
depends_on: [tag-churned]
tests:
  - {lead: {status: Churned, custom.Industry: SaaS, last_communication_date: 100 days ago}, matches: true}
"""
PROJECT = """\
schema: bulkplan/project/v1
project_id: 7f3c0c1e2b9d4a60
default_target: sandbox
targets:
  sandbox: {sandbox: {leads: 1000, seed: 7}}
  production:
    organization_id: orga_abc
    api_key_env: CLOSE_API_KEY
    base_url: https://api.close.com/api/v1
    state: git
    timezone: Europe/Berlin
suppress: {any: [{field: custom.Do Not Contact, is: true}]}
guards:
  email: {max_matches: 5000}
  delete: {max_matches: 200, max_percent: 1%}
require_saved_plan: true
"""


def is_valid(text: str, schema) -> bool:
    validator = jsonschema.Draft202012Validator(schema)
    return validator.is_valid(document(text).data)


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_one_and_its_file_is_in_step(name):
    schema = SCHEMAS[name]()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:bulkplan:schema:{name}.v1"
    file = ROOT / "schemas" / f"{name}.v1.schema.json"
    assert file.read_text(encoding="utf-8") == schema_texts()[name], "run: bulkplan schema --out schemas"


@pytest.mark.parametrize("path", sorted((ROOT / "specs").glob("**/*.yaml")), ids=lambda path: path.name)
def test_the_example_specs_are_valid(path):
    for one in read(path.read_bytes()).documents:
        jsonschema.validate(one.data, spec_schema(), cls=jsonschema.Draft202012Validator)


def test_a_full_spec_and_a_full_project_are_valid_and_load():
    jsonschema.validate(document(EXAMPLE).data, spec_schema(), cls=jsonschema.Draft202012Validator)
    assert expand_text(EXAMPLE).runs
    jsonschema.validate(document(PROJECT).data, project_schema(), cls=jsonschema.Draft202012Validator)
    assert not load_project_document(document(PROJECT))[1]


async def test_a_saved_plan_is_valid():
    result = await plan_of(wanted_run(spec_data("a")))
    sealed = json.loads(dump_sealed(seal(result.plan, key=b"key")))
    jsonschema.validate(sealed, plan_schema(), cls=jsonschema.Draft202012Validator)
    del sealed["plan"]["organization_id"]
    assert not jsonschema.Draft202012Validator(plan_schema()).is_valid(sealed)


@pytest.mark.parametrize(
    "more",
    [
        "guards: {max_matches: '{{ vars.n }}', max_percent: '{{ vars.n }}%', max_drift: '{{ vars.n }}'}\nvars: {n: 5}",
        "options: {results_limit: '{{ vars.n }}', sort: '{{ vars.l }}'}\nvars: {n: 5, l: [name]}",
        "options: {send_done_email: '{{ vars.b }}'}\nvars: {b: true}",
        "depends_on: ['a-{{ vars.n }}']\nvars: {n: 5}",
        "not_before: '{{ vars.d }}'\nvars: {d: 2026-01-31}",
        "not_before: 2026-01-31\nnot_after: 2026-02-01T10:00:00Z",
        "for_each: {r: [a, 1, true]}\nschedule: {every: week, timezone: Europe/Berlin}",
        "tests: [{lead: {a: null}, matches: '{{ vars.b }}'}]\nvars: {b: true}",
    ],
)
def test_expressions_stand_for_values_of_any_type(more):
    text = SPEC + more + "\n"
    assert is_valid(text, spec_schema())
    assert expand_text(text).runs


WRONG = [
    SPEC.replace("version: 1", "version: '{{ vars.x }}'"),
    SPEC.replace("name: a", "name: A b"),
    SPEC + "zzz: 1\n",
    SPEC + "owner:\n",
    SPEC + "guards: {max_percent: 5}\n",
    SPEC + "guards: {max_percent: 0.05}\n",
    SPEC + "guards: {max_matches: '5'}\n",
    SPEC + "options: {results_limit: 0}\n",
    SPEC + "schedule: {every: '{{ vars.x }}'}\n",
    SPEC + "not_before: tomorrow\n",
    HEAD + ACTION,
    HEAD + ACTION + "filter: {}\n",
    HEAD + ACTION + "filter: {all_leads: false}\n",
    HEAD + ACTION + "filter: {all_leads: true, smart_view: x}\n",
    HEAD + ACTION + "filter: {where: {}}\n",
    HEAD + ACTION + "filter: {where: {all: []}}\n",
    HEAD + ACTION + "filter: {where: {field: a}}\n",
    HEAD + ACTION + "filter: {where: {all: [{field: a, is: 1}], any: [{field: a, is: 1}]}}\n",
    HEAD + FILTER + "action: {type: emai}\n",
    HEAD + FILTER + "action: {type: set_custom_field, field: x}\n",
    HEAD + FILTER + "action: {type: set_custom_field, field: x, value: 1, values: [1]}\n",
    HEAD + FILTER + "action: {type: sequence_pause}\n",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_an_editor_marks_is_refused_by_the_loader_too(text):
    assert not is_valid(text, spec_schema())
    assert expand_text(text).problems


@pytest.mark.parametrize(
    "text",
    [
        PROJECT.replace("sandbox: {leads: 1000, seed: 7}", "api_key_env: X, sandbox: {}"),
        PROJECT.replace("7f3c", "XYZ-"),
        PROJECT.replace("schema: bulkplan/project/v1\n", ""),
        PROJECT.replace("require_saved_plan: true", "require_saved_plan: yes"),
        PROJECT.replace("  email: {max_matches: 5000}", "  emial: {max_matches: 5000}"),
    ],
)
def test_what_an_editor_marks_in_a_project_is_refused_by_the_loader_too(text):
    assert not is_valid(text, project_schema())
    assert load_project_document(document(text))[1]
