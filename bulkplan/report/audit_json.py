"""An audit, and what `audit verify` found, as documents for other programs."""

from __future__ import annotations

import json

from bulkplan.core.visible import visible_json
from bulkplan.model.audit import AuditReport
from bulkplan.model.chain_report import ChainReport


def dump_audit(report: AuditReport | ChainReport) -> str:
    """The report as JSON text; what is not known is null. Its schema is published (`bulkplan schema`)."""
    return visible_json(json.dumps(report.model_dump(mode="json", by_alias=True), ensure_ascii=True, indent=2)) + "\n"
