"""`explain`: what a spec would send, part by part, and why each part is there."""

from __future__ import annotations

from collections.abc import Sequence

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.explain import Scene, explain_offline, explain_run, find_runs
from bulkplan.app.plan import render_context
from bulkplan.app.workspace import load_workspace
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.progress import progress
from bulkplan.cli.recorded import recorded
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.var_options import given_vars
from bulkplan.cli.wiring import Place, find_place, open_connection
from bulkplan.core.explain import Explanation
from bulkplan.model.run import WantedRun
from bulkplan.report.explain_json import explain_document
from bulkplan.report.explain_text import explain_lines


def run(args: Args, console: Console) -> int:
    """Load, resolve, explain; of several runs of one spec the first, unless one is named or JSON is asked for."""
    given = given_vars(args.var)
    place = find_place(args)
    now = place.clock.now()
    workspace = load_workspace(YamlProject(place.root), now=now, given=given)
    runs = find_runs(workspace, args.run)
    asked = runs if args.format == "json" else runs[:1]
    scene = Scene(workspace, now, place.target.timezone, recorded(place, console, is_online=not args.offline))
    if args.offline:
        found = [explain_offline(wanted, scene) for wanted in asked]
    else:
        found = run_until_signal(_explained(asked, scene, place, console))
    if args.format == "json":
        console.document(explain_document(found))
        return OK
    for explanation in found:
        console.result(explain_lines(explanation, width=console.manners.width))
    if len(runs) > 1:
        others = ", ".join(f"'{wanted.key.full_name}'" for wanted in runs[1:])
        console.note(f"{args.run} has {len(runs)} runs; this was the first. Others: bulkplan explain {others}")
    return OK


async def _explained(runs: Sequence[WantedRun], scene: Scene, place: Place, console: Console) -> list[Explanation]:
    from bulkplan.adapters.close_reader import open_reader

    with progress(console) as shown:
        async with (
            open_connection(place, console, shown) as connection,
            open_reader(connection, clock=place.clock) as reader,
        ):
            identity = await reader.fetch_identity()
            context = render_context(scene.workspace.project, target=place.target, identity=identity, now=scene.now)
            return [await explain_run(wanted, scene, reader=reader, context=context) for wanted in runs]
