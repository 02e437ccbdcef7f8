"""The files of a new project: those of `project/` go to its root, those of `github/` below `.github/`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

GITHUB_FOLDER = ".github"
CALLER = f"{GITHUB_FOLDER}/workflows/bulkplan.yml"
"""The one workflow that is the project's own: it says for which target the others run, and when."""


def project_files() -> dict[str, str]:
    """The texts of a new project by their path below its root; `@NAME@` stands for what is asked."""
    return dict(_texts(files(__name__) / "project", ""))


def github_files() -> dict[str, str]:
    """The workflows and actions for GitHub by their path below the root of the repository."""
    return dict(_texts(files(__name__) / "github", f"{GITHUB_FOLDER}/"))


def _texts(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        return
    for item in sorted(folder.iterdir(), key=lambda each: each.name):
        if item.is_dir():
            yield from _texts(item, f"{prefix}{item.name}/")
        elif not item.name.endswith((".py", ".pyc")):
            yield f"{prefix}{item.name}", item.read_text(encoding="utf-8")
