"""Files that somebody prepared: no end, no bottom, another place. Each is refused in words, within bounds."""

from __future__ import annotations

import os
import socket
import tracemalloc
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

import pytest
from support.spec_texts import FILTER, HEAD

from bulkplan.adapters.quick_names import spec_names
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.cli.main import run

MAX_MEMORY = 64 * 2**20
PROJECT = "schema: bulkplan/project/v1\ntargets: {sandbox: {sandbox: {leads: 5}}}\n"
SPEC = f"{HEAD}{FILTER}action: {{type: delete}}\n"
CANARY = "canarysecret"
SECRET = f"name: {CANARY}\n"


def _bomb(base: str, reference: str) -> str:
    levels = zip("abcdefgh", "bcdefghi", strict=True)
    return base + "".join(f"{name}: &{name} {reference.format(before)}\n" for before, name in levels)


NINE = ", ".join(["*{0}"] * 9)
ALIASES = _bomb("a: &a [x, x, x, x, x, x, x, x, x]\n", f"[{NINE}]")
MERGES = _bomb("a: &a {x: 1}\n", f"{{{{<<: [{NINE}]}}}}")


def _socket(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(path))


def _link_out(path: Path) -> None:
    place = next(folder for folder in path.parents if folder.name == "p").with_name("secret.txt")
    place.write_text(SECRET)
    path.symlink_to(place)


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**40)


ODD = {
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
    "socket": _socket,
    "folder": Path.mkdir,
    "link out": _link_out,
    "loop": lambda path: path.symlink_to(path),
    "sparse": _sparse,
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe\x00" + SECRET.encode()),
    "deep": lambda path: path.write_text("[" * 100_000),
    "alias bomb": lambda path: path.write_text(ALIASES),
    "merge bomb": lambda path: path.write_text(MERGES),
}
"""Makes something that is no plain small file."""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project with one spec, in the current folder."""
    folder = tmp_path / "p"
    (folder / "specs").mkdir(parents=True)
    (folder / "filters").mkdir()
    (folder / "specs" / "sound.yaml").write_text(SPEC)
    (folder / "bulkplan.yaml").write_text(PROJECT)
    monkeypatch.chdir(folder)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return folder


def ended(*words: str) -> int:
    """The exit code of a command."""
    return run([*words])


@contextmanager
def little_memory():
    """What is done takes no more of it than it should."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MAX_MEMORY
    finally:
        tracemalloc.stop()


def measured(kind: str):
    """Memory is measured where it could be much; that takes time."""
    return little_memory() if kind in ("device", "sparse", "alias bomb", "merge bomb") else nullcontext()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("place", ["specs/odd.yaml", "filters/odd.yaml", "bulkplan.yaml"])
def test_an_odd_file_of_a_project_is_a_problem_with_its_place(root, tmp_path, capfd, place, kind):
    (root / place).unlink(missing_ok=True)
    ODD[kind](root / place)
    if kind == "folder" and place != "bulkplan.yaml":
        return  # a folder of specs
    with measured(kind):
        code = ended("validate")
    out, err = capfd.readouterr()
    assert code == 65, out + err
    assert f"{place}:" in out + err
    assert "bug" not in err
    assert CANARY not in out + err


NAMED = {
    "show": ("show", "{}"),
    "apply": ("apply", "{}"),
    "apply --reviewed": ("apply", "--reviewed", "{}"),
    "ci outputs": ("ci", "outputs", "{}"),
    "ci summary --base": ("ci", "summary", "{}", "--base", "{}"),
    "audit verify --against": ("audit", "verify", "--against", "{}"),
    "new --from": ("new", "n", "--from-filters", "{}", "--action", "delete"),
    "validate PATH": ("validate", "{}"),
    "fmt PATH": ("fmt", "--check", "{}"),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", [kind for kind in ODD if "bomb" not in kind])
@pytest.mark.parametrize("command", NAMED)
def test_an_odd_file_that_is_named_is_refused_in_words(root, tmp_path, capfd, monkeypatch, command, kind):
    ODD[kind](root / "odd.json")
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    with measured(kind):
        code = ended(*(word.format("odd.json") for word in NAMED[command]))
    out, err = capfd.readouterr()
    assert code in (1, 4, 64, 65) or (kind == "folder" and "PATH" in command), out + err
    assert "bug" not in err
    assert CANARY not in out + err


@pytest.mark.parametrize("word", ["--out", "--members", "--failure"])
@pytest.mark.parametrize("kind", ["pipe", "device", "socket", "folder", "link out"])
def test_nothing_is_written_into_what_is_no_file_of_ours(root, tmp_path, capfd, word, kind):
    path = root / ("odd.csv" if word == "--members" else "odd.json")
    ODD[kind](path)
    assert ended("plan", word, str(path)) in (1, 3, 64, 65)
    assert "bug" not in capfd.readouterr().err
    if kind == "link out":
        assert (tmp_path / "secret.txt").read_text() == SECRET


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "folder"])
def test_completion_waits_for_no_odd_file_and_reads_none_outside(root, tmp_path, kind):
    ODD[kind](root / "specs" / "odd.yaml")
    assert "a" in spec_names(root)
    assert not any("canary" in name for name in spec_names(root))


SPELLINGS = [
    *("../{}", "specs/../../{}", "./../{}", "specs/./../../{}", "../p/../{}", "specs//..//..//{}"),
    *("{{abs}}", "/etc/hostname", "/proc/self/environ", "/dev/stdin", "//etc//hostname"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_path_leads_out_of_the_project(root, tmp_path, capfd, spelling):
    (tmp_path / "outside.yaml").write_text(SPEC.replace("name: a", "name: canarysecret"))
    path = spelling.format("outside.yaml").replace("{abs}", str(tmp_path / "outside.yaml"))
    for command in ("validate", "fmt"):
        assert ended(command, path) == 64
        assert CANARY not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "a/b", "..", "CON", "nul.txt", "a\\b", "a:b", "-rf", ".hidden", ""]
)
def test_no_name_of_a_spec_or_fragment_is_a_path(root, capfd, name):
    assert ended("new", name, "--from-status", "Churned", "--action", "delete", "--no-input") == 64
    for folder in ("specs", "filters"):
        (root / folder / "x.yaml").write_text(SPEC.replace("name: a", f"name: {name!r}"))
        assert ended("validate") == 65
        (root / folder / "x.yaml").unlink()
    assert sorted(path.name for path in root.rglob("*") if path.is_file()) == ["bulkplan.yaml", "sound.yaml"]


def test_names_of_files_that_would_be_elsewhere_on_windows_are_text_here(root):
    for name in ("C:evil.yaml", "x\\..\\..\\evil.yaml", "aux.yaml", "a\nb.yaml", "\x1b[31m.yaml"):
        (root / "specs" / name).write_text("x: [\n")
    problems = YamlProject(root).read().problems
    assert len(problems) == 5
