"""Who runs this command, and from where: kept in every record."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess  # asks git for the commit
from collections.abc import Mapping
from pathlib import Path

from bulkplan.model.store import Provenance

_GIT_TIMEOUT_S = 5.0


def provenance(root: Path, environ: Mapping[str, str]) -> Provenance:
    """The person (or CI actor), the host, the process, the commit of the project and the CI run, as far as known."""
    return Provenance(
        actor=environ.get("GITHUB_ACTOR") or _user_name(),
        host=socket.gethostname(),
        pid=os.getpid(),
        commit=_commit(root),
        ci_run_url=_ci_run_url(environ),
    )


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user ID without a name, as in many containers
        return f"uid {os.getuid()}"


def _commit(root: Path) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - our own words, no shell
            [git, "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() if asked.returncode == 0 else None


def _ci_run_url(environ: Mapping[str, str]) -> str | None:
    server, repository, run = (
        environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
