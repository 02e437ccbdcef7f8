"""The shape of the program: its layers hold, and what a command does not need it does not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import bulkplan

PACKAGE = Path(bulkplan.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOT = PACKAGE.parent


def test_the_import_contracts_hold():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("bulkplan", {"pydantic", "httpx", "rich", "jinja2", "deepdiff", "argparse", "asyncio"}),
        ("bulkplan.cli.main", {"pydantic", "httpx", "rich", "jinja2", "deepdiff", "asyncio", "ruamel"}),
        ("bulkplan.cli.command_table", {"pydantic", "httpx", "rich", "jinja2", "deepdiff", "asyncio", "ruamel"}),
        ("bulkplan.core.engine", {"httpx", "rich", "ruamel", "sqlite3", "asyncio"}),
        ("bulkplan.sandbox.server", {"jinja2", "deepdiff", "ruamel"}),
        ("bulkplan.report.plan_text", {"httpx", "rich", "ruamel", "sqlite3"}),
    ],
)
def test_a_module_does_not_load_what_it_does_not_need(module, unwanted):
    code = f"import {module}, sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & unwanted == set()


def test_only_deciding_who_asks_reads_the_clock_and_chance():
    """Same input, same bytes: decisions and words take the time and every random word as arguments."""
    found = [
        f"{path.relative_to(PACKAGE)}: {ast.unparse(node)}"
        for path in MODULES
        if path.relative_to(PACKAGE).parts[0] in ("core", "model", "report")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "today", "utcnow", "token_hex", "urandom")
        if ast.unparse(node.value) in ("datetime", "date", "secrets", "os", "time")
    ]
    assert found == []


def test_the_one_place_that_catches_everything_is_the_console():
    catching = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) == "Exception")
    }
    assert catching <= {"cli/console.py", "cli/main.py"}


def test_every_module_says_what_it_answers():
    silent = [path for path in MODULES if path.read_text(encoding="utf-8").strip() and not _docstring(path)]
    assert silent == []


def _docstring(path):
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_package_says_that_it_is_typed():
    assert find_spec("bulkplan") is not None
    assert (PACKAGE / "py.typed").exists()
