"""The story of a comment on a pull request: found again, updated, never somebody else's, and never twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bulkplan.errors import GitHubError
from bulkplan.model.pull_request import Comment


class CommentBoard(Protocol):
    """The comments of a repository's pull requests; what fails raises `GitHubError`."""

    def author(self) -> str:
        """The login that we write as."""
        ...

    def comments(self, pull: int) -> Iterator[Comment]:
        """Every comment of a pull request, oldest first."""
        ...

    def create_comment(self, pull: int, body: str) -> Comment:
        """A new comment."""
        ...

    def update_comment(self, comment_id: int, body: str) -> None:
        """Another text for a comment."""
        ...


class Placed(StrEnum):
    """What was done."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Draft:
    """
    A comment to be. `marker` is the hidden line that it begins with, by which it is found again.

    `compose` makes the text, which begins with the marker, from that of the comment it takes the place of.
    """

    marker: str
    compose: Callable[[str | None], str]


def keep_comment(board: CommentBoard, pull: int, draft: Draft) -> Placed:
    """
    One comment for one marker: the one that is there gets the new text, or a first one is made.

    Only a comment that we wrote ourselves is ever changed, whatever others write into theirs. Raises `GitHubError`.
    """
    mine = _find(board, pull, draft.marker)
    if mine is None:
        return _create(board, pull, draft.marker, draft.compose(None))
    body = draft.compose(mine.body)
    if body == mine.body:
        return Placed.UNCHANGED
    try:
        board.update_comment(mine.id, body)
    except GitHubError as error:
        if error.status != 404:
            raise
        return _create(board, pull, draft.marker, body)  # deleted since it was listed
    return Placed.UPDATED


def add_comment(board: CommentBoard, pull: int, draft: Draft) -> Placed:
    """A new comment, which notifies people; none where this very marker was said before. Raises `GitHubError`."""
    if _find(board, pull, draft.marker) is not None:
        return Placed.UNCHANGED
    return _create(board, pull, draft.marker, draft.compose(None))


def _find(board: CommentBoard, pull: int, marker: str) -> Comment | None:
    author = board.author()
    ours = (comment for comment in board.comments(pull) if comment.author == author)
    return next((comment for comment in ours if _first_line(comment.body) == marker), None)


def _first_line(body: str) -> str:
    return body.partition("\n")[0].rstrip("\r")


def _create(board: CommentBoard, pull: int, marker: str, body: str) -> Placed:
    """Where nobody knows whether it was made, it is looked for before it is tried once more."""
    try:
        board.create_comment(pull, body)
    except GitHubError as error:
        if not error.is_ambiguous:
            raise
        if _find(board, pull, marker) is None:
            board.create_comment(pull, body)
    return Placed.CREATED
