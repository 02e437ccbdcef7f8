"""What an apply notes: how each row stands so far, and why nothing further starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkplan.core.outcome import Outcome
from bulkplan.core.result import NEEDS_PERSON, ResultKind, RunResult
from bulkplan.model.run import RunKey


@dataclass
class Ledger:
    """
    The results so far. `stop_reason`, in words, once nothing further may start.

    `keep_going`: a run that needs a person does not stop the others.
    """

    keep_going: bool = False
    results: dict[RunKey, RunResult] = field(default_factory=dict)
    stop_reason: str | None = None

    def note(self, result: RunResult) -> None:
        """How a row stands now."""
        self.results[result.key] = result

    def stands_as(self, key: RunKey, kind: ResultKind) -> bool:
        """Whether a row is known to stand so."""
        result = self.results.get(key)
        return result is not None and result.kind is kind

    def stop(self, reason: str) -> None:
        """Start nothing further."""
        self.stop_reason = reason

    def consider_stopping(self, outcome: Outcome) -> None:
        """Whether what became of a run, noted before, lets the others start."""
        result = self.results[outcome.key]
        if outcome.stops_apply:
            self.stop(f"{outcome.key}: {outcome.message}")
        elif result.kind in NEEDS_PERSON and not self.keep_going:
            self.stop(f"{outcome.key} is {result.kind}; --keep-going starts the others all the same")
