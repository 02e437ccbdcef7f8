"""
Every error bulkplan raises, and the place in a file that it speaks of.

    BulkplanError
    ├── UsageError              wrong words on the command line
    ├── InvalidFilesError       spec or project files with problems, all of them at once
    ├── RefusedError            a guard or a conflict said no
    ├── PlanRefusedError        the saved plan may not be applied
    ├── UnknownRunError         a run whose outcome a person must decide
    ├── InterruptedApplyError   stopped by a signal, state safe
    ├── HeldBackError           a run waits for others of the same apply, or is not started any more
    ├── ActionsFailedError      at least one run was refused by Close, or failed there
    ├── MissingExtraError       an optional dependency is not installed
    ├── NotAuthorizedError      the key is missing, wrong, or lacks a right
    │   └── WrongOrganizationError
    ├── CloseError              Close answered with an error, or not at all
    │   ├── BadRequestError
    │   ├── NotFoundError
    │   ├── ReadOnlyError       a write was tried through the read-only transport
    │   ├── BadAnswerError      an answer that is no JSON, or lacks what it must hold
    │   └── TryLaterError       rate limit, time-out, connection, 5xx: the same call may work later
    ├── GitHubError             GitHub answered with an error, or not at all
    └── StoreError              the state store cannot be read or written
        ├── StoreBusyError
        └── UnreadableRecordError
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Path = tuple[str | int, ...]
"""Keys and indexes from the root of a YAML document to a value, e.g. `("filter", "where", "all", 0)`."""


@dataclass(frozen=True)
class Location:
    """A stretch of one line of a file. Lines and columns count from 1; `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_column: int | None = None
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """
    One thing wrong in a spec or project file.

    `path` is where in the document; `on_key` says that the key at `path` is meant, not its value. `at` is filled in
    by whoever knows the file (see `adapters.yaml_files`).
    """

    message: str
    hint: str | None = None
    path: Path = ()
    on_key: bool = False
    at: Location | None = None

    def located(self, at: Location | None) -> Problem:
        """The same problem with its place in the file."""
        return replace(self, at=at)


class BulkplanError(Exception):
    """The base of every error bulkplan means to raise: `message`, `hint` (how to mend it), `at` (where)."""

    def __init__(self, message: str, *, hint: str | None = None, at: Location | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at


class UsageError(BulkplanError):
    """The command line is wrong."""


class InvalidFilesError(BulkplanError):
    """One or more spec or project files have problems; all of them are listed, in file and line order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = len(problems)
        files = len({problem.at.file for problem in problems if problem.at})
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''}"
            + (f" in {files} file{'s' if files != 1 else ''}" if files else "")
        )
        self.problems = problems


class RefusedError(BulkplanError):
    """A guard or a conflict refused at least one run."""


class PlanRefusedError(BulkplanError):
    """A saved plan was altered, has expired, was used, or no longer fits what it was made from."""


class UnknownRunError(BulkplanError):
    """At least one run is `unknown`: nobody can tell by himself whether Close executed it."""


class InterruptedApplyError(BulkplanError):
    """The apply was interrupted; what was recorded is safe."""


class HeldBackError(BulkplanError):
    """A run was held back before its intent, by others of the same apply. Nothing of it was stored or sent by that."""


class ActionsFailedError(BulkplanError):
    """At least one run was refused by Close or ended there in error; the others were carried on."""


class MissingExtraError(BulkplanError):
    """An optional part is not installed."""


class NotAuthorizedError(BulkplanError):
    """The API key is missing, not accepted, or lacks the right."""


class WrongOrganizationError(NotAuthorizedError):
    """The API key belongs to another organization than the target names."""


class CloseError(BulkplanError):
    """Close answered with an error. `status` is the HTTP status, `request_id` Close's own, where there was one."""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        field_errors: tuple[tuple[str, str], ...] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.field_errors = field_errors
        self.request_id = request_id


class BadRequestError(CloseError):
    """Close refused the request as wrong (400 and its like)."""


class NotFoundError(CloseError):
    """Close does not know the object or the path (404)."""


class ReadOnlyError(CloseError):
    """A request that could change Close was tried through a client that can only read."""


class BadAnswerError(CloseError):
    """An answer that is not JSON, or lacks a key that the API promises."""


class TryLaterError(CloseError):
    """Rate limit, time-out, lost connection or 5xx on a read: the same call may work later."""


class GitHubError(BulkplanError):
    """
    GitHub answered with an error, or not at all. `status` is the HTTP status, where there was one.

    `is_ambiguous`: nobody knows whether a change was made.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, status: int | None = None, is_ambiguous: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.status, self.is_ambiguous = status, is_ambiguous


class GitHubAwayError(GitHubError):
    """GitHub cannot be reached, is at its rate limit or answers 5xx, and nothing was changed: later it may work."""


class StoreError(BulkplanError):
    """The state store cannot be read or written."""


class StoreBusyError(StoreError):
    """The state store is locked by somebody else for longer than we wait."""


class UnreadableRecordError(StoreError):
    """A record that cannot be trusted: torn, altered, or written by a newer bulkplan. `key` is its store key."""

    def __init__(self, message: str, *, key: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.key = key
