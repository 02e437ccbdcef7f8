"""The job of GitHub Actions that we run in: its event, its repository, and the files by which a step speaks."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bulkplan.adapters.github_http import DEFAULT_API_URL
from bulkplan.adapters.secret import Secret
from bulkplan.errors import BulkplanError, UsageError

TOKEN_VARIABLE = "GITHUB_TOKEN"  # noqa: S105 - the name of a variable
MAX_SUMMARY_BYTES = 2**20
"""Source: GitHub Actions, "Workflow commands": a step's summary is at most 1 MiB, and larger ones are not shown."""

_MAX_EVENT_BYTES = 32 * 2**20


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Repository(_Read):
    full_name: str


class _End(_Read):
    sha: str
    ref: str = ""
    repo: _Repository | None = None


class _Pull(_Read):
    number: int
    head: _End
    base: _End


class _Event(_Read):
    pull_request: _Pull | None = None


@dataclass(frozen=True)
class EventPull:
    """The pull request of an event. `is_fork`: its head is no branch of the repository itself."""

    number: int
    head_sha: str
    is_fork: bool


@dataclass(frozen=True)
class Job:
    """A job: where it runs, and for what. `run_url` leads to it; `token` is there where the step was given one."""

    api_url: str
    repository: str
    sha: str
    branch: str
    run_url: str | None
    pull: EventPull | None
    token: Secret | None

    @property
    def head_sha(self) -> str:
        """The commit that people know: the head of the pull request, else what the job runs on."""
        return self.pull.head_sha if self.pull else self.sha


def read_job(environ: Mapping[str, str], *, needs_event: bool = False) -> Job:
    """
    The job that these variables describe.

    Where the event is not there, it is missed only by a job for a pull request, whose commits it names, and by whoever
    `needs_event`.

    Raises:
        UsageError: They describe none.
        BulkplanError: The event cannot be read.
    """
    repository = _needed(environ, "GITHUB_REPOSITORY")
    server, run = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_RUN_ID")
    token = environ.get(TOKEN_VARIABLE, "").strip()
    is_for_pull = environ.get("GITHUB_EVENT_NAME", "").startswith("pull_request")
    if needs_event or is_for_pull or environ.get("GITHUB_EVENT_PATH"):
        event = _event(Path(_needed(environ, "GITHUB_EVENT_PATH")))
    else:
        event = None
    return Job(
        api_url=environ.get("GITHUB_API_URL") or DEFAULT_API_URL,
        repository=repository,
        sha=environ.get("GITHUB_SHA", ""),
        branch=environ.get("GITHUB_REF_NAME", ""),
        run_url=f"{server}/{repository}/actions/runs/{run}" if server and run else None,
        pull=_pull(event, repository) if event else None,
        token=Secret(token) if token else None,
    )


def append_summary(environ: Mapping[str, str], make: Callable[[int], str]) -> bool:
    """
    Add to the summary of this step what fits.

    Args:
        environ: Names the file, as the runner does.
        make: Makes a text of at most so many bytes.

    Returns:
        Whether there was room.
    """
    path = Path(_needed(environ, "GITHUB_STEP_SUMMARY"))
    try:
        used = path.stat().st_size if path.exists() else 0
        room = MAX_SUMMARY_BYTES - used - 2
        text = make(room) if room > 0 else ""
        if not text or len(text.encode()) > room:
            return False
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise BulkplanError(f"the summary cannot be written: {error.strerror}") from error
    return True


def write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """
    Set outputs of this step. A random word ends each value, so that none can set another.

    Raises `UsageError` outside of a step, `BulkplanError`.
    """
    path = Path(_needed(environ, "GITHUB_OUTPUT"))
    blocks = []
    for name, value in outputs.items():
        end = f"end_{secrets.token_hex(16)}"
        blocks.append(f"{name}<<{end}\n{value}\n{end}\n")
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(blocks))
    except OSError as error:
        raise BulkplanError(f"the outputs cannot be written: {error.strerror}") from error


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise UsageError(
            f"${name} is not set: this command speaks to GitHub from within a step of GitHub Actions",
            hint="elsewhere: bulkplan show PLAN --format markdown",
        )
    return value


def _event(path: Path) -> _Event:
    try:
        with path.open("rb") as file:
            return _Event.model_validate(json.loads(file.read(_MAX_EVENT_BYTES)))
    except OSError as error:
        raise BulkplanError(f"the event of the job cannot be read: {error.strerror}") from error
    except (ValueError, ValidationError, RecursionError) as error:
        raise BulkplanError("the event of the job is not what GitHub Actions writes") from error


def _pull(event: _Event, repository: str) -> EventPull | None:
    """Where the repository of the head is gone, it was a fork."""
    pull = event.pull_request
    if pull is None:
        return None
    is_own = pull.head.repo is not None and pull.head.repo.full_name == repository
    return EventPull(pull.number, pull.head.sha, is_fork=not is_own)
