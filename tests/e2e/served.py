"""A sandbox served over HTTP by a process of its own, and what a plain HTTP client sees of it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from e2e.project import API_KEY, KEY_VARIABLE, Project, environ

from bulkplan.core.marker import is_marked, make_tag
from bulkplan.model.run import RunKey

KINDS = ("email", "edit", "delete", "sequence_subscription")
_LOG_END = 10_000


@dataclass(frozen=True)
class Served:
    """
    A served sandbox. `client` asks it as anybody may, with the key it accepts.

    What was asked of it, and begun in it, before a test is no part of what the test sees.
    """

    base_url: str
    client: httpx.Client
    begun_before: frozenset[str] = frozenset()

    def as_new(self) -> Served:
        """The same sandbox, without faults, for a test that begins now."""
        self.heal()
        ids = frozenset(action["id"] for action in self._all_actions())
        self.client.delete(self._control("requests")).raise_for_status()
        return Served(self.base_url, self.client, ids)

    @property
    def target(self) -> str:
        """The target of a project file that means this sandbox."""
        return f"{{base_url: {self.base_url}, api_key_env: {KEY_VARIABLE}}}"

    def get(self, path: str, **params: str | int) -> dict:
        """The answer to a GET, below `/api/v1`."""
        return self.client.get(path, params=params).raise_for_status().json()

    def pages(self, path: str) -> Iterator[dict]:
        """Every object of a list, page by page. Source: Close API, "Pagination" (`_limit`, `_skip`, `has_more`)."""
        skip, has_more = 0, True
        while has_more:
            page = self.get(path, _limit=100, _skip=skip)
            yield from page["data"]
            skip, has_more = skip + len(page["data"]), page["has_more"]

    def count(self, s_query: dict) -> int:
        """How many leads Close's own search finds. Source: Close API, "Advanced Filtering" (`include_counts`)."""
        body = {"query": s_query, "include_counts": True, "_limit": 1}
        answer = self.client.post("/data/search/", json=body)
        while answer.status_code == 429:
            answer = self.client.post("/data/search/", json=body)
        return answer.raise_for_status().json()["count"]["total"]

    def actions(self) -> list[dict]:
        """Every bulk action of the organization."""
        return [action for action in self._all_actions() if action["id"] not in self.begun_before]

    def _all_actions(self) -> Iterator[dict]:
        for kind in KINDS:
            yield from self.pages(f"/bulk_action/{kind}/")

    def actions_of(self, project: Project, *keys: str) -> dict[str, int]:
        """How many bulk actions carry the tag of each run key."""
        listed = self.actions()
        organization_id = self.get("/me/")["organizations"][0]["id"]
        tags = {key: make_tag(project.project_id, organization_id, RunKey.parse(key)) for key in keys}
        return {key: sum(is_marked(action["s_query"], tag) for action in listed) for key, tag in tags.items()}

    def fault(self, kind: str, **rule: str | int | float | bool | dict | None) -> None:
        """Switch a fault on: it strikes the first such request from now on, unless `nth` or `times` say otherwise."""
        rules = {"rules": [{"kind": kind, **rule}]}
        self.client.post(self._control("faults"), json=rules).raise_for_status()

    def heal(self) -> None:
        """Switch all faults off."""
        self.client.delete(self._control("faults")).raise_for_status()

    def advance(self, seconds: float) -> None:
        """Move the clock of the sandbox on."""
        self.client.post(self._control("clock"), json={"advance_seconds": seconds}).raise_for_status()

    def requests(self) -> Counter[tuple[str, str]]:
        """How often each method and path was asked, our own questions among them."""
        log = self.client.get(self._control("requests")).raise_for_status().json()["data"]
        assert len(log) < _LOG_END, "the log forgets its beginning"
        return Counter((entry["method"], entry["path"].removeprefix("/api/v1")) for entry in log)

    def starts(self) -> int:
        """How many requests came in that start a bulk action, whatever became of them."""
        return sum(n for (method, path), n in self.requests().items() if method == "POST" and _is_start(path))

    def writes(self) -> list[tuple[str, str]]:
        """The requests that may change something: all but GET and searches."""
        return [
            (method, path)
            for (method, path) in self.requests().elements()
            if method != "GET" and not path.startswith(("/data/search", "/_sandbox"))
        ]

    def _control(self, what: str) -> str:
        return f"{self.base_url.removesuffix('/api/v1')}/_sandbox/{what}"


def _is_start(path: str) -> bool:
    return path.strip("/").split("/") in [["bulk_action", kind] for kind in KINDS]


@contextmanager
def serve(data: Path, *words: str) -> Iterator[Served]:
    """Serve the world in `data`, made if it is not there, until the block ends; the end must be an orderly one."""
    command = [sys.executable, "-m", "bulkplan", "sandbox", "serve", "--port", "0", "--data", str(data)]
    process = subprocess.Popen(
        [*command, "--api-key", API_KEY, "--control", *words],
        env=environ(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            base_url = process.stdout.readline().rsplit(" ", 1)[-1].strip()
            assert base_url.startswith("http://127.0.0.1:"), process.communicate(timeout=10)
            with httpx.Client(base_url=base_url, auth=(API_KEY, ""), trust_env=False, timeout=30) as client:
                yield Served(base_url, client)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=30)
            assert (process.returncode, out) == (0, ""), err
            assert "Traceback" not in err, err
        finally:
            process.kill()


def copied(world: Path, folder: Path) -> Path:
    """A copy of a world that nobody serves, for one test alone."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(world, folder / "world.db"))
