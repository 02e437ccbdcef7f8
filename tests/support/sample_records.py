"""Records for the tests of reports."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkplan.model.record import Counts, HistoryEntry, Record, RecordStatus
from bulkplan.model.run import RunKey

STARTED = datetime(2026, 11, 22, 21, 3, 4, tzinfo=UTC)


def sample_record(status: RecordStatus = RecordStatus.SUBMITTED, **changes: object) -> Record:
    entry = HistoryEntry(at=STARTED, status=RecordStatus.SENDING, attempt=1, nonce="n1", actor="dana", note="intent")
    record = Record(
        key=RunKey("winback", 2),
        status=status,
        attempt=1,
        nonce="n1",
        version=2,
        write_id="w2",
        organization_id="orga_1",
        target="sandbox",
        kind="edit",
        action_type="set_lead_status",
        fingerprint="v1:aa",
        request_digest="sha256:bb",
        body={"s_query": {"type": "match_all"}, "results_limit": 214},
        counts=Counts(approved=214, n_leads=214, n_leads_processed=120),
        planned_at=STARTED,
        actor="dana",
        host="laptop",
        pid=7,
        sent_after=STARTED,
        remote_id="bulkaction_1",
        remote_status="processing",
        history=(entry,),
    )
    return record.model_copy(update=changes)
