"""A served sandbox that may be killed and started again on the same port, over the same world."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from e2e.project import API_KEY, environ
from e2e.served import Served


@dataclass
class Server:
    """One world on one port. `served` is how it is asked; nobody waits for the end of requests when it is killed."""

    data: Path
    words: tuple[str, ...]
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Serve; returns the base URL."""
        command = [sys.executable, "-m", "bulkplan", "sandbox", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--data", str(self.data), "--api-key", API_KEY, "--control", *self.words],
            env=environ(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        base_url = self.process.stdout.readline().rsplit(" ", 1)[-1].strip()
        assert base_url.startswith("http://127.0.0.1:"), base_url
        self.port = int(base_url.split(":")[2].split("/")[0])
        return base_url

    def kill(self) -> None:
        """End it at once, whatever it is at."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()


@contextmanager
def server(data: Path, *words: str) -> Iterator[tuple[Server, Served]]:
    """A server until the block ends, and a client of it."""
    started = Server(data, words)
    base_url = started.start()
    try:
        with httpx.Client(base_url=base_url, auth=(API_KEY, ""), trust_env=False, timeout=30) as client:
            yield started, Served(base_url, client)
    finally:
        started.kill()
