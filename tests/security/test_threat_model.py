"""The threat model says what is so: its modules and tests exist, and each test fails without the defence it holds."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from security.mutants import MUTANTS, ROOT, copy_of_repository, survivors

MODEL = ROOT / ".github" / "SECURITY.md"
ASKED_FOR = (
    *("Scripts", "runner", "Terminals", "Markdown", "HTML", "Spreadsheet formulas", "YAML bombs", "Templates", "Paths"),
    *("poisoned artefact", "tampered plan", "swapped plan", "another organization", "Secrets in logs", "base_url"),
    *("Names and addresses of people", "Forks", "Answers", "State", "redirect", "pickle"),
)
FAST = [
    "tests/core/test_visible.py::test_what_would_not_show_is_written_out",
    "tests/adapters/test_secret.py::test_a_secret_is_never_shown",
    "tests/adapters/test_close_connection.py::test_a_host_that_only_the_project_file_names_is_given_no_key",
    "tests/core/test_seal.py::test_each_reason_names_both_values",
]


def rows() -> list[tuple[str, list[str], list[str]]]:
    """Threat, modules and tests of each row of the table."""
    table = MODEL.read_text(encoding="utf-8").partition("| threat | defence | test |\n|---|---|---|\n")[2]
    lines = table.partition("\n\n")[0].splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines]
    return [
        (threat, re.findall(r"`([^`]+)`", modules), re.findall(r"`([^`]+)`", tests)) for threat, modules, tests in cells
    ]


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def named_tests() -> set[str]:
    return {test for _, _, tests in rows() for test in tests}


def test_every_threat_names_modules_and_tests_that_exist():
    assert len(rows()) > 30
    for threat, modules, tests in rows():
        assert modules, threat
        assert tests, threat
        assert [module for module in modules if not (ROOT / module).is_file()] == []
        for test in tests:
            file, _, name = test.partition("::")
            assert (ROOT / file).is_file(), test
            assert name in functions_of(file), test
            assert name.startswith("test_")


def test_every_threat_that_was_thought_of_is_there():
    text = "\n".join(threat for threat, _, _ in rows())
    assert [words for words in ASKED_FOR if words not in text] == []


def test_for_every_test_there_is_a_change_that_takes_its_defence_away():
    held = {test for mutant in MUTANTS for test in mutant.tests}
    assert named_tests() - held == set()
    assert held - named_tests() == set()


def test_each_change_can_be_made():
    """Where this fails, a defence was written anew: say in `mutants.py` how it would be taken away now."""
    assert len(MUTANTS) > 60
    modules = {module for _, modules, _ in rows() for module in modules}
    for mutant in MUTANTS:
        assert mutant.text() != (ROOT / mutant.file).read_text(encoding="utf-8")
        if mutant.file.endswith(".py"):
            ast.parse(mutant.text())
    assert {mutant.file for mutant in MUTANTS} - modules == set()


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    return copy_of_repository(tmp_path_factory.mktemp("copy"))


@pytest.mark.slow
@pytest.mark.parametrize("test", FAST)
def test_without_its_defence_a_test_fails(copy, test):
    """Of all changes these few, which take a second each; the script makes all of them."""
    mutant = next(mutant for mutant in MUTANTS if test in mutant.tests)
    assert test not in survivors(mutant, copy)
