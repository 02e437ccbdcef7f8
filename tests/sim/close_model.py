"""A small, fast model of what apply meets of Close: create, list, event log, fetch; held against the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bulkplan.model.remote import BulkAction

EPOCH = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORGANIZATION = "orga_test"
USER = "user_1"
_PREFIXES = {
    "edit": "bulkedit_",
    "delete": "bulkdelete_",
    "email": "bulkemail_",
    "sequence_subscription": "bulkseqsub_",
}


@dataclass
class Taken:
    """An action that Close took at `begins`; each listing shows it from a moment of its own."""

    id: str
    kind: str
    body: dict[str, object]
    s_query: object
    begins: float
    listed_from: float
    logged_from: float
    n_leads: int
    processing_s: float = 0.0
    paused_from: float | None = None
    views: dict[str, BulkAction] = field(default_factory=dict)


@dataclass
class CloseModel:
    """Times are seconds since `EPOCH`, by Close's own clock."""

    n_leads: int = 3
    loading_s: float = 0.0
    echo: str = "as-sent"
    taken: list[Taken] = field(default_factory=list)

    def create(
        self,
        kind: str,
        body: dict[str, object],
        *,
        now: float,
        list_lag=0.0,
        log_lag=0.0,
        n_leads=None,
        processing_s=0.0,
    ) -> Taken:
        """Take an action on `n_leads` leads; the answer to it is `view` at the same moment."""
        number = len(self.taken) + 1
        taken = Taken(
            f"{_PREFIXES[kind]}{number:04}",
            kind,
            body,
            echoed(body["s_query"], self.echo),
            now,
            now + list_lag,
            now + log_lag,
            self.n_leads if n_leads is None else n_leads,
            processing_s,
        )
        self.taken.append(taken)
        return taken

    def list(self, kind: str, *, now: float) -> list[BulkAction]:
        """Newest first, as `GET /bulk_action/<kind>/` read to its end."""
        return [self.view(one, now=now) for one in reversed(self.taken) if one.kind == kind and one.listed_from <= now]

    def log(self, kind: str, *, now: float) -> list[BulkAction]:
        """What the `created` events hold, newest first: the action as it was taken."""
        return [
            self.view(one, now=one.begins, just_taken=True)
            for one in reversed(self.taken)
            if one.kind == kind and one.logged_from <= now
        ]

    def fetch(self, kind: str, action_id: str, *, now: float) -> BulkAction | None:
        """One action, whether it is listed yet or not."""
        for one in self.taken:
            if one.id == action_id and one.kind == kind and one.begins <= now:
                return self.view(one, now=now)
        return None

    def view(self, one: Taken, *, now: float, just_taken=False) -> BulkAction:
        """The action as Close shows it at a moment."""
        status = "created" if just_taken else self._status(one, now)
        if status not in one.views:
            n_leads = None if status in ("created", "loading") else one.n_leads
            one.views[status] = BulkAction(
                id=one.id,
                organization_id=ORGANIZATION,
                status=status,
                n_leads=n_leads,
                n_leads_processed=(n_leads or 0) if status == "done" else 0,
                s_query=one.s_query,
                sort=one.body.get("sort"),
                results_limit=one.body.get("results_limit"),
                created_by=USER,
                date_created=EPOCH + timedelta(seconds=one.begins),
            )
        return one.views[status]

    def pause(self, action_id: str, *, now: float) -> BulkAction | None:
        """Hold an action that is processed."""
        for one in self.taken:
            if one.id == action_id:
                if self._status(one, now) == "processing":
                    one.paused_from = now
                return self.view(one, now=now)
        return None

    def _status(self, one: Taken, now: float) -> str:
        """Loading takes `loading_s`; processing no time at all, where nothing else is wanted."""
        if one.paused_from is not None:
            return "paused"
        if now >= one.begins + self.loading_s + one.processing_s:
            return "done"
        if now >= one.begins + self.loading_s:
            return "processing"
        return "loading" if now > one.begins else "created"


def echoed(node: object, echo: str) -> object:
    """The query as Close gives it back."""
    if echo == "normalized" and isinstance(node, dict):
        queries = node.get("queries")
        more = {"queries": [echoed(one, echo) for one in queries]} if isinstance(queries, list) else {}
        return {"negate": False, **node, **more}
    if echo == "stripped" and isinstance(node, dict) and node.get("type") == "and":
        return {**node, "queries": [one for one in node["queries"] if one.get("negate") is not True]}
    return node
