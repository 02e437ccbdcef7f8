"""The table of exit codes."""

from __future__ import annotations

import inspect

import pytest

from bulkplan import errors
from bulkplan.cli.exit_codes import EXIT_CODES, exit_code

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.BulkplanError)]


def _raised(kind: type[errors.BulkplanError]) -> errors.BulkplanError:
    return errors.InvalidFilesError(()) if kind is errors.InvalidFilesError else kind("x")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_an_exit_code(kind):
    assert exit_code(_raised(kind)) in {1, 3, 4, 5, 64, 65, 75, 77, 130}


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.BulkplanError, 1),
        (errors.CloseError, 1),
        (errors.ActionsFailedError, 1),
        (errors.UnreadableRecordError, 1),
        (errors.MissingExtraError, 1),
        (errors.RefusedError, 3),
        (errors.PlanRefusedError, 4),
        (errors.UnknownRunError, 5),
        (errors.UsageError, 64),
        (errors.InvalidFilesError, 65),
        (errors.TryLaterError, 75),
        (errors.StoreBusyError, 75),
        (errors.NotAuthorizedError, 77),
        (errors.WrongOrganizationError, 77),
        (errors.InterruptedApplyError, 130),
    ],
)
def test_the_codes_are_those_that_are_promised(kind, code):
    assert exit_code(_raised(kind)) == code


def test_no_row_stands_below_one_that_covers_it():
    for index, (kind, _) in enumerate(EXIT_CODES):
        assert not any(issubclass(kind, above) for above, _ in EXIT_CODES[:index])


def test_no_error_has_the_code_that_means_changes():
    assert 2 not in {code for _, code in EXIT_CODES}
