"""In which form a plan goes to stdout."""

from __future__ import annotations

import json

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.core.seal import dump_sealed
from bulkplan.model.plan import SealedPlan


def print_plan(sealed: SealedPlan, args: Args, console: Console) -> None:
    """Print the plan as `--format` says; all forms show the same value."""
    if args.format == "json":
        console.document(json.loads(dump_sealed(sealed)))
    elif args.format == "markdown":
        from bulkplan.report.plan_markdown import plan_markdown

        console.markup(plan_markdown(sealed.plan).text)
    elif args.format == "html":
        from bulkplan.report.plan_html import plan_html

        console.markup(plan_html(sealed.plan))
    else:
        from bulkplan.report.plan_text import plan_lines

        console.result(plan_lines(sealed.plan, width=console.manners.width, payload=args.payload))
