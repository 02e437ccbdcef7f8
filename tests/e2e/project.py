"""What the tests of the whole program share: a project folder, and the program started as a user starts it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import bulkplan

API_KEY = "api_5kT2canaryQ9x7LmWz4e.1vRbN8sYd3uHcJ6pAoGfE0"
"""The one key that served sandboxes accept. It may be seen nowhere."""
KEY_VARIABLE = "E2E_CLOSE_KEY"
BULKPLAN = ("-m", "bulkplan")
EXAMPLES = Path(bulkplan.__file__).parents[1] / "specs"
_ADDRESS = re.compile(rb"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        """The document on stdout."""
        return json.loads(self.out)

    @property
    def words(self) -> str:
        """Everything it printed, on one line with single blanks: what is said, wherever the lines are broken."""
        return " ".join(f"{self.out}\n{self.err}".split())


def environ(**more: str) -> dict[str, str]:
    """What a process of these tests finds in its environment: nothing of the one who runs the tests."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    package = str(Path(bulkplan.__file__).parents[1])
    return {**kept, "PYTHONPATH": package, "PYTHONUTF8": "1", "PYTHONWARNINGS": "error", **more}


def until(condition: Callable[[], object], what: str, *, timeout_s: float = 30.0) -> None:
    """Wait until a condition holds; fails, naming it, when it does not within `timeout_s`."""
    deadline, pause = time.monotonic() + timeout_s, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}"
        pause.wait(0.01)


def leaks(content: bytes, addresses: Collection[str]) -> list[str]:
    """What of the API key, in the clear or as sent, and of people's addresses stands in `content`."""
    key = API_KEY.encode()
    found = [name for name, secret in {"key": key, "header": _header(key)}.items() if secret in content]
    seen = {match.decode().lower().rstrip(".") for match in _ADDRESS.findall(content)}
    return found + sorted(seen.intersection(addresses))


def _header(key: bytes) -> bytes:
    return base64.b64encode(key + b":")


@dataclass
class Project:
    """A project folder, and every word that the program printed while working in it."""

    root: Path
    environ: dict[str, str]
    addresses: Collection[str]
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def project_id(self) -> str:
        """The random word in its markers, made of its path here."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:16]

    def configure(self, targets: Mapping[str, str], *, more: str = "", default: str | None = None) -> None:
        """Write `bulkplan.yaml`: its targets by name, each in YAML on one line."""
        lines = "".join(f"  {name}: {words}\n" for name, words in targets.items())
        (self.root / "bulkplan.yaml").write_text(
            f'schema: bulkplan/project/v1\nproject_id: "{self.project_id}"\n'
            f"default_target: {default or next(iter(targets))}\n{more}targets:\n{lines}",
            encoding="utf-8",
        )

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def add_examples(self) -> None:
        """Take the specs that come with the program, and what they share."""
        for path in sorted(EXAMPLES.glob("*.yaml")):
            self.write(f"specs/{path.name}", path.read_bytes())
        for path in sorted(EXAMPLES.with_name("filters").glob("*.yaml")):
            self.write(f"filters/{path.name}", path.read_bytes())

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a passage of a file, which must be there."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *words: str, timeout_s: float = 60.0, program: Sequence[str] = BULKPLAN, **more: str) -> Outcome:
        """Run a command to its end; `program` are the words after `python`."""
        with self.started(*words, program=program, **more) as process:
            return self.ended(process, timeout_s=timeout_s)

    @contextmanager
    def started(self, *words: str, program: Sequence[str] = BULKPLAN, **more: str) -> Iterator[subprocess.Popen[str]]:
        """A command that runs meanwhile; killed at the end if it still does."""
        process = subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=self.root,
            env={**self.environ, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                process.kill()

    def ended(self, process: subprocess.Popen[str], *, timeout_s: float = 60.0) -> Outcome:
        """How a command ended, once it has."""
        out, err = process.communicate(timeout=timeout_s)
        outcome = Outcome(process.returncode, out, err)
        self.outcomes.append(outcome)
        return outcome

    def status(self, *words: str) -> dict[str, dict]:
        """The recorded runs by key, as `status` reports them."""
        return {run["key"]: run for run in self.run("status", "--format", "json", *words).json["runs"]}

    def check_discretion(self) -> None:
        """Nothing that was printed is a traceback; neither output nor files hold the key or people's addresses."""
        for outcome in self.outcomes:
            said = outcome.out + outcome.err
            assert "Traceback" not in said, said
            assert leaks(said.encode(), self.addresses) == []
        for path in self.files():
            assert leaks(path.read_bytes(), self.addresses) == [], path

    def files(self) -> list[Path]:
        """Every file of the project but the leads of an embedded sandbox."""
        worlds = self.root / ".bulkplan" / "sandbox"
        return sorted(path for path in self.root.rglob("*") if path.is_file() and worlds not in path.parents)


def spec(
    name: str,
    *,
    status: str = "Potential",
    version: int = 1,
    action: str | None = None,
    more: str = "",
    tag: str = "vip",
) -> str:
    """A spec that tags the leads of one status, or does `action` to them; `more` are further lines."""
    action = action or f"{{type: set_custom_field, field: Tags, values: [{tag}], operation: add}}"
    return (
        f"schema: bulkplan/v1\nname: {name}\nversion: {version}\n"
        f"filter: {{where: {{field: status, is: {status}}}}}\naction: {action}\n{more}"
    )
