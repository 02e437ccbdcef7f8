"""`plan`: show what would run, and send nothing."""

from __future__ import annotations

from pathlib import Path

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import CHANGES, OK
from bulkplan.cli.planning import plan_here, plan_key, refusal, tell_warnings, write_text
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import find_place
from bulkplan.core.seal import dump_sealed, seal
from bulkplan.model.plan import Plan
from bulkplan.report.plan_text import plan_lines


def run(args: Args, console: Console) -> int:
    """Plan, print, save; 3 when something is refused, 2 (if asked for) when something would run."""
    place = find_place(args)
    _, result = run_until_signal(plan_here(place, console, select=tuple(args.select)))
    tell_warnings(result, console)
    text = dump_sealed(seal(result.plan, key=plan_key(place.environ)))
    if args.format == "json":
        console.raw(text)
    else:
        console.result(plan_lines(result.plan, width=console.manners.width, payload=args.payload))
    if args.out is not None:
        _save(args, args.out, text, result.plan, console)
    if refused := refusal(result.plan):
        raise refused
    would_run = any(change.would_run for change in result.plan.changes)
    return CHANGES if args.detailed_exitcode and would_run else OK


def _save(args: Args, path: Path, text: str, plan: Plan, console: Console) -> None:
    write_text(path, text)
    target = f" --target {args.target}" if args.target else ""
    folder = f" -C {args.directory}" if args.directory != Path() else ""
    if any(change.would_run for change in plan.changes):
        then = f"Apply it with: bulkplan apply {path}{target}{folder}"
    else:
        then = "It would send nothing."
    console.note(f"Saved to {path}, good until {plan.expires_at:%Y-%m-%d %H:%M} UTC. {then}")
