"""Completion, asked by the shells themselves: commands, options, choices, files, and names of the project."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support import shells

from bulkplan.adapters.stores.local import LocalStore
from bulkplan.cli.author_table import SHELLS
from bulkplan.cli.complete import _bash_lines, names_of
from bulkplan.cli.completing import SCHEMA_NAMES, offer
from bulkplan.cli.completion_scripts import SCRIPTS
from bulkplan.cli.main import run
from bulkplan.report.schemas import SCHEMAS

BREAKS = " \t\n\"'@><=;|&(:"
PROJECT = "schema: bulkplan/project/v1\ntargets:\n  sandbox: {sandbox: {leads: 10}}\n  production:\n    state: git\n"
SPECS = "name: winback-churned\nversion: 2\n---\nname: news\nversion: 1\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "all.yaml").write_text(SPECS)
    (tmp_path / "bulkplan.yaml").write_text(PROJECT)
    store = LocalStore.open(tmp_path / ".bulkplan" / "state" / "sandbox.db")
    for key in ("winback-churned@1", "news[EMEA]@1"):
        store.put(f"run/{key}", "{}", expected_version=0)
    store.close()
    shells.make_program(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _words(*words: str) -> list[str]:
    return [candidate.word for candidate in offer(words, names_of(words)).candidates]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("vali",), ["validate"]),
        (("state", "s"), ["show", "settle"]),
        (("--target", ""), ["sandbox", "production"]),
        (("--target", "production", "expl"), ["explain"]),
        (("explain", "w"), ["winback-churned", "winback-churned@1"]),
        (("explain", "winback-churned", ""), []),
        (("plan", "--select", "n"), ["news"]),
        (("plan", "--format=j"), ["--format=json"]),
        (("lint", "--rule", "unused-f"), ["unused-fragment"]),
        (("lint", "--rule", "no-ceiling", "--ru"), ["--rule"]),
        (("lint", "--online", "--on"), []),
        (("pause", ""), ["news[EMEA]", "winback-churned", "news[EMEA]@1", "winback-churned@1"]),
        (("state", "show", "news[EMEA]@"), ["news[EMEA]@1"]),
        (("schema", "p"), ["project", "plan"]),
        (("completion", "f"), ["fish"]),
        (("help", "state", "li"), ["list"]),
        (("audit", "v"), ["verify"]),
        (("audit", "verify", "--ag"), ["--against"]),
        (("nothing", ""), []),
    ],
)
def test_what_may_stand_there_is_offered(project, words, found):
    assert _words(*words) == found


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("apply", ""), "files"),
        (("plan", "--out", ""), "files"),
        (("-C", ""), "folders"),
        (("lint", "specs/"), "files"),
    ],
)
def test_files_are_left_to_the_shell(project, words, files):
    assert offer(words, names_of(words)).files == files


def test_names_are_those_of_the_folder_that_is_named(project, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert _words("explain", "") == []
    assert _words("-C", str(project), "explain", "new") == ["news", "news[EMEA]@1"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (PROJECT, ["sandbox", "production"]),
        ("targets: {sandbox: {sandbox: {leads: 10}}, 'live': {state: git}}\n", ["sandbox", "live"]),
        ("# none\nvars: {a: 1}\n", ["sandbox"]),
        (
            "targets:\n    # a comment\n    live:\n        state: git\n    other: {state: git}\nvars: {}\n",
            ["live", "other"],
        ),
    ],
)
def test_targets_are_found_however_they_are_laid_out(project, text, names):
    (project / "bulkplan.yaml").write_text(text)
    assert _words("--target", "") == names


@pytest.mark.parametrize(
    ("line", "inserted"),
    [
        ("bulkplan state show new", [r"news\[EMEA\]", r"news\[EMEA\]@1"]),
        ("bulkplan state show 'new", ["news[EMEA]", "news[EMEA]@1"]),
        ('bulkplan state show "new', ["news[EMEA]", "news[EMEA]@1"]),
        (r"bulkplan state show news\[EMEA\]@", ["@1"]),
        ("bulkplan plan --format=te", ["text"]),
    ],
)
def test_bash_is_given_what_it_has_to_insert(project, line, inserted):
    assert _bash_lines(line, breaks=BREAKS) == inserted


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("bulkplan valid", ["bulkplan", "validate"]),
        ("bulkplan state sho", ["bulkplan", "state", "show"]),
        ("bulkplan --target prod", ["bulkplan", "--target", "production"]),
        ("bulkplan explain winback-churned@", ["bulkplan", "explain", "winback-churned@1"]),
        ("bulkplan state show 'news[EMEA]@", ["bulkplan", "state", "show", "news[EMEA]@1"]),
        ("bulkplan show bulk", ["bulkplan", "show", "bulkplan.yaml"]),
    ],
)
def test_a_real_shell_completes(project, shell, typed, words):
    if not shells.has(shell):
        pytest.skip(f"{shell} is not here")
    assert shells.completed(shell, project, typed) == words


def test_a_real_fish_completes(project):
    if not shells.has("fish"):
        pytest.skip("fish is not here")
    assert shells.offered_by_fish(project, "bulkplan state s") == ["settle", "show"]
    assert shells.offered_by_fish(project, "bulkplan explain new") == ["news", "news[EMEA]@1"]
    assert "specs/" in shells.offered_by_fish(project, "bulkplan -C spe")


def test_names_are_found_without_a_library(project):
    code = (
        "import sys; from bulkplan.cli.main import run; run(['__complete', 'fish', 'explain', ''])\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project)
    assert "winback-churned\tversion 2" in done.stdout
    assert not set(done.stderr.split()) & {"pydantic", "ruamel", "httpx", "rich", "jinja2", "asyncio"}


@pytest.mark.parametrize("words", [[], ["bash"], ["fish"], ["tcsh", "a"], ["bash", "bulkplan 'x", ""]])
def test_what_cannot_be_answered_is_answered_with_nothing(project, words, capfd):
    assert run(["__complete", *words]) in (0, 1)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_its_script(shell, capfd):
    assert run(["completion", shell]) == 0
    assert capfd.readouterr().out == SCRIPTS[shell]
    assert "bulkplan" in SCRIPTS[shell].splitlines()[0]


def test_the_names_of_schemas_are_those_that_there_are():
    assert set(SCHEMA_NAMES) == set(SCHEMAS)
