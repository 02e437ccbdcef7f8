"""`ci summary`: the plan in the summary of the job."""

from __future__ import annotations

import os

from bulkplan.adapters.github_job import append_summary, read_job
from bulkplan.cli.arguments import Args
from bulkplan.cli.ci_reading import comparison_of, read_document, setting_of, warn
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.report.comment import content_of

_LEAST_BYTES = 8_000
"""With less room than that a plan says nothing."""


def run(args: Args, console: Console) -> int:
    """Add to the summary what fits."""
    job = read_job(os.environ)
    document = read_document(args.plan)
    comparison = comparison_of(args, document, console)

    def make(room: int) -> str:
        if room < _LEAST_BYTES:
            return ""
        return content_of(document, setting_of(job), comparison=comparison, max_bytes=room)

    if not append_summary(os.environ, make):
        warn(console, "the summary of this step is full: the plan does not fit into it", title="no summary")
    return OK
