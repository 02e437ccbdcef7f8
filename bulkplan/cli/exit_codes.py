"""Which exit code an outcome has."""

from __future__ import annotations

from bulkplan import errors

OK = 0
ERROR = 1
CHANGES = 2
"""Only with `plan --detailed-exitcode`: something would run."""
REFUSED = 3
PLAN_REFUSED = 4
UNKNOWN = 5
USAGE = 64
INVALID = 65
TRY_LATER = 75
NOT_AUTHORIZED = 77
INTERRUPTED = 130
TERMINATED = 143

EXIT_CODES: tuple[tuple[type[errors.BulkplanError], int], ...] = (
    (errors.UsageError, USAGE),
    (errors.InvalidFilesError, INVALID),
    (errors.RefusedError, REFUSED),
    (errors.PlanRefusedError, PLAN_REFUSED),
    (errors.UnknownRunError, UNKNOWN),
    (errors.InterruptedApplyError, INTERRUPTED),
    (errors.ActionsFailedError, ERROR),
    (errors.MissingExtraError, ERROR),
    (errors.NotAuthorizedError, NOT_AUTHORIZED),
    (errors.TryLaterError, TRY_LATER),
    (errors.CloseError, ERROR),
    (errors.StoreBusyError, TRY_LATER),
    (errors.GitHubAwayError, TRY_LATER),
    (errors.StoreError, ERROR),
    (errors.BulkplanError, ERROR),
)
"""The first row that fits wins, so a kind stands above the kind it belongs to."""


def exit_code(error: errors.BulkplanError) -> int:
    """The exit code of an error."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))
