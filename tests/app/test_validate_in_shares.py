"""A large project is looked through side by side; what is found is the same as when one process reads it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.spec_texts import SPEC

from bulkplan.adapters.helpers import ForkedHelpers
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.validate import validate

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass
class NearHelpers:
    """Helpers of this very process."""

    count: int
    least: int = 1

    def share(self, work: Callable[[Sequence[str]], bytes], shares: Sequence[Sequence[str]]) -> Sequence[bytes]:
        assert len(shares) <= self.count
        return [work(share) for share in shares]


def spec(name: str, more: str = "", **changes: str) -> str:
    text = SPEC.replace("name: a\n", f"name: {name}\n")
    for old, new in changes.items():
        text = text.replace(f"{old}:", f"{new}:")
    return text + more


FILES = {
    "bulkplan.yaml": "schema: bulkplan/project/v1\nguards: {email: {max_matches: 10}}\ndefault_target: nowhere\n",
    "filters/used.yaml": "schema: bulkplan/filter/v1\nname: used\nwhere: {field: status, is: Churned}\n",
    "filters/lonely.yaml": "schema: bulkplan/filter/v1\nname: lonely\nwhere: {field: status, is: Churned}\n",
    "specs/a.yaml": spec("one") + "---\n" + spec("two", "depends_on: [one, thre]\n"),
    "specs/b.yaml": spec("one"),
    "specs/c.yaml": spec("three", "depends_on: [four]\n"),
    "specs/d.yaml": spec("four", "depends_on: [three]\n"),
    "specs/e.yaml": spec("five", "guards: {max_matches: 0}\n"),
    "specs/f.yaml": spec("six", filter="filtre"),
    "specs/g.yaml": "# nothing\n",
    "specs/k.yaml": spec("nine").replace("{all_leads: true}", "{where: {use: used}}"),
    "specs/h.yaml": spec("seven", "not_after: 2026-01-01\nnot_before: 2026-02-01\n"),
}
BROKEN = {"specs/i.yaml": "a: [\n", "specs/j.yaml": spec("eight", "x: &a 1\ny: *a\n")}


def project(folder: Path, files: dict[str, str]) -> YamlProject:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return YamlProject(folder)


@pytest.mark.parametrize("files", [FILES, {**FILES, **BROKEN}, {"specs/a.yaml": spec("one")}])
@pytest.mark.parametrize("count", [1, 2, 3, 50])
def test_shares_find_what_one_look_at_everything_finds(tmp_path, files, count):
    source = project(tmp_path, files)
    assert validate(source, now=NOW, helpers=NearHelpers(count)) == validate(source, now=NOW)


def test_the_project_of_this_test_has_something_of_everything(tmp_path):
    found = validate(project(tmp_path, FILES), now=NOW)
    said = " / ".join(problem.message for problem in (*found.problems, *found.warnings))
    for words in (
        "is taken",
        'named "thre"',
        "wait for each other",
        "refuses every run",
        "filtre",
        "lonely",
        "no spec",
    ):
        assert words in said
    assert '"used"' not in said


def test_copies_of_this_process_answer_in_order():
    answers = ForkedHelpers().share(lambda names: ",".join(names).encode(), [("a", "b"), ("c",), ("d",)])
    assert answers == [b"a,b", b"c", b"d"]


def test_the_work_of_a_helper_that_dies_is_done_here(tmp_path):
    died = tmp_path / "died"

    def work(names: Sequence[str]) -> bytes:
        if names == ("a",) and not died.exists():
            died.touch()
            raise MemoryError
        return names[0].encode()

    assert ForkedHelpers().share(work, [("a",), ("b",)]) == [b"a", b"b"]
    assert died.exists()
