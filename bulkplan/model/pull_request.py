"""What GitHub keeps of a pull request, as far as bulkplan asks: its comments, its merge, the plans made for it."""

from __future__ import annotations

from bulkplan.model.base import Value


class Comment(Value):
    """A comment; `author` is a login, empty where the account is gone."""

    id: int
    body: str
    author: str


class MergedPull(Value):
    """
    A pull request that was merged into `branch`. `merged_at` is GitHub's text, in UTC.

    `is_fork`: its head was no branch of the repository itself.
    """

    number: int
    head_sha: str
    branch: str
    merged_at: str
    merge_sha: str | None = None
    is_fork: bool = False


class PlanArtifact(Value):
    """A file that a run left behind: which run, for which commit; `at` is when, GitHub's text, in UTC."""

    id: int
    run_id: int
    head_sha: str
    at: str
