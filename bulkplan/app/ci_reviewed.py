"""The story of `ci reviewed`: the plans that merged pull requests were reviewed by, found by the commits reviewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from bulkplan.core.members import FILE_SUFFIX
from bulkplan.core.reviewed import VALID_FOR
from bulkplan.model.pull_request import MergedPull, PlanArtifact

PLAN_FILE = "plan.json"
"""Name of the plan within its artefact."""

MEMBERS_FILE = PLAN_FILE + FILE_SUFFIX
"""Name of what lies beside it, where its cohorts are large."""

MAX_PULLS = 50


class ReviewShelf(Protocol):
    """Where runs leave plans; what fails raises `GitHubError`."""

    def merged_pulls(self, branch: str) -> tuple[MergedPull, ...]:
        """The pull requests last merged into a branch, newest first."""
        ...

    def artifacts(self, name: str) -> tuple[PlanArtifact, ...]:
        """The artefacts of this name, newest first; none that a fork made."""
        ...

    def is_pull_request_run(self, run_id: int, *, head_sha: str) -> bool:
        """Whether a run was of the event `pull_request`, for this commit, on a branch of this repository."""
        ...

    def artifact_text(self, artifact_id: int, name: str, *, beside: str) -> tuple[str, bytes | None]:
        """The text of one file of an artefact, and what lies beside it under that name, if anything does."""
        ...


@dataclass(frozen=True)
class ReviewedPlan:
    """The text of a plan and what lay beside it, not checked yet, and the pull request that it was made for."""

    pull: int
    text: str
    members: bytes | None = None


def artifact_name(target: str, head_sha: str) -> str:
    """The name of the artefact that holds the plan of a commit for a target."""
    return f"bulkplan-plan-{quote(target, safe='')}-{head_sha}"


def reviewed_plans(shelf: ReviewShelf, *, branch: str, target: str, now: datetime) -> Iterator[ReviewedPlan]:
    """
    For each pull request that was merged while a review holds, the last plan made for the very commit merged.

    A plan that a fork's run made never counts: only who may push to the repository can leave one. Raises `GitHubError`.
    """
    for pull in _recent(shelf.merged_pulls(branch), branch, now):
        for artifact in shelf.artifacts(artifact_name(target, pull.head_sha)):
            is_sound = artifact.head_sha == pull.head_sha
            if is_sound and shelf.is_pull_request_run(artifact.run_id, head_sha=pull.head_sha):
                text, members = shelf.artifact_text(artifact.id, PLAN_FILE, beside=MEMBERS_FILE)
                yield ReviewedPlan(pull.number, text, members)
                break


def _recent(pulls: tuple[MergedPull, ...], branch: str, now: datetime) -> list[MergedPull]:
    kept = [
        pull
        for pull in pulls
        if pull.branch == branch and not pull.is_fork and now - _moment(pull.merged_at, now) <= VALID_FOR
    ]
    return kept[:MAX_PULLS]


def _moment(text: str, now: datetime) -> datetime:
    """A moment as GitHub writes it; what cannot be read counts as now, and the plan's own moment decides."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return now
