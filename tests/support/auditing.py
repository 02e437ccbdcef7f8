"""What an audit works with, on top of `Applying`: a known history of spec files, and what others start by hand."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from pydantic import JsonValue

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.audit import AuditScope, make_audit
from bulkplan.app.workspace import examine
from bulkplan.core.marker import make_marker, make_tag, with_marker
from bulkplan.model.audit import AuditReport, FileChange
from bulkplan.model.run import RunKey
from support.applying import TARGET, Applying
from support.sandbox_client import EVERY_LEAD, request

PROJECT_ID = "7f3c0c1e2b9d4a60"


class KnownHistory:
    """Knows what a test says of spec files."""

    def __init__(self, changes: dict[str, FileChange] | None = None) -> None:
        self.changes = changes or {}

    def last_changes(self, files):
        return {name: self.changes[name] for name in files if name in self.changes}


class Steps:
    """Progress that is only noted."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int | None]] = []

    def step(self, label, done, total) -> None:
        self.told.append((label, done, total))


class Auditing(Applying):
    """One project and its sandbox, audited."""

    def audit(
        self, *, days: int | None = 30, history: KnownHistory | None = None, reader=None, organization=None
    ) -> AuditReport:
        self.steps = Steps()

        async def story(edges, context) -> AuditReport:
            now = self.clock.now()
            since = None if days is None else now - timedelta(days=days)
            identity = await edges.reader.fetch_identity()
            if organization:
                identity = identity.model_copy(update={"organization_id": organization})
            return await make_audit(
                examine(YamlProject(self.root).read(), now=now),
                reader=reader(edges.reader) if reader else edges.reader,
                store=edges.store,
                history=history or KnownHistory(),
                scope=AuditScope("sandbox", TARGET, identity, now, since),
                progress=self.steps,
            )

        return self.story(story)

    def start_by_hand(self, kind: str = "edit", *, s_query: JsonValue = None, **body: JsonValue) -> str:
        """Somebody else starts an action; returns its ID."""
        given = body or {"type": "clear_custom_field", "custom_field_name": "Industry"} if kind == "edit" else body
        answer = self.sandbox.handle(
            request("POST", f"/bulk_action/{kind}/", {"s_query": s_query or EVERY_LEAD, **given})
        )
        assert answer.status == 200, answer.body
        return str(answer.json()["id"])

    def marked(self, name: str, nonce: str = "a" * 16, *, project_id: str = PROJECT_ID) -> JsonValue:
        """A query with the marker of a run of this project, or of another."""
        organization_id = self.sandbox.handle(request("GET", "/me/")).json()["organizations"][0]["id"]
        return with_marker(EVERY_LEAD, make_marker(make_tag(project_id, organization_id, RunKey(name, 1)), nonce))

    def sent_query(self) -> JsonValue:
        """The marked query of the newest edit, as Close has it."""
        return self.listed()[0]["s_query"]

    def listed(self) -> list[JsonValue]:
        """The edits that Close lists now."""
        return self.sandbox.handle(request("GET", "/bulk_action/edit/")).json()["data"]

    def forget_state(self) -> None:
        """The state is lost."""
        connection = sqlite3.connect(self.root / "state.db")
        with connection:
            connection.execute("DELETE FROM slot")
        connection.close()
