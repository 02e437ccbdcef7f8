"""Which arguments each command takes, and what they are once read."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bulkplan.cli.durations import parse_duration
from bulkplan.cli.shard_option import parse_shard

TEXT_OR_JSON = ("text", "json")
PLAN_FORMATS = (*TEXT_OR_JSON, "markdown", "html")
TEXT_JSON_OR_GITHUB = (*TEXT_OR_JSON, "github")
MAX_SAMPLE = 100
"""Leads of one run that are shown by name; who wants more wants a list."""


class Args(argparse.Namespace):
    """
    The words of one command line, typed; what was not given keeps the default below. Durations are in seconds.

    Each command reads only what its own arguments can set.
    """

    directory: Path = Path()
    target: str | None = None
    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    no_input: bool = False

    paths: Sequence[str] = ()
    plan: Path | None = None
    out: Path | None = None
    detailed_exitcode: bool = False
    payload: bool = False
    members: Path | None = None
    no_members: bool = False
    with_names: bool = False
    sample: int = 0
    select: Sequence[str] = ()
    shard: tuple[int, int] | None = None
    var: Sequence[str] = ()
    auto_approve: bool = False
    settle_timeout: float = 140.0
    no_wait: bool = False
    wait_timeout: float = 3600.0
    keep_going: bool = False
    report: Path | None = None
    rule: Sequence[str] = ()
    online: bool = False
    strict: bool = False
    offline: bool = False
    shell: str = ""
    list_rules: bool = False
    reviewed: Sequence[Path] = ()
    failure: Path | None = None
    base: Path | None = None
    empty_base: bool = False
    new: bool = False
    pull: int | None = None
    refresh: bool = True
    no_refresh: bool = False
    run: str = ""
    ran: str | None = None
    did_not_run: bool = False
    reason: str | None = None
    yes: str | None = None
    since: str = "30d"
    origin: Sequence[str] = ()
    expect: str | None = None
    against: Path | None = None
    schema: str | None = None
    host: str = "127.0.0.1"
    port: int = 8686
    data: Path | None = None
    leads: int = 1000
    seed: int = 7
    api_key: str | None = None
    leads_per_second: float | None = None
    control: bool = False
    export: Path | None = None
    question: Sequence[str] = ()
    rate_limit: str | None = None
    fault: Sequence[str] = ()
    oauth: bool = False
    check: bool = False
    diff: bool = False
    name: str = ""
    from_smart_view: str | None = None
    from_filters: str | None = None
    from_status: str | None = None
    action: str | None = None
    template: str | None = None
    sender: str | None = None
    status: str | None = None
    field: str | None = None
    value: Sequence[str] = ()
    sequence: str | None = None
    operation: str | None = None
    description: str | None = None
    owner: str | None = None
    overwrite: bool = False
    folder: Path = Path()
    action_id: str | None = None
    list: bool = False
    spec_name: str | None = None
    version: int = 1
    spec_only: bool = False
    organization: str | None = None
    first_target: str | None = None
    api_key_env: str | None = None
    timezone: str | None = None
    state: str | None = None


class Collect(argparse.Action):
    """Adds a value to those given before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - the shape argparse calls
        namespace: argparse.Namespace,
        values: object,
        option: str | None = None,  # noqa: ARG002 - the shape argparse calls
    ) -> None:
        """A new tuple each time: the default is shared."""
        setattr(namespace, self.dest, (*getattr(namespace, self.dest, ()), values))


