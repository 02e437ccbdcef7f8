"""What bulkplan asks of GitHub: the comments of a pull request, and the plans that pull requests were reviewed by."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError

from bulkplan.adapters.github_http import GitHubCaller
from bulkplan.adapters.secret import Secret
from bulkplan.errors import GitHubError
from bulkplan.model.pull_request import Comment, MergedPull, PlanArtifact

PER_PAGE = 100
MAX_PAGES = 50
"""Of a list that goes on for ever no more is read; 5,000 comments are more than any page of GitHub shows."""

MAX_PLAN_BYTES = 64 * 2**20
_NO_ARCHIVE = (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError, EOFError, OSError)
"""What reading from a damaged archive raises; `ValueError` also for text that is no UTF-8."""
ACTIONS_BOT = "github-actions[bot]"
"""Who a job's own token writes as. Source: GitHub Docs, "Use GITHUB_TOKEN for authentication in workflows"."""


class _Read(BaseModel):
    """What GitHub answers: keys that we do not know are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _User(_Read):
    login: str
    type: str = "User"


class _Comment(_Read):
    id: int
    body: str | None = None
    user: _User | None = None


class _Repository(_Read):
    full_name: str


class _Branch(_Read):
    ref: str
    sha: str
    repo: _Repository | None = None


class _Pull(_Read):
    number: int
    head: _Branch
    base: _Branch
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class _RunOfArtifact(_Read):
    id: int
    repository_id: int
    head_repository_id: int
    head_sha: str


class _Artifact(_Read):
    id: int
    name: str
    expired: bool = False
    created_at: str = ""
    workflow_run: _RunOfArtifact | None = None


class _Artifacts(_Read):
    artifacts: list[_Artifact]


class _Run(_Read):
    id: int
    event: str
    head_sha: str
    head_repository: _Repository | None = None


ReadT = TypeVar("ReadT", bound=_Read)


@dataclass(frozen=True)
class GitHub:
    """One repository (`owner/name`), asked with one token."""

    caller: GitHubCaller
    repository: str

    def author(self) -> str:
        """
        The login that this token writes as.

        The token of a job may not ask who it is, and writes as the bot of GitHub Actions.
        """
        try:
            return _parsed(_User, self.caller.get("/user").json).login
        except GitHubError as error:
            if error.status in (401, 403, 404):
                return ACTIONS_BOT
            raise

    def comments(self, pull: int) -> Iterator[Comment]:
        """Every comment of a pull request, oldest first. Raises `GitHubError`."""
        for item in self._pages(f"{self._path}/issues/{pull}/comments"):
            yield _as_comment(_parsed(_Comment, item))

    def create_comment(self, pull: int, body: str) -> Comment:
        """A new comment. Raises `GitHubError`, with `is_ambiguous` where nobody knows whether it was made."""
        answer = self.caller.post(f"{self._path}/issues/{pull}/comments", {"body": body})
        return _as_comment(_parsed(_Comment, answer.json))

    def update_comment(self, comment_id: int, body: str) -> None:
        """Another text for a comment. Raises `GitHubError`."""
        self.caller.patch(f"{self._path}/issues/comments/{comment_id}", {"body": body})

    def pulls_of(self, commit: str) -> tuple[MergedPull, ...]:
        """The pull requests by which a commit came into a branch. Raises `GitHubError`."""
        found = self.caller.get(f"{self._path}/commits/{quote(commit, safe='')}/pulls").json
        return self._merged(found)

    def merged_pulls(self, branch: str) -> tuple[MergedPull, ...]:
        """The pull requests last merged into a branch, newest first. Raises `GitHubError`."""
        words: dict[str, str | int] = {"state": "closed", "base": branch, "sort": "updated", "direction": "desc"}
        found = self.caller.get(f"{self._path}/pulls", params={**words, "per_page": PER_PAGE}).json
        return tuple(sorted(self._merged(found), key=lambda pull: pull.merged_at, reverse=True))

    def artifacts(self, name: str) -> tuple[PlanArtifact, ...]:
        """
        The artefacts of this name that can be fetched, newest first, with the run that made each.

        Those that a fork's run made are left out.
        """
        found = self.caller.get(f"{self._path}/actions/artifacts", params={"name": name, "per_page": PER_PAGE}).json
        ours = [
            PlanArtifact(
                id=each.id, run_id=each.workflow_run.id, head_sha=each.workflow_run.head_sha, at=each.created_at
            )
            for each in _parsed(_Artifacts, found).artifacts
            if each.name == name and not each.expired and each.workflow_run is not None
            if each.workflow_run.repository_id == each.workflow_run.head_repository_id
        ]
        return tuple(sorted(ours, key=lambda each: (each.at, each.id), reverse=True))

    def is_pull_request_run(self, run_id: int, *, head_sha: str) -> bool:
        """Whether a run was of the event `pull_request`, for this commit, on a branch of this very repository."""
        run = _parsed(_Run, self.caller.get(f"{self._path}/actions/runs/{run_id}").json)
        of = run.head_repository.full_name if run.head_repository else None
        return run.event == "pull_request" and run.head_sha == head_sha and of == self.repository

    def artifact_text(self, artifact_id: int, name: str, *, beside: str = "") -> tuple[str, bytes | None]:
        """
        The text of one file of an artefact, and what lies `beside` it under that name, if anything does.

        Nothing is unpacked anywhere. Raises `GitHubError`.
        """
        content = self.caller.download(f"{self._path}/actions/artifacts/{artifact_id}/zip")
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                text = _unpacked(archive, name).decode("utf-8")
                return text, _unpacked(archive, beside) if beside in archive.namelist() else None
        except _NO_ARCHIVE as error:
            raise GitHubError(f"the artefact {artifact_id} holds no {name}") from error

    @property
    def _path(self) -> str:
        return f"/repos/{self.repository}"

    def _merged(self, found: JsonValue) -> tuple[MergedPull, ...]:
        pulls = [_parsed(_Pull, item) for item in found] if isinstance(found, list) else []
        return tuple(
            MergedPull(
                number=pull.number,
                head_sha=pull.head.sha,
                branch=pull.base.ref,
                merged_at=pull.merged_at,
                merge_sha=pull.merge_commit_sha,
                is_fork=pull.head.repo is None or pull.head.repo.full_name != self.repository,
            )
            for pull in pulls
            if pull.merged_at
        )

    def _pages(self, path: str) -> Iterator[JsonValue]:
        answer = self.caller.get(path, params={"per_page": PER_PAGE})
        for _ in range(MAX_PAGES):
            page = answer.json
            if not isinstance(page, list):
                raise GitHubError("GitHub's answer is no list")
            yield from page
            if answer.next_url is None:
                return
            answer = self.caller.follow(answer.next_url)


@contextmanager
def open_github(*, api_url: str, repository: str, token: Secret) -> Iterator[GitHub]:
    """A repository on GitHub. Raises `GitHubError` for an address that no token may be sent to."""
    caller = GitHubCaller(api_url, token)
    try:
        yield GitHub(caller, repository)
    finally:
        caller.close()


def _unpacked(archive: zipfile.ZipFile, name: str) -> bytes:
    """One file of an archive, within bounds. Raises `GitHubError`, or one of `_NO_ARCHIVE`."""
    found = archive.getinfo(name)
    if found.file_size > MAX_PLAN_BYTES:
        raise GitHubError(f"the file {name} of an artefact is too large to be a plan")
    if found.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise GitHubError(f"the file {name} of an artefact is packed in a way that GitHub does not use")
    with archive.open(name) as file:
        return file.read(MAX_PLAN_BYTES)


def _as_comment(found: _Comment) -> Comment:
    login = found.user.login if found.user else ""
    return Comment(id=found.id, body=found.body or "", author=login)


def _parsed(kind: type[ReadT], found: JsonValue) -> ReadT:
    try:
        return TypeAdapter(kind).validate_python(found)
    except ValidationError as error:
        raise GitHubError("GitHub's answer is not what its API promises") from error
