"""Who runs this command, and from where: kept in every record."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess  # asks git for the commit
from collections.abc import Mapping
from pathlib import Path

from bulkplan.model.store import CiRun, Provenance

_GIT_TIMEOUT_S = 5.0
_MAX_EVENT_BYTES = 25_000_000
"""GitHub's own limit for what it tells of an event."""


def provenance(root: Path, environ: Mapping[str, str]) -> Provenance:
    """The person (or CI actor), the host, the process, the commit of the project and the CI run, as far as known."""
    environ = {name: _as_utf8(value) for name, value in environ.items()}
    return Provenance(
        actor=environ.get("GITHUB_ACTOR") or _as_utf8(_user_name()),
        host=socket.gethostname(),
        pid=os.getpid(),
        commit=_commit(root),
        ci_run_url=_ci_run_url(environ),
        ci=_ci_run(environ),
    )


def git_address(root: Path) -> str | None:
    """The e-mail address that git signs commits with here; `None` where there is none."""
    said = _git(root, "config", "user.email")
    return said if said and "@" in said and not any(character.isspace() for character in said) else None


def _as_utf8(text: str) -> str:
    """Bytes of a variable that are no UTF-8 are written out: records hold nothing else."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user ID without a name, as in many containers
        return f"uid {os.getuid()}"


def _commit(root: Path) -> str | None:
    return _git(root, "rev-parse", "HEAD")


def _git(root: Path, *words: str) -> str | None:
    """What git answers in a folder; `None` where there is no git, or nothing to say."""
    git = shutil.which("git")
    if git is None:
        return None
    try:
        asked = subprocess.run(  # noqa: S603 - our own words, no shell
            [git, *words], cwd=root, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None


def _ci_run_url(environ: Mapping[str, str]) -> str | None:
    server, repository, run = (
        environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    )
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None


def _ci_run(environ: Mapping[str, str]) -> CiRun | None:
    """
    What GitHub Actions says of the job; `None` elsewhere.

    Who approved the deployment of an environment is not among it: that stands on the page of the CI run.
    Source: GitHub Actions, "Variables reference".
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        return None
    return CiRun(
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT")),
        workflow=environ.get("GITHUB_WORKFLOW") or None,
        event=environ.get("GITHUB_EVENT_NAME") or None,
        ref=environ.get("GITHUB_REF") or None,
        pull_request=_pull_request(environ.get("GITHUB_EVENT_PATH")),
        triggering_actor=environ.get("GITHUB_TRIGGERING_ACTOR") or None,
    )


def _pull_request(event_path: str | None) -> int | None:
    """The number of the pull request that the event is about; `None` where it is about none, or cannot be read."""
    if not event_path:
        return None
    path = Path(event_path)
    try:
        if path.stat().st_size > _MAX_EVENT_BYTES:
            return None
        event = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    about = event.get("pull_request") if isinstance(event, dict) else None
    number = about.get("number") if isinstance(about, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None
