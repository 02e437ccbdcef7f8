"""What the source of the package never does: run data as code, unpack, trust what is not verified."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bulkplan

PACKAGE = Path(bulkplan.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
CODE = {"eval", "exec", "compile", "__import__", "input", "breakpoint"}
IMPORTS = {
    *("pickle", "cPickle", "marshal", "shelve", "dill", "tarfile", "xmlrpc", "telnetlib", "ftplib", "imp"),
    *("xml", "lxml", "yaml", "runpy", "code", "pty", "requests", "urllib3"),
}
CALLS = {
    *("extract", "extractall", "unpack_archive", "mktemp", "popen", "system", "spawnl", "execv", "execvp", "execl"),
    *(
        "loads_all",
        "unsafe_load",
        "full_load",
        "load_module",
        "import_module",
        "_create_unverified_context",
        "add_lock",
    ),
    *("set_debuglevel", "literal_eval"),
}
SETTINGS = {"shell": True, "verify": False, "trust_env": True, "follow_redirects": True, "check_hostname": False}
SECRETS = {"hmac", "mac", "signature", "api_key", "key", "token", "password"}
IN_THE_OPEN = {
    "core": {"key"},  # run keys, guard keys, keys of mappings: none is a secret
    "app": {"key"},
    "adapters": {"key"},
    "cli": {"key"},
    "report": {"key"},
    "sandbox": {"key"},
}
"""Words that mean something else in a folder."""
ALLOWED = {
    "cli/main.py": ["calls import_module"],  # of our own commands, by our own table
    "cli/planning.py": ["calls import_module"],  # of a list that stands there, while Close is waited for
    "sandbox/courier.py": ["sets verify=False"],  # webhooks of the sandbox, which go to this machine alone
}


def _nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _faults(path: Path) -> Iterator[str]:
    words = SECRETS - IN_THE_OPEN.get(path.relative_to(PACKAGE).parts[0], set())
    for node in _nodes(path):
        if isinstance(node, ast.Import | ast.ImportFrom):
            of = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (f"imports {name}" for name in of if name.partition(".")[0] in IMPORTS)
        elif isinstance(node, ast.Call):
            is_code = isinstance(node.func, ast.Name) and node.func.id in CODE
            if is_code or (isinstance(node.func, ast.Attribute) and node.func.attr in CALLS):
                yield f"calls {_name(node.func)}"
            for keyword in node.keywords:
                wrong = SETTINGS.get(keyword.arg or "")
                if wrong is not None and isinstance(keyword.value, ast.Constant) and keyword.value.value is wrong:
                    yield f"sets {keyword.arg}={wrong}"
            if any(keyword.arg == "typ" and ast.unparse(keyword.value) != "'safe'" for keyword in node.keywords):
                yield "loads YAML that is not safe"
        elif isinstance(node, ast.Compare) and _is_equation_of(words, node):
            yield f"compares a secret: {ast.unparse(node)}"


def _is_equation_of(words: set[str], node: ast.Compare) -> bool:
    is_equation = any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
    return is_equation and bool(words & {_name(side) for side in (node.left, *node.comparators)})


def test_no_module_runs_data_as_code_or_trusts_what_is_not_verified():
    assert len(MODULES) > 300
    faults = {str(path.relative_to(PACKAGE)): list(_faults(path)) for path in MODULES}
    assert {path: found for path, found in faults.items() if found} == ALLOWED


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("eval('1')", "calls eval"),
        ("import pickle", "imports pickle"),
        ("from xml.etree import ElementTree", "imports xml.etree"),
        ("archive.extractall(folder)", "calls extractall"),
        ("subprocess.run(words, shell=True)", "sets shell=True"),
        ("httpx.Client(verify=False)", "sets verify=False"),
        ("httpx.Client(follow_redirects=True)", "sets follow_redirects=True"),
        ("YAML(typ='unsafe')", "loads YAML that is not safe"),
        ("sealed.hmac == other", "compares a secret: sealed.hmac == other"),
    ],
)
def test_each_of_these_would_be_found(tmp_path, monkeypatch, source, fault):
    path = tmp_path / "core" / "module.py"
    path.parent.mkdir()
    path.write_text(source)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path)
    assert list(_faults(path)) == [fault]


def test_signatures_are_compared_in_constant_time():
    source = (PACKAGE / "core" / "seal.py").read_text(encoding="utf-8")
    assert source.count("hmac.compare_digest(") == 2
