"""What README says is so: its commands exist, its spec is the one in specs/, its project file is valid."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from bulkplan.cli.command_table import COMMANDS
from bulkplan.model.audit import Origin, Rule
from bulkplan.model.fragment import FilterFragment
from bulkplan.model.project import Project

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
YAML_BLOCKS = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)


def load(text):
    return YAML(typ="safe").load(text)


def test_readme_begins_with_two_commands_that_can_be_run():
    commands = re.findall(r"^    (\S+)", README, flags=re.MULTILINE)[:2]
    assert commands == [".ci/demo", ".ci/test"]
    assert all(os.access(ROOT / command, os.X_OK) for command in commands)


def test_ci_runs_the_tests_by_the_second_command():
    assert (ROOT / ".ci/run").read_text().rstrip().endswith(".ci/test")


@pytest.mark.parametrize("command", [command.name for command in COMMANDS if command.name != "help"])
def test_every_command_is_in_the_readme(command):
    first, _, second = command.partition(" ")
    rows = [line for line in README.splitlines() if line.startswith("| `bulkplan")]
    assert any(
        re.search(rf"\b{first}\b", row) and (not second or f"`{second}`" in row or command in row) for row in rows
    )


def test_the_spec_of_the_readme_is_the_one_in_specs():
    example = load((ROOT / "specs" / "winback-churned.yaml").read_text())
    assert load(YAML_BLOCKS[0]) == example


def _of_kind(schema):
    return next(block for block in map(load, YAML_BLOCKS) if block["schema"] == schema)


def test_the_fragment_of_the_readme_is_valid():
    fragment = FilterFragment.model_validate_json(json.dumps(_of_kind("bulkplan/filter/v1")))
    assert f"{{use: {fragment.name}" in README


def test_the_project_file_of_the_readme_is_valid():
    project = Project.model_validate_json(json.dumps(_of_kind("bulkplan/project/v1")))
    assert project.targets["production"].api_key_env == "CLOSE_API_KEY"


def test_every_yaml_file_of_the_readme_names_its_schema():
    for block in YAML_BLOCKS:
        format_ = re.search(r"^schema: bulkplan/(?:(\w+)/)?v1", block, flags=re.MULTILINE)
        if format_:
            name = format_[1] or "bulk-action"
            assert re.match(rf"# yaml-language-server: \$schema=(\.\./)?schemas/{name}\.v1\.schema\.json\n", block)


def test_the_page_of_the_audit_names_every_rule_and_every_origin():
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    assert [word for word in (*get_args(Rule), *get_args(Origin)) if f"`{word}`" not in page] == []


FAULTS = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")


def test_every_test_that_the_list_of_faults_names_is_there():
    named = set(re.findall(r"`([\w/]+\.py)::(\w+)`", FAULTS))
    assert len(named) > 100
    sources = {path: (ROOT / "tests" / path).read_text(encoding="utf-8") for path, _ in named}
    assert [f"{path}::{name}" for path, name in sorted(named) if f"def {name}(" not in sources[path]] == []


def test_the_list_of_faults_has_no_gap():
    assert re.findall(r"^\| F(\d+) \|", FAULTS, flags=re.MULTILINE) == [f"{number:02}" for number in range(1, 78)]
