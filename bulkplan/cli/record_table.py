"""The commands about what was recorded: the state, what ran, and whether its records are whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.arguments import Collect, add_format, add_run_name
from bulkplan.cli.command import Command

FORMS = ("text", "json", "csv", "html", "markdown")
ORIGINS = ("ours", "adopted", "ours-unrecorded", "other-project", "outside", "unclear")


def add_state_list(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state list`."""
    add_format(parser)


def add_state_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `state show`."""
    add_run_name(parser)
    add_format(parser)


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


def add_audit(parser: argparse.ArgumentParser) -> None:
    """Arguments of `audit`."""
    parser.add_argument(
        "--since",
        metavar="TIME",
        help="from when on: 30d, 12h, 2026-10-01 (in the target's timezone), an instant, or all (default: 30d)",
    )
    parser.add_argument(
        "--origin", choices=ORIGINS, action=Collect, help="list only actions of this origin; may be repeated"
    )
    parser.add_argument("--format", choices=FORMS, help="form of the result (default: text)")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write to FILE, in the form that its ending says unless --format does"
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 when something ran outside of git")


def add_audit_verify(parser: argparse.ArgumentParser) -> None:
    """Arguments of `audit verify`."""
    parser.add_argument("--expect", metavar="DIGEST", help="the head must be this one, as it was printed before")
    parser.add_argument(
        "--against",
        metavar="FILE",
        type=Path,
        help="everything in FILE, which --out wrote before, must still be there; what was added since may be",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="write the report to FILE, as JSON")
    add_format(parser)


RECORD_COMMANDS: tuple[Command, ...] = (
    Command(
        "state list",
        "list every record",
        "List the records of the target's state store. Opens no connection to Close.",
        (("bulkplan state list", "as a table"), ("bulkplan state list --format json", "for a program")),
        add_state_list,
        "state_list",
    ),
    Command(
        "state show",
        "show one record with its history",
        "Show what is recorded of a run: who, when, from where, the request, and each status seen.",
        (
            ("bulkplan state show winback@2", "by run key"),
            ("bulkplan state show winback --format json", "the newest record of that name"),
        ),
        add_state_show,
        "state_show",
    ),
    Command(
        "state settle",
        "decide what became of an unknown run",
        "Say whether a run of unknown outcome ran in Close. Both answers are checked against Close first.",
        (
            ("bulkplan state settle winback@2 --ran bulkaction_4fT9", "it ran, as this bulk action"),
            ("bulkplan state settle winback@2 --did-not-run --reason 'proxy log: refused'", "it may run again"),
        ),
        add_state_settle,
        "state_settle",
        "--did-not-run needs --reason, 15 minutes since the attempt, and the run's name typed (or --yes NAME).",
        keeps_records=True,
    ),
    Command(
        "state forget",
        "give a run key up for good",
        "Put a tombstone with a reason over the record of a run that is done, failed, refused or released.\n"
        "Its history stays, and its run key never runs again. Opens no connection to Close.",
        (
            ("bulkplan state forget winback@2 --reason 'list was wrong'", "asks for the run's name"),
            ("bulkplan state forget winback@2 --reason 'list was wrong' --yes winback", "does not ask"),
        ),
        add_state_forget,
        "state_forget",
        "A run that may still do something is refused: settle it, or wait for its end.",
        keeps_records=True,
    ),
    Command(
        "state export",
        "write every record as one JSON document",
        "Print all that the target's state store keeps, each record with its checksum, as it is stored.\n"
        "Opens no connection to Close.",
        (
            ("bulkplan state export", "on stdout"),
            ("bulkplan state export --out state.json", "into a file, whole or not at all"),
        ),
        add_state_export,
        "state_export",
    ),
    Command(
        "audit",
        "show what ran, by whom, and what ran outside of git",
        "List every bulk action of the organization, with who made it and where it came from: a spec of this\n"
        "project, or somebody's hand. Then what was merged and never applied, what ended otherwise than planned,\n"
        "and who let what run. Reads from Close and cannot write to it.",
        (
            ("bulkplan audit", "the last 30 days"),
            ("bulkplan audit --since 2026-10-01 --out audit.html", "a page with charts"),
            ("bulkplan audit --origin outside --format csv", "what was started by hand, as a table file"),
            ("bulkplan audit --since 24h --strict", "for a nightly job"),
        ),
        add_audit,
        "audit",
        "Exits 5 when there is an alarm: a run with two actions, a marker without a record, a run that nobody can\n"
        "tell about, a history that does not fit. Exits 1 with --strict when something ran outside of git.\n"
        "See also: bulkplan audit verify, whether the records are whole.",
    ),
    Command(
        "audit verify",
        "check that no record was altered, cut or taken away",
        "Check the hash chain over the history of every record, and print the head: one digest over all of them.\n"
        "Keep it elsewhere; held against it later, a record that was taken away or made anew shows.\n"
        "Opens no connection to Close.",
        (
            ("bulkplan audit verify", "every record, and the head"),
            ("bulkplan audit verify --expect sha256:…", "nothing was written since, either"),
            ("bulkplan audit verify --out heads.json", "keep what is there now"),
            ("bulkplan audit verify --against heads.json", "all of that must still be there"),
        ),
        add_audit_verify,
        "audit_verify",
        "Exits 1 when something does not fit; it is named by record and entry.",
    ),
)
