"""What stores keep and answer, and who writes into them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bulkplan.model.base import Value


class PutResult(StrEnum):
    """What became of a write to the state store."""

    STORED = "stored"
    CONFLICT = "conflict"
    UNSURE = "unsure"
    """No answer: it may or may not be stored. Read back."""
    UNAVAILABLE = "unavailable"
    """Surely not stored."""
    BUSY = "busy"
    """Surely not stored either: others wrote other keys all the while. Worth another try, a little later."""


@dataclass(frozen=True)
class Slot:
    """What a store keeps under one key: a text, and the number of its version (from 1)."""

    key: str
    version: int
    text: str


class CiRun(Value):
    """
    What a CI job says of itself: which attempt of which workflow, on which ref, for which pull request.

    `triggering_actor` began this attempt (a re-run, say); the record's `actor` is whose change it was.
    """

    attempt: int | None = None
    workflow: str | None = None
    event: str | None = None
    ref: str | None = None
    pull_request: int | None = None
    triggering_actor: str | None = None


@dataclass(frozen=True)
class Provenance:
    """Who runs this, from where: kept in every record."""

    actor: str
    host: str
    pid: int
    commit: str | None = None
    ci_run_url: str | None = None
    ci: CiRun | None = None
