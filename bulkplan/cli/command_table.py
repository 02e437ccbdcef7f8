"""Which commands there are: their names, their help, their examples, and the module that runs each."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.arguments import (
    TEXT_OR_JSON,
    Collect,
    add_auto_approve,
    add_failure,
    add_format,
    add_run_name,
    add_select,
    add_shard,
    add_var,
)
from bulkplan.cli.author_table import AUTHOR_COMMANDS
from bulkplan.cli.ci_table import CI_COMMANDS
from bulkplan.cli.command import Command
from bulkplan.cli.durations import parse_duration
from bulkplan.cli.record_table import RECORD_COMMANDS
from bulkplan.cli.sandbox_table import SANDBOX_COMMANDS

PLAN_FORMATS = (*TEXT_OR_JSON, "markdown", "html")
TEXT_JSON_OR_GITHUB = (*TEXT_OR_JSON, "github")
MAX_SAMPLE = 100
"""Leads of one run that are shown by name; who wants more wants a list."""


def add_validate(parser: argparse.ArgumentParser) -> None:
    """Arguments of `validate`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on (default: the project)")
    add_var(parser)
    add_format(parser, TEXT_JSON_OR_GITHUB)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Arguments of `plan`."""
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=Path,
        help="save the plan, for review and for `apply FILE`; who is in cohorts of over 200,000 leads lies beside it, "
        "in FILE.members",
    )
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
    add_failure(parser)
    add_select(parser)
    add_shard(parser)
    add_var(parser)
    add_format(parser, PLAN_FORMATS)


def add_apply(parser: argparse.ArgumentParser) -> None:
    """Arguments of `apply`."""
    parser.add_argument(
        "plan", metavar="PLAN", nargs="?", default=None, type=Path, help="a saved plan (default: plan now, then ask)"
    )
    add_auto_approve(parser)
    add_select(parser)
    add_shard(parser)
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
    add_failure(parser)
    parser.add_argument(
        "--report", metavar="FILE", type=Path, help="write what became of each run to FILE, as JSON (see `schema`)"
    )


def add_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `show`."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="a plan saved by `plan --out`")
    parser.add_argument(
        "--payload", action="store_true", help="show the exact request of each run (with --format text)"
    )
    add_format(parser, PLAN_FORMATS)


def add_status(parser: argparse.ArgumentParser) -> None:
    """Arguments of `status`."""
    asking = parser.add_mutually_exclusive_group()
    asking.add_argument("--refresh", action="store_true", help="ask Close how running actions stand (the default)")
    asking.add_argument("--no-refresh", action="store_true", help="only what is recorded; no connection to Close")
    add_select(parser)
    add_shard(parser)
    add_format(parser)


def add_pause(parser: argparse.ArgumentParser) -> None:
    """Arguments of `pause` and `resume`."""
    add_run_name(parser)


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


def _sample_size(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= MAX_SAMPLE:
        raise argparse.ArgumentTypeError(f"{text!r} is no size of a sample: write a number from 1 to {MAX_SAMPLE}")
    return number


COMMANDS: tuple[Command, ...] = (
    *AUTHOR_COMMANDS,
    Command(
        "validate",
        "check spec and project files, offline",
        "Check bulkplan.yaml and every file under specs/, and list every problem with its place.\n"
        "Needs no account and opens no connection. Exits 65 when there is a problem.",
        (
            ("bulkplan validate", "the whole project"),
            ("bulkplan validate specs/winback.yaml", "report on one file"),
            ("bulkplan validate --format json", "for an editor or a CI job"),
            ("bulkplan validate --format github", "as notes beside the lines of a pull request"),
        ),
        add_validate,
        "validate",
    ),
    Command(
        "plan",
        "show what would run, on how many leads, and why",
        "Compare the specs with what was recorded, count the leads of every run, and judge the guards.\n"
        "Reads from Close and cannot write to it.",
        (
            ("bulkplan plan", "against the default target"),
            ("bulkplan plan --target production --out plan.json", "save it for review"),
            ("bulkplan plan --select 'winback*' --payload", "some runs, with their exact requests"),
            ("bulkplan plan --format html", "a page for whoever has to say yes; add > plan.html"),
            ("bulkplan plan --members members.csv", "and the leads of each run, in a file for you alone"),
            ("bulkplan plan --shard 2/4 --out plan-2.json", "the second of four parts of the runs"),
            ("bulkplan plan --detailed-exitcode", "exit 2 when something would run"),
        ),
        add_plan,
        "plan",
        "Exits 3 when a guard or an overlap refuses a run, or a conflict stands, and 5 when a record holds an alarm;\n"
        "every row is shown all the same.",
    ),
    Command(
        "apply",
        "run what a plan shows, each run exactly once",
        "Without PLAN: make a plan, show it, ask, and run it. With PLAN: run exactly what was saved and\n"
        "reviewed, without asking; refused when anything has moved since.",
        (
            ("bulkplan apply", "plan, ask, run"),
            ("bulkplan apply plan.json", "run a reviewed plan"),
            ("bulkplan apply --auto-approve --target sandbox", "no question asked"),
            ("bulkplan apply plan.json --no-wait", "do not wait for Close to finish"),
            ("bulkplan apply plan.json --report out.json", "and what became of each run, as JSON"),
            ("bulkplan apply --shard 2/4 --auto-approve", "one of four jobs that share the runs"),
            ("bulkplan apply --reviewed reviewed/", "after a merge: plan again, run what was reviewed"),
        ),
        add_apply,
        "apply",
        "Interrupting is safe: what was sent is recorded, and the next apply goes on from there.\n"
        "--select and --shard narrow a plan made now; a saved plan is run whole, so they do not go with PLAN.",
        keeps_records=True,
    ),
    Command(
        "show",
        "show a saved plan",
        "Show a plan that was saved by `plan --out`, after checking that it is unaltered. Opens no connection.",
        (
            ("bulkplan show plan.json", "as plan printed it"),
            ("bulkplan show plan.json --payload", "with the exact requests"),
            ("bulkplan show plan.json --format markdown", "for a comment on a pull request, without names of leads"),
            ("bulkplan show plan.json --format html", "a page for whoever has to say yes; add > plan.html"),
        ),
        add_show,
        "show",
    ),
    Command(
        "status",
        "show where every recorded run stands",
        "List the recorded runs of the target, with their progress in Close and what to do next.",
        (
            ("bulkplan status", "ask Close about running ones"),
            ("bulkplan status --no-refresh", "only what is recorded; no connection"),
            ("bulkplan status --shard 2/4", "the runs of one job of four"),
            ("bulkplan status --format json", "for a program"),
        ),
        add_status,
        "status",
        "Exits 5 when a run is unknown and needs a person.",
        keeps_records=True,
    ),
    Command(
        "pause",
        "pause a running bulk action",
        "Pause in Close what a run started. Close lets it be resumed for 7 days.",
        (("bulkplan pause winback", "the newest run of that name"), ("bulkplan pause winback@2", "by run key")),
        add_pause,
        "pause",
        keeps_records=True,
    ),
    Command(
        "resume",
        "resume a paused bulk action",
        "Resume in Close what was paused.",
        (("bulkplan resume winback", "the newest run of that name"), ("bulkplan resume winback@2", "by run key")),
        add_pause,
        "resume",
        keeps_records=True,
    ),
    *RECORD_COMMANDS,
    Command(
        "schema",
        "print the JSON Schema of specs, project file, plan or report",
        "Print one schema, or write all of them as files, for editors and CI.",
        (
            ("bulkplan schema bulk-action", "the schema of a spec"),
            ("bulkplan schema --out schemas", "all of them, as files"),
        ),
        add_schema,
        "schema",
        "Without NAME and --out: the schema of a spec.",
    ),
    *SANDBOX_COMMANDS,
    *CI_COMMANDS,
)

COMMAND_BY_NAME = {command.name: command for command in COMMANDS}
GROUPS = tuple(sorted({command.name.split()[0] for command in COMMANDS if " " in command.name} - set(COMMAND_BY_NAME)))
"""First words that are no command by themselves. One that is both (`audit`) is the command, unless a second follows."""
