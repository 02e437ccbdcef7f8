"""`ci outputs`: facts of the plan for the steps that follow."""

from __future__ import annotations

import os

from bulkplan.adapters.github_job import read_job, write_outputs
from bulkplan.app.ci_reviewed import artifact_name
from bulkplan.cli.arguments import Args
from bulkplan.cli.ci_reading import read_document, target_of
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.model.plan import SealedPlan
from bulkplan.report.ci_outputs import outputs_of


def run(args: Args, console: Console) -> int:
    """Write them."""
    document = read_document(args.plan)
    sealed = document if isinstance(document, SealedPlan) else None
    outputs = dict(outputs_of(sealed))
    if sealed is not None:
        outputs["artifact"] = artifact_name(target_of(args, sealed), read_job(os.environ).head_sha)
    write_outputs(os.environ, outputs)
    console.note("Outputs: " + ", ".join(f"{name}={value}" for name, value in outputs.items()))
    return OK
