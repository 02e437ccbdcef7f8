"""A sandbox as a stranger meets it: the command, an address, a key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import bulkplan

API_KEY = "api_3mZoutside7Q.8vTn2Ks"
N_LEADS = 130
"""More than one page of a list."""


@contextmanager
def serve(*words: str) -> Iterator[str]:
    """Serve a new world until the block ends; gives the base URL, as the command prints it."""
    command = [sys.executable, "-m", "bulkplan", "sandbox", "serve", "--port", "0", "--leads", str(N_LEADS)]
    process = subprocess.Popen(
        # Without a limit: the official client gives up on limits whose reset is a fraction of a second.
        [*command, "--api-key", API_KEY, "--leads-per-second", "100000", "--rate-limit", "none", *words],
        env={**os.environ, "PYTHONPATH": str(Path(bulkplan.__file__).parents[1])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://127.0.0.1:" in line, line
            yield line.rsplit(" ", 1)[-1].strip()
        finally:
            process.terminate()
            process.wait(20)


def missing(what: str) -> None:
    """Skip for the lack of a program; where CI runs, everything is installed and a lack is an error."""
    reason = f"{what} is not installed: pip install --group dev"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason, allow_module_level=True)