Add = Callable[[argparse.ArgumentParser], None]


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options that stand before or after any command."""
    group = parser.add_argument_group("common options")
    group.add_argument("-h", "--help", action="store_true", help="show this help")
    group.add_argument(
        "-C", dest="directory", metavar="DIR", type=Path, help="work as if started in DIR (default: here)"
    )
    group.add_argument(
        "--target", metavar="NAME", help="target to act on (default: $BULKPLAN_TARGET, else the project's default)"
    )
    group.add_argument("--quiet", action="store_true", help="no progress, no notes; results and errors only")
    group.add_argument("-v", dest="verbose", action="store_true", help="show the traceback of an unexpected error")
    group.add_argument("--no-color", action="store_true", help="no colour (as does a non-empty $NO_COLOR)")
    group.add_argument("--no-input", action="store_true", help="never ask; what would have to ask fails instead")


def _format(parser: argparse.ArgumentParser, choices: Sequence[str] = TEXT_OR_JSON) -> None:
    parser.add_argument("--format", choices=choices, help="form of the result on stdout (default: text)")


def _select(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--select", metavar="GLOB", action=Collect, help="only runs whose name fits, e.g. 'winback*'; may be repeated"
    )


def _shard(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--shard",
        metavar="I/N",
        type=parse_shard,
        help="only the I-th of N parts of the runs, for a job of its own each, e.g. 2/4; runs that depend on one "
        "another stay together",
    )


def add_var(parser: argparse.ArgumentParser) -> None:
    """`--var`, for every command that reads specs."""
    parser.add_argument(
        "--var",
        metavar="NAME=VALUE",
        action=Collect,
        help="a value for {{ vars.NAME }}, above those of project and specs, e.g. quiet_days=30; may be repeated",
    )


def _auto_approve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--auto-approve", action="store_true", help="do it without asking")


def _failure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--failure", metavar="FILE", type=Path, help="where the command fails, write why to FILE, for `ci comment`"
    )


def _run_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="NAME", help="name or run key, e.g. winback or winback@2")


def add_validate(parser: argparse.ArgumentParser) -> None:
    """Arguments of `validate`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on (default: the project)")
    add_var(parser)
    _format(parser, TEXT_JSON_OR_GITHUB)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plan`."""
    parser.add_argument("--out", metavar="FILE", type=Path, help="save the plan, for review and for `apply FILE`")
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when something would run (default: 0)")
    parser.add_argument(
        "--payload", action="store_true", help="show the exact request of each run (with --format text)"
    )
    parser.add_argument(
        "--members",
        metavar="FILE",
        type=Path,
        help="list the leads of each run in FILE, for you alone: .csv or .jsonl, also .gz (IDs only)",
    )
    parser.add_argument("--with-names", action="store_true", help="names of leads too in the file of --members")
    parser.add_argument(
        "--sample", metavar="N", type=_sample_size, help="show the first N leads of each run by name, 1 to 100"
    )
    parser.add_argument(
        "--no-members",
        action="store_true",
        help="with --out: keep counts only; leads that enter and leave until apply are then not told apart",
    )
    _failure(parser)
    _select(parser)
    _shard(parser)
    add_var(parser)
    _format(parser, PLAN_FORMATS)


def add_apply(parser: argparse.ArgumentParser) -> None:
    """Arguments of `apply`."""
    parser.add_argument(
        "plan", metavar="PLAN", nargs="?", default=None, type=Path, help="a saved plan (default: plan now, then ask)"
    )
    _auto_approve(parser)
    _select(parser)
    _shard(parser)
    add_var(parser)
    parser.add_argument(
        "--keep-going", action="store_true", help="start independent runs even when one becomes unknown"
    )
    parser.add_argument(
        "--no-wait", action="store_true", help="return once Close has accepted each run (default: wait till it is done)"
    )
    parser.add_argument(
        "--wait-timeout", metavar="TIME", type=parse_duration, help="wait at most so long for Close (default: 1h)"
    )
    parser.add_argument(
        "--settle-timeout",
        metavar="TIME",
        type=parse_duration,
        help="look at most so long for a run whose answer was lost (default: 140s)",
    )
    parser.add_argument(
        "--reviewed",
        metavar="PLAN",
        action=Collect,
        type=Path,
        help="plan now, and run that when it is what this reviewed plan (or a folder of them) says, within max_drift; "
        "may be repeated; asks nobody",
    )
    _failure(parser)
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="write what became of each run to FILE, as JSON (see `schema`)"
    )


def add_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `show`."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="a plan saved by `plan --out`")
    parser.add_argument(
        "--payload", action="store_true", help="show the exact request of each run (with --format text)"
    )
    _format(parser, PLAN_FORMATS)


def add_status(parser: argparse.ArgumentParser) -> None:
    """Arguments of `status`."""
    asking = parser.add_mutually_exclusive_group()
    asking.add_argument("--refresh", action="store_true", help="ask Close how running actions stand (the default)")
    asking.add_argument("--no-refresh", action="store_true", help="only what is recorded; no connection to Close")
    _select(parser)
    _shard(parser)
    _format(parser)


def add_pause(parser: argparse.ArgumentParser) -> None:
    """Arguments of `pause` and `resume`."""
    _run_name(parser)


def add_state_list(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state list`."""
    _format(parser)


def add_state_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state show`."""
    _run_name(parser)
    _format(parser)


