"""The commands for those who look back: what ran, and whether its records are whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.arguments import TEXT_OR_JSON, Collect
from bulkplan.cli.command import Command

FORMS = ("text", "json", "csv", "html", "markdown")
ORIGINS = ("ours", "adopted", "ours-unrecorded", "other-project", "outside", "unclear")


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
    parser.add_argument("--format", choices=TEXT_OR_JSON, help="form of the result on stdout (default: text)")


AUDIT_COMMANDS: tuple[Command, ...] = (
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
