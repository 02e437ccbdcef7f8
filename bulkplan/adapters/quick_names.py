"""
The names that stand in a project's files, found by looking at lines: for completion, which may not wait.

Nothing is parsed and nothing is checked; a file that is odd gives fewer names. Imports only what is there anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

MAX_FILES = 2000
MAX_BYTES = 256 * 1024
"""Of one file."""
_NAME = re.compile(r"""^name:[ \t]*["']?([a-z0-9][a-z0-9-]*)""", re.MULTILINE)
_VERSION = re.compile(r"^version:[ \t]*([0-9]+)", re.MULTILINE)
_TARGETS = re.compile(r"^targets:[ \t]*(?:#.*)?\n((?:[ \t]+.*\n|[ \t]*(?:#.*)?\n)*)", re.MULTILINE)
_FLOW_TARGETS = re.compile(r"^targets:[ \t]*\{(.*)\}", re.MULTILINE)
_FLOW_KEY = re.compile(r"""(?:^|,)[ \t]*["']?([^\s"':,{}]+)["']?[ \t]*:""")
_DEEPEST = re.compile(r"\{[^{}]*\}")


def find_root(start: Path) -> Path | None:
    """The nearest folder from `start` upward that looks like a project; `None` when there is none."""
    folder = start.resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / "bulkplan.yaml").is_file() or (candidate / "specs").is_dir():
            return candidate
    return None


def spec_names(root: Path) -> dict[str, int | None]:
    """Names of specs with their versions, in the order of the files."""
    found: dict[str, int | None] = {}
    for text in _texts(root / "specs"):
        for document in re.split(r"^---", text, flags=re.MULTILINE):
            name, version = _NAME.search(document), _VERSION.search(document)
            if name is not None:
                found.setdefault(name[1], int(version[1]) if version else None)
    return found


def target_names(root: Path) -> list[str]:
    """Names of the project's targets; the sandbox where the file names none."""
    text = f"{_text(root / 'bulkplan.yaml')}\n"
    if flow := _FLOW_TARGETS.search(text):
        inner = flow[1]
        while _DEEPEST.search(inner):
            inner = _DEEPEST.sub("", inner)
        return _FLOW_KEY.findall(inner)
    block = _TARGETS.search(text)
    if block is None:
        return ["sandbox"]
    rows = [row for row in block[1].splitlines() if row.strip() and not row.lstrip().startswith("#")]
    depth = min((len(row) - len(row.lstrip()) for row in rows), default=0)
    keys = (row.strip().partition(":")[0].strip("\"'") for row in rows if len(row) - len(row.lstrip()) == depth)
    return [key for key in keys if key]


def recorded_keys(root: Path) -> list[str]:
    """Run keys that a local state has recorded, of every target, by name."""
    found: set[str] = set()
    for file in sorted((root / ".bulkplan" / "state").glob("*.db")):
        found.update(_keys_in(file))
    return sorted(found)


def _keys_in(file: Path) -> Iterator[str]:
    """Reads and never writes: a state under apply is not held up by a key press."""
    import sqlite3
    from contextlib import closing
    from urllib.parse import quote, unquote

    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=0.2)) as connection:
            rows = connection.execute("SELECT key FROM slot WHERE key LIKE 'run/%'").fetchall()
    except sqlite3.Error:
        return
    yield from (unquote(str(key).removeprefix("run/")) for (key,) in rows)


def _texts(folder: Path) -> Iterator[str]:
    files = sorted(path for suffix in ("*.yaml", "*.yml") for path in folder.rglob(suffix))
    yield from (_text(path) for path in files[:MAX_FILES])


def _text(path: Path) -> str:
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")
    except OSError:
        return ""
