"""The specs that come with the program: each is valid by the published schema, and by the program itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from bulkplan.cli.main import run

ROOT = Path(__file__).parents[1]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
SCHEMAS = sorted((ROOT / "schemas").glob("*.schema.json"))
SCHEMA_LINE = "# yaml-language-server: $schema=../schemas/bulk-action.v1.schema.json\n"


def _documents(path: Path) -> list[object]:
    return list(YAML(typ="safe", pure=True).load_all(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads((ROOT / "schemas" / "bulk-action.v1.schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator(schema)


def test_there_are_examples_for_every_type_of_action():
    types = {document["action"]["type"] for path in SPECS for document in _documents(path)}
    assert types == {
        *("email", "set_lead_status", "set_custom_field", "clear_custom_field", "delete"),
        *("sequence_subscribe", "sequence_pause", "sequence_resume", "sequence_resume_finished"),
    }


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_an_example_is_valid_by_the_schema_that_it_names(path, validator):
    assert path.read_text(encoding="utf-8").startswith(SCHEMA_LINE)
    documents = _documents(path)
    assert documents
    for document in documents:
        assert [error.message for error in validator.iter_errors(document)] == []


def test_the_schema_refuses_what_the_program_refuses(validator):
    (document, *_) = _documents(SPECS[0])
    assert list(validator.iter_errors({**document, "nam": "x"})) != []
    assert list(validator.iter_errors({**document, "action": {"type": "explode"}})) != []
    assert list(validator.iter_errors({key: value for key, value in document.items() if key != "filter"})) != []


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_file_is_a_schema_and_up_to_date(path, tmp_path, capsys):
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))
    assert run(["schema", "--out", str(tmp_path)]) == 0
    assert (tmp_path / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


@pytest.fixture
def examples(tmp_path):
    """The examples as a project of their own."""
    for folder in ("specs", "filters"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def test_a_fragment_is_used_by_several_examples_and_valid_by_its_schema():
    schema = json.loads((ROOT / "schemas" / "filter.v1.schema.json").read_text(encoding="utf-8"))
    for path in (ROOT / "filters").glob("*.yaml"):
        (document,) = _documents(path)
        Draft202012Validator(schema).validate(document)
        needle = f'"use": "{document["name"]}"'
        uses = sum(needle in json.dumps(spec) for one in SPECS for spec in _documents(one))
        assert uses >= 2


def test_the_tests_of_the_examples_pass(examples, capfd):
    assert run(["test", "-C", str(examples), "--format", "json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert (report["failed"], report["not_evaluated"], report["untested"]) == (0, 1, [])
    sides = {(row["run"].partition("[")[0], row["expected"]) for row in report["results"]}
    names = {name for name, _ in sides} - {"success-team-for-renewals"}
    assert {(name, side) for name in names for side in (True, False)} <= sides


def test_the_program_finds_no_problem_in_the_examples(examples, capfd):
    assert run(["validate", "-C", str(examples)]) == 0
    assert capfd.readouterr().out.endswith("no problem.\n")


def test_lint_has_nothing_to_say_about_the_examples(examples, capfd):
    assert run(["lint", "-C", str(examples), "--strict", "--format", "json"]) == 0
    findings = json.loads(capfd.readouterr().out)["findings"]
    assert [(row["file"], row["rule"]) for row in findings] == []
