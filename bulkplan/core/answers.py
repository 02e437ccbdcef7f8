"""What the answer to the one request means: executed, surely not executed, or nobody can tell."""

from __future__ import annotations

from dataclasses import dataclass

from bulkplan.core.visible import visible, without_addresses
from bulkplan.model.remote import Answer
from bulkplan.model.request import BulkKind

REFUSALS: frozenset[int] = frozenset({400, 401, 402, 403, 404, 405, 406, 411, 413, 414, 415, 422})
"""Complete answers with these statuses say that nothing was executed."""

STOPS_APPLY: frozenset[int] = frozenset({401, 402})
"""Refusals that any further request of this apply would meet too: the key, the account."""

NOT_AUTHORIZED: frozenset[int] = frozenset({401, 403})
"""Refusals of the key: it is not accepted, or lacks the right. 402 is about the account, whoever asks."""

MAX_SAID_CHARS = 500

ID_PREFIXES: dict[BulkKind, str] = {
    "edit": "bulkedit_",
    "delete": "bulkdelete_",
    "email": "bulkemail_",
    "sequence_subscription": "bulkseqsub_",
}
"""Source: Close API, Bulk Actions (the ids of the examples)."""


@dataclass(frozen=True)
class Executed:
    """Close took it, under this ID. `foreign_organization` is set when it is another one than the target's."""

    action_id: str
    status: str | None = None
    foreign_organization: str | None = None


@dataclass(frozen=True)
class NotExecuted:
    """Close surely did not take it, or nothing left this machine (`is_unsent`)."""

    why: str
    status: int | None = None
    retry_after_s: float | None = None
    is_unsent: bool = False

    @property
    def is_rate_limited(self) -> bool:
        """Whether waiting and trying again, as a new attempt, makes sense."""
        return self.status == 429


@dataclass(frozen=True)
class Ambiguous:
    """It may or may not have been executed."""

    why: str


Meaning = Executed | NotExecuted | Ambiguous


def classify(answer: Answer, *, kind: BulkKind, organization_id: str) -> Meaning:
    """
    Put an answer in exactly one class.

    Only a complete answer that names its status can say "not executed"; whatever is odd is ambiguous, never a refusal.
    """
    if not answer.handed_over:
        return NotExecuted(f"not sent: {answer.failure or 'no connection'}", is_unsent=True)
    if answer.failure is not None or answer.status is None:
        return Ambiguous(answer.failure or "no complete answer")
    if answer.status == 429:
        return NotExecuted("Close limits the rate", status=429, retry_after_s=answer.retry_after_s)
    if answer.status in REFUSALS:
        return NotExecuted(explain_refusal(answer), status=answer.status)
    if 200 <= answer.status < 300:
        return _classify_success(answer, kind, organization_id)
    return Ambiguous(f"Close answered {answer.status}, which does not say whether the action was started")


def _classify_success(answer: Answer, kind: BulkKind, organization_id: str) -> Meaning:
    body = answer.body
    if not isinstance(body, dict):
        return Ambiguous(f"Close answered {answer.status} without a JSON object")
    action_id, organization, status = body.get("id"), body.get("organization_id"), body.get("status")
    if not isinstance(action_id, str) or not action_id.startswith(ID_PREFIXES[kind]):
        return Ambiguous(f"Close answered {answer.status} without the ID of a bulk action of this kind")
    if not isinstance(organization, str):
        return Ambiguous(f"Close answered {answer.status} without an organization")
    foreign = organization if organization != organization_id else None
    return Executed(action_id, status if isinstance(status, str) else None, foreign)


def explain_refusal(answer: Answer) -> str:
    """
    Close's own words for a refusal: `error`, `errors` and `field-errors` of the body, or just the status.

    They are kept in state, so they are bounded, and name nobody by address.
    """
    said = visible(without_addresses("; ".join(_said(answer))), max_chars=MAX_SAID_CHARS)
    return f"Close answered {answer.status}" + (f": {said}" if said else "")


def _said(answer: Answer) -> list[str]:
    if not isinstance(answer.body, dict):
        return []
    words: list[str] = []
    error, errors, fields = (answer.body.get(key) for key in ("error", "errors", "field-errors"))
    if isinstance(error, str):
        words.append(error)
    if isinstance(errors, list):
        words.extend(str(item) for item in errors)
    if isinstance(fields, dict):
        words.extend(f"{name}: {text}" for name, text in fields.items())
    return words
