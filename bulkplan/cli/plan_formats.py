"""In which form a plan goes to stdout."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.core.seal import dump_sealed
from bulkplan.model.plan import Plan, SealedPlan

if TYPE_CHECKING:  # a plan as JSON is not put into words
    from bulkplan.report.plan_text import Blocks


def print_plan(
    plan: Plan, sealed: SealedPlan | None, args: Args, console: Console, *, blocks: Blocks | None = None
) -> None:
    """
    Print the plan as `--format` says; all forms show the same value. As JSON it is shown `sealed`, as text with the
    `blocks` that were made before.
    """
    if args.format == "json" and sealed is not None:
        console.document(json.loads(dump_sealed(sealed)))
    elif args.format == "markdown":
        from bulkplan.report.plan_markdown import plan_markdown

        console.markup(plan_markdown(plan).text)
    elif args.format == "html":
        from bulkplan.report.plan_html import plan_html

        console.markup(plan_html(plan))
    else:
        from bulkplan.report.plan_text import plan_lines

        console.result(plan_lines(plan, width=console.manners.width, payload=args.payload, blocks=blocks))