def add_state_settle(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state settle`."""
    parser.add_argument("run", metavar="KEY", help="run key as `status` shows it, e.g. winback@2")
    verdict = parser.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--ran", metavar="ID", help="it ran, as the bulk action with this ID")
    verdict.add_argument("--did-not-run", action="store_true", help="it surely did not run; it may then run again")
    parser.add_argument("--reason", metavar="TEXT", help="how you know; kept in the record (needed by --did-not-run)")
    parser.add_argument("--yes", metavar="NAME", help="the run's name, instead of typing it when asked")


def add_state_forget(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state forget`."""
    parser.add_argument("run", metavar="KEY", help="run key as `status` shows it, e.g. winback@2")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why it is given up; kept in the record")
    parser.add_argument("--yes", metavar="NAME", help="the run's name, instead of typing it when asked")


def add_state_export(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state export`."""
    parser.add_argument("--out", metavar="FILE", type=Path, help="write to FILE (default: print it)")


def add_schema(parser: argparse.ArgumentParser) -> None:
    """Arguments of `schema`."""
    parser.add_argument(
        "schema",
        metavar="NAME",
        nargs="?",
        default=None,
        help="which schema to print: bulk-action, filter, project, plan, apply-report, test-report, audit or "
        "audit-verify",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="write all schemas (or NAME) as files into DIR")


def add_sandbox_serve(parser: argparse.ArgumentParser) -> None:
    """Arguments of `sandbox serve`."""
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=_port, help="port to listen on; 0 takes a free one (default: 8686)")
    parser.add_argument("--data", metavar="FILE", type=Path, help="world file, made if absent (default: in memory)")
    parser.add_argument("--leads", type=_at_least_one, help="leads of a new world (default: 1000)")
    parser.add_argument("--seed", type=int, help="seed of a new world (default: 7)")
    parser.add_argument("--api-key", metavar="KEY", help="the one key to accept (default: any)")
    parser.add_argument(
        "--leads-per-second", metavar="N", type=float, help="speed of bulk actions (default: the sandbox's own)"
    )
    parser.add_argument(
        "--from",
        dest="export",
        metavar="FILE",
        type=Path,
        help="fill a new world with the leads of a JSON export, or of GET /lead/ (default: made-up ones)",
    )
    parser.add_argument("--oauth", action="store_true", help="accept any OAuth token too (default: API keys only)")
    parser.add_argument(
        "--rate-limit",
        metavar="N/S",
        help="requests per seconds for each endpoint group, or none (default: 160/8, searches 16/1)",
    )
    parser.add_argument(
        "--question",
        metavar="NAME=VALUE",
        action=Collect,
        help="answer an open question of the Close API otherwise, e.g. pause_by_put=false; help lists them; "
        "may be repeated",
    )
    parser.add_argument(
        "--fault",
        metavar="JSON",
        action=Collect,
        help='a fault to begin with, e.g. \'{"kind": "status", "status": 503}\'; may be repeated',
    )
    parser.add_argument("--control", action="store_true", help="open /_sandbox/ for faults and the clock, for tests")


def add_sandbox_reset(parser: argparse.ArgumentParser) -> None:
    """Arguments of `sandbox reset`."""
    _auto_approve(parser)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 0 to 65535")
    return number


def _sample_size(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_SAMPLE:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of a sample: write a number from 1 to {MAX_SAMPLE}")
    return number


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 up')
    return int(text)
