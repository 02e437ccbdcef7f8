"""Since when spec files are as they are, by real git repositories."""

from __future__ import annotations

import os
import subprocess

import pytest

from bulkplan.adapters.git_log import GitSpecHistory
from bulkplan.model.audit import FileChange

FILES = ("specs/a.yaml", "specs/b.yaml")


class Repository:
    """A git repository whose commits have days; the project is a folder in it."""

    def __init__(self, root) -> None:
        self.root, self.project = root, root / "ops"
        (self.project / "specs").mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str, day: int = 1) -> str:
        moment = f"2026-11-{day:02}T12:00:00+00:00"
        who = {"GIT_AUTHOR_NAME": "Dana", "GIT_AUTHOR_EMAIL": "d@example.com", "GIT_COMMITTER_NAME": "Lee"}
        who |= {"GIT_COMMITTER_EMAIL": "l@example.com", "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
        quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", *words],
            cwd=self.root,
            env={**os.environ, **who, **quiet},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, day: int, **texts: str) -> str:
        for name, text in texts.items():
            (self.project / "specs" / f"{name}.yaml").write_text(text)
        self.git("add", "-A", day=day)
        self.git("commit", "-q", "-m", f"day {day}", day=day)
        return self.git("rev-parse", "HEAD")

    def changes(self, *files: str, project=None):
        return GitSpecHistory(project or self.project, os.environ).last_changes(files or FILES)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repo")


def days(changes) -> dict[str, int | None]:
    return {name: change.at.day if change.at else None for name, change in changes.items()}


def test_each_file_has_the_last_commit_that_changed_it(repository):
    first = repository.commit(1, a="1", b="1")
    repository.commit(2, b="2")
    changes = repository.changes()
    assert days(changes) == {"specs/a.yaml": 1, "specs/b.yaml": 2}
    a = changes["specs/a.yaml"]
    assert (a.commit, a.author, a.is_exact) == (first, "Dana", True)


def test_a_file_came_with_the_merge_not_with_the_branch(repository):
    repository.commit(1, a="1")
    repository.git("checkout", "-q", "-b", "change")
    repository.commit(2, b="1")
    repository.git("checkout", "-q", "main")
    repository.commit(3, a="2")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "change", day=9)
    assert days(repository.changes()) == {"specs/a.yaml": 3, "specs/b.yaml": 9}


def test_what_is_not_committed_has_no_commit(repository):
    repository.commit(1, a="1", b="1")
    (repository.project / "specs" / "a.yaml").write_text("edited")
    (repository.project / "specs" / "new.yaml").write_text("new")
    changes = repository.changes("specs/a.yaml", "specs/b.yaml", "specs/new.yaml")
    assert days(changes) == {"specs/a.yaml": None, "specs/b.yaml": 1, "specs/new.yaml": None}
    assert changes["specs/new.yaml"] == FileChange()


def test_where_history_is_cut_off_the_date_is_not_exact(repository, tmp_path):
    repository.commit(1, a="1")
    repository.commit(2, b="1")
    subprocess.run(
        ["git", "clone", "-q", "--depth", "1", f"file://{repository.root}", str(tmp_path / "clone")], check=True
    )
    changes = repository.changes(project=tmp_path / "clone" / "ops")
    assert {name: change.is_exact for name, change in changes.items()} == dict.fromkeys(FILES, False)


def test_an_odd_name_is_a_name_and_no_pattern(repository):
    names = ("specs/[ab].yaml", "specs/a b.yaml", "specs/ü.yaml", "specs/*.yaml")
    for name in names:
        (repository.project / name).write_text("1")
    repository.commit(4, a="1")
    assert days(repository.changes(*names)) == dict.fromkeys(names, 4)


def test_without_a_repository_or_without_git_nothing_is_known(repository, tmp_path):
    (tmp_path / "plain").mkdir()
    assert repository.changes(project=tmp_path / "plain") == {}
    assert repository.changes() == {}  # no commit yet
    assert GitSpecHistory(repository.project, {"PATH": ""}).last_changes(FILES) == {}
