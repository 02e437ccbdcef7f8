"""`plan`: show what would run, and send nothing."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import CHANGES, OK
from bulkplan.cli.failure import telling_failure
from bulkplan.cli.own_files import write_text
from bulkplan.cli.planning import plan_here, plan_key, refusal, tell_warnings
from bulkplan.cli.shard_option import given_shard
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.var_options import given_vars
from bulkplan.cli.wiring import find_place
from bulkplan.errors import Problem, UnknownRunError, UsageError
from bulkplan.report.problems_text import problem_lines

if TYPE_CHECKING:  # the first request leaves before these are loaded
    from bulkplan.adapters.member_files import MemberFile
    from bulkplan.adapters.member_shelf import MemberShelf
    from bulkplan.app.cohorts import CohortWish
    from bulkplan.model.plan import Change, Plan, SealedPlan
    from bulkplan.report.plan_text import Blocks


def run(args: Args, console: Console) -> int:
    """Plan, print, save; 3 when something is refused, 5 beside an alarm, 2 (if asked for) when something would run."""
    with telling_failure(args, "plan"):
        return _run(args, console)


def _run(args: Args, console: Console) -> int:
    _check(args)
    given = given_vars(args.var)
    place = find_place(args)
    with ExitStack() as stack:
        file = stack.enter_context(_member_file(args, args.members)) if args.members else None
        shelf = cache(lambda: stack.enter_context(_new_shelf()))
        ahead = _TextAhead(console) if args.format == "text" else None
        planning = plan_here(
            place,
            console,
            select=tuple(args.select),
            given=given,
            wish=lambda: _wish(args, file, shelf()),
            shard=given_shard(args),
            seen=ahead.see if ahead else None,
        )
        _, result = run_until_signal(planning)
        if file is not None:
            file.keep()
        from bulkplan.cli.plan_formats import print_plan
        from bulkplan.core.seal import seal

        tell_warnings(result, console)
        key = plan_key(place.environ)
        # A digest over the whole plan takes a while: it is made where somebody gets it.
        sealed = seal(result.plan, key=key) if args.out is not None or args.format == "json" else None
        print_plan(result.plan, sealed, args, console, blocks=ahead.blocks if ahead else None)
        if args.out is not None and sealed is not None:
            _save(args, args.out, sealed, shelf(), console)
    if file is not None:
        _tell_members(args, file, console)
    if refused := refusal(result.plan):
        raise refused
    if alarmed := _alarmed(result.plan):
        raise alarmed
    would_run = any(change.would_run for change in result.plan.changes)
    return CHANGES if args.detailed_exitcode and would_run else OK


class _TextAhead:
    """Puts rows into words while others are still counted."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.blocks: Blocks | None = None

    def see(self, change: Change) -> None:
        if self.blocks is None:
            from bulkplan.report.plan_text import Blocks

            self.blocks = Blocks(width=self.console.manners.width)
        self.console.prepare(self.blocks.prepare(change))


def _alarmed(plan: Plan) -> UnknownRunError | None:
    """The error for a plan beside alarms: nothing that apply does settles one."""
    from bulkplan.model.plan import ALARM

    keys = dict.fromkeys(
        note.removeprefix(ALARM).partition(": ")[0]
        for change in plan.changes
        for note in change.notes
        if note.startswith(ALARM)
    )
    if not keys:
        return None
    return UnknownRunError(
        f"{'a run needs' if len(keys) == 1 else 'runs need'} a person: {', '.join(keys)}",
        hint="the alarms above say why; bulkplan status says how to go on",
    )


def _member_file(args: Args, path: Path) -> MemberFile:
    from bulkplan.adapters.member_files import MemberFile

    return MemberFile(path, with_names=args.with_names)


def _new_shelf() -> MemberShelf:
    from bulkplan.adapters.member_shelf import MemberShelf

    return MemberShelf()


def _wish(args: Args, file: MemberFile | None, shelf: MemberShelf) -> CohortWish:
    from bulkplan.adapters.cohort_files import DiskSpool
    from bulkplan.adapters.member_spool import MemberSpool
    from bulkplan.app.cohorts import CohortWish

    return CohortWish(
        members=(args.out is not None or file is not None) and not args.no_members,
        sample=args.sample,
        sink=file,
        with_names=args.with_names,
        open_spool=DiskSpool,
        open_members=MemberSpool,
        keeper=shelf,
    )


def _check(args: Args) -> None:
    """Whether the words go together. Raises `UsageError`."""
    if args.with_names and args.members is None:
        raise UsageError(
            "--with-names says what --members FILE holds, and there is no --members",
            hint="give a file: --members members.csv --with-names; or show some leads: --sample 5",
        )
    if args.no_members and args.members is not None:
        raise UsageError("--members and --no-members exclude each other", hint="keep one of the two")
    if args.no_members and args.out is None:
        raise UsageError(
            "--no-members says what --out FILE holds, and there is no --out",
            hint="a plan that is not saved only counts",
        )


def _save(args: Args, path: Path, sealed: SealedPlan, shelf: MemberShelf, console: Console) -> None:
    from bulkplan.core.seal import dump_sealed

    plan = sealed.plan
    has_names = any(change.sample for change in plan.changes)
    write_text(path, dump_sealed(sealed), is_private=has_names)
    beside = shelf.save(path, plan)
    target = f" --target {args.target}" if args.target else ""
    folder = f" -C {args.directory}" if args.directory != Path() else ""
    if any(change.would_run for change in plan.changes):
        then = f"Apply it with: bulkplan apply {path}{target}{folder}"
    else:
        then = "It would send nothing."
    console.note(f"Saved to {path}, good until {plan.expires_at:%Y-%m-%d %H:%M} UTC. {then}")
    if beside is not None:
        console.note(f"The members of large cohorts are in {beside}: keep it beside the plan.")
    if has_names:
        console.note(f"{path} holds names of leads (--sample): personal data wherever it goes.")


def _tell_members(args: Args, file: MemberFile, console: Console) -> None:
    from bulkplan.adapters.member_files import git_exposes

    what = "by ID and name" if args.with_names else "by ID"
    console.note(f"Listed {file.n_leads:,} lead{'' if file.n_leads == 1 else 's'} {what} in {args.members}.")
    if git_exposes(file.path):
        problem = Problem(
            f"{args.members} is not ignored by git: the next commit may take it along",
            hint=f"write its name into .gitignore: echo '{file.path.name}' >> .gitignore",
        )
        console.message(problem_lines(problem, severity="warning", width=console.manners.width))
