"""What became of the tests of specs: each with the clauses of its filter, and which of them hold."""

from __future__ import annotations

from typing import Literal

from bulkplan.model.base import Value

Outcome = Literal["passed", "failed", "not-evaluated"]


class Clause(Value):
    """
    One clause of a filter, by itself, for one object.

    `at` is where it stands (`file:line`), `found` what the object has where the clause asks for something. Below a
    clause on related objects stands one for each of them.
    """

    words: str
    holds: bool
    at: str | None = None
    found: str | None = None
    clauses: tuple[Clause, ...] = ()


class TestResult(Value):
    """
    What became of one test of one run.

    `run` is the spec's name with its variant, `number` counts the tests of a spec from 1, `at` is `file:line`.
    `expected` and `matches` say whether the filter must match, and does; `matches` and `is_suppressed` are `None` where
    that is not known. `reason` is one line of words.
    """

    __test__ = False  # no test case of pytest

    run: str
    number: int
    name: str | None = None
    at: str
    expected: bool
    matches: bool | None = None
    is_suppressed: bool | None = None
    outcome: Outcome
    reason: str
    clauses: tuple[Clause, ...] = ()


class TestReport(Value):
    """The tests of some specs. `specs` counts those with tests, `untested` names the others."""

    __test__ = False  # no test case of pytest

    format_version: Literal["1.0"] = "1.0"
    specs: int
    untested: tuple[str, ...] = ()
    passed: int
    failed: int
    not_evaluated: int
    results: tuple[TestResult, ...]
