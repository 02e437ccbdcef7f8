"""`apply`: run what a plan shows, made now and agreed to, or saved and reviewed."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.adapters.member_spool import MemberSpool
from bulkplan.adapters.outcome_file import keep_outcome
from bulkplan.app.apply import apply_plan
from bulkplan.app.following import ApplyOptions
from bulkplan.app.fresh import fresh_requests
from bulkplan.app.interrupting import Interrupt
from bulkplan.app.performer import Edges
from bulkplan.app.recheck import Rechecker
from bulkplan.app.saved_plan import SavedPlanStory
from bulkplan.app.workspace import GivenVars
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK, exit_code
from bulkplan.cli.failure import telling_failure
from bulkplan.cli.own_files import write_text
from bulkplan.cli.planning import load_members, plan_here, plan_key, read_sealed, tell_warnings, workspace_of
from bulkplan.cli.reviewing import Agreed, reviewed_plan
from bulkplan.cli.shard_option import given_shard
from bulkplan.cli.stopping import Stopped, run_until_signal, saying
from bulkplan.cli.var_options import given_vars
from bulkplan.cli.wiring import Place, find_place, open_edges, prepare_folder
from bulkplan.core.records import ApplyContext
from bulkplan.core.result import ApplyResult, ResultKind, error_of
from bulkplan.core.seal import Circumstances
from bulkplan.core.words import suppression_words
from bulkplan.errors import BulkplanError, InterruptedApplyError, RefusedError, UsageError
from bulkplan.model.document import Workspace
from bulkplan.model.plan import Plan
from bulkplan.model.remote import Identity
from bulkplan.report.apply_json import apply_report, dump_report
from bulkplan.report.apply_text import apply_lines
from bulkplan.report.plan_text import plan_lines
from bulkplan.report.summary import summed_leads

_STOPPING = "Stopping: what is in flight is finished and recorded, nothing new starts. Once more stops at once."


@dataclass
class _Stop:
    """What the first signal does: before anything is carried out it ends the command, from then on it asks for it."""

    console: Console
    interrupt: Interrupt = field(default_factory=Interrupt)
    is_under_way: bool = False
    number: int | None = None
    """The signal that came first."""

    def __call__(self, number: int) -> bool:
        self.number = number
        if not self.is_under_way:
            return False
        self.interrupt.set()
        self.console.note(_STOPPING)
        return True


def run(args: Args, console: Console) -> int:
    """Apply a saved plan, or one made now: shown and agreed to, or reviewed before."""
    with telling_failure(args, "apply"):
        return _run(args, console)


def _run(args: Args, console: Console) -> int:
    with ExitStack() as stack:
        with saying(_nothing_sent()):
            place = find_place(args)
            _check_report(args.report)
            agreed = _agreed(args, place, console, stack=stack)
            if args.report is not None:
                args.report.unlink(missing_ok=True)  # that of an earlier apply must not be taken for this one's
        _perform(agreed, args, place, console)
    return OK


def _perform(agreed: Agreed, args: Args, place: Place, console: Console) -> None:
    stop = _Stop(console)
    try:
        run_until_signal(_apply(agreed, args, place, console, stop=stop), on_first=stop)
    except Stopped as stopped:
        if stop.is_under_way:
            raise
        raise Stopped(stopped.number, _nothing_sent()) from None


def _nothing_sent() -> InterruptedApplyError:
    return InterruptedApplyError(
        "interrupted before anything was sent to Close", hint="run the same command again when you like"
    )


def question_of(plan: Plan) -> str | None:
    """What is asked before a plan is carried out; `None` when it would send nothing."""
    rows = [change for change in plan.changes if change.would_run]
    if not rows:
        return None
    leads = sum(change.matches.limited for change in rows if change.matches)
    final = sum(not change.is_undoable for change in rows)
    where = f"{plan.target} ({plan.organization_name or plan.organization_id})"
    words = f"Run {_n(len(rows), 'bulk action')} on {summed_leads(len(rows), leads)} in {where}?"
    if not final:
        return words
    return f"{words} {'It' if len(rows) == 1 else f'{final} of them'} cannot be undone."


def _agreed(args: Args, place: Place, console: Console, *, stack: ExitStack) -> Agreed:
    """What is to be carried out; what it holds on disk is closed by `stack`. Raises whatever speaks against it."""
    if args.reviewed:
        return reviewed_plan(args, place, console, stack=stack)
    if args.plan:
        return _saved(args, args.plan, place, console, shelf=stack.enter_context(MemberShelf()))
    return _fresh(args, place, console)


def _saved(args: Args, path: Path, place: Place, console: Console, *, shelf: MemberShelf) -> Agreed:
    if args.select:
        raise UsageError(
            "--select does not go with a saved plan, which is run whole",
            hint="save a narrower one: bulkplan plan --select GLOB --out plan.json",
        )
    if args.var:
        raise UsageError(
            "--var does not go with a saved plan, which keeps the vars that it was made with",
            hint="save one with them: bulkplan plan --var NAME=VALUE --out plan.json",
        )
    if args.shard:
        raise UsageError(
            "--shard does not go with a saved plan, which is run whole",
            hint="save one of each part: bulkplan plan --shard 1/4 --out plan-1.json",
        )
    sealed = read_sealed(path)
    of_plan = GivenVars(sealed.plan.vars, must_be_declared=False)
    part = f", {sealed.plan.shard.part_words}" if sealed.plan.shard else ""
    console.note(f"Applying {path}, made {sealed.plan.now:%Y-%m-%d %H:%M} UTC for {sealed.plan.target}{part}.")
    load_members(shelf, path, sealed.plan, console)
    return Agreed(sealed.plan, workspace_of(place, now=sealed.plan.now, given=of_plan), sealed, shelf)


def _fresh(args: Args, place: Place, console: Console) -> Agreed:
    if place.project.require_saved_plan and not place.is_sandbox:
        raise RefusedError(
            f'the project asks for a saved plan (require_saved_plan), and target "{place.target_name}" is no sandbox',
            hint="bulkplan plan --out plan.json, have it reviewed, then: bulkplan apply plan.json",
        )
    workspace, result = run_until_signal(
        plan_here(place, console, select=tuple(args.select), given=given_vars(args.var), shard=given_shard(args))
    )
    tell_warnings(result, console)
    console.result(plan_lines(result.plan, width=console.manners.width, closing=None))
    question = question_of(result.plan)
    if question and not args.auto_approve and not console.confirm(question):
        raise BulkplanError("not agreed to; nothing was sent to Close")
    return Agreed(result.plan, workspace)


async def _apply(agreed: Agreed, args: Args, place: Place, console: Console, *, stop: _Stop) -> None:
    """Carry it out, print every row, and raise what the whole amounts to."""
    options = ApplyOptions(wait=not args.no_wait, wait_timeout_s=args.wait_timeout, keep_going=args.keep_going)
    opened = open_edges(place, console, interrupt=stop.interrupt, settle_timeout_s=args.settle_timeout)
    async with opened as (edges, context):
        stop.is_under_way = True
        is_markable = agreed.plan.marker is None or agreed.plan.marker.is_neutral
        result = await _carry_out(
            agreed, place, edges, context=replace(context, use_marker=is_markable), options=options
        )
    console.result(apply_lines(result))
    _keep_lost_outcomes(result, place, console)
    error = error_of(result)
    if args.report is not None:
        report = apply_report(
            result,
            plan=agreed.plan,
            sealed=agreed.sealed,
            who=place.provenance(),
            finished_at=place.clock.now(),
            exit_code=_code_of(error, stop),
            error=error.message if error else None,
        )
        _write_report(args.report, dump_report(report), console, error=error)
    if error:
        raise error


def _code_of(error: BulkplanError | None, stop: _Stop) -> int:
    """The code this command ends with; after a signal that of the signal."""
    if isinstance(error, InterruptedApplyError) and stop.number is not None:
        return Stopped(stop.number).exit_code
    return exit_code(error) if error else OK


def _check_report(path: Path | None) -> None:
    """Whether the report can be written: asked before anything is sent. Raises `UsageError`."""
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise UsageError(f"--report {path} cannot be written", hint="name a file in a folder that is there")


def _write_report(path: Path, text: str, console: Console, *, error: BulkplanError | None) -> None:
    """Write the report; where that fails, a graver error of the apply itself stays the one that ends the command."""
    try:
        write_text(path, text)
    except BulkplanError as failed:
        if error is None:
            raise
        console.error(failed)


def _keep_lost_outcomes(result: ApplyResult, place: Place, console: Console) -> None:
    """What Close did and the state store did not take goes into a private file, besides being printed."""
    for row in result.of(ResultKind.STATE_BEHIND):
        try:
            path = keep_outcome(prepare_folder(place.root), row.key, row.message, at=place.clock.now())
        except OSError as error:
            console.note(f"The outcome of {row.key} could not be written down: {error.strerror}.")
        else:
            console.note(f"The outcome of {row.key} is kept in {path}.")


async def _carry_out(
    agreed: Agreed, place: Place, edges: Edges, *, context: ApplyContext, options: ApplyOptions
) -> ApplyResult:
    sealed = agreed.sealed
    recheck = Rechecker(
        agreed.plan,
        plan_digest=sealed.digest if sealed else None,
        workspace=agreed.workspace,
        reader=edges.reader,
        clock=edges.clock,
        progress=edges.progress,
        kept=agreed.shelf.get if agreed.shelf else None,
        open_members=MemberSpool,
    )
    if sealed is None:
        return await apply_plan(agreed.plan, edges=edges, context=context, options=options, recheck=recheck)
    story = SavedPlanStory(
        sealed=sealed,
        circumstances=_circumstances(agreed.workspace, place, edges, context),
        recheck=recheck,
        fetch_fresh=fresh_requests(
            agreed.workspace,
            target=place.target,
            identity=Identity(user_id=edges.user_id, organization_id=context.organization_id),
            now=sealed.plan.now,
            reader=edges.reader,
        ),
        edges=edges,
        context=context,
        options=options,
    )
    await story.check()
    return await story.apply()


def _circumstances(workspace: Workspace, place: Place, edges: Edges, context: ApplyContext) -> Circumstances:
    return Circumstances(
        now=place.clock.now(),
        organization_id=context.organization_id,
        target=place.target_name,
        project_id=place.project.project_id,
        lineage=edges.store.lineage(),
        wanted={run.key: run for run in workspace.runs},
        suppression=suppression_words(workspace.project),
        key=plan_key(place.environ),
    )


def _n(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
