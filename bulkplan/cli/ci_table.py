"""The commands for a job of GitHub Actions."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.command import Command

_DOCUMENT = "a plan saved by `plan --out`, what `--failure FILE` wrote, or what `apply --report` wrote"


def _plan(parser: argparse.ArgumentParser, words: str = _DOCUMENT) -> None:
    parser.add_argument("plan", metavar="PLAN", type=Path, help=words)


def _base(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--base", metavar="PLAN", type=Path, help="the plan of the base branch: say what the pull request changes"
    )
    group.add_argument("--empty-base", action="store_true", help="the base branch has no project: everything is new")


def _add_comment(parser: argparse.ArgumentParser) -> None:
    _plan(parser)
    _base(parser)
    parser.add_argument(
        "--new", action="store_true", help="a new comment, which notifies (default: update the old one)"
    )
    parser.add_argument(
        "--pull", metavar="N", type=int, help="number of the pull request (default: that of the event or the commit)"
    )


def _add_summary(parser: argparse.ArgumentParser) -> None:
    _plan(parser)
    _base(parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    _plan(parser)


def _add_annotate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "plan",
        metavar="FAILURE",
        nargs="?",
        default=None,
        type=Path,
        help="what `plan --failure FILE` wrote: its problems too (names that Close does not know, and the like)",
    )


def _add_reviewed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder for the plans; made, or emptied of plans"
    )


CI_COMMANDS: tuple[Command, ...] = (
    Command(
        "ci comment",
        "keep one comment with the plan on the pull request",
        "Write the plan into the comment of the pull request, one per target; older plans are folded below it.\n"
        "Needs $GITHUB_TOKEN with pull-requests: write. When GitHub does not take it, that is a warning: exit 0.",
        (
            ("bulkplan ci comment plan.json", "the plan"),
            ("bulkplan ci comment plan.json --base base.json", "and what the pull request changes"),
            ("bulkplan ci comment failure.json --new", "why an apply stopped, to the pull request it came from"),
        ),
        _add_comment,
        "ci_comment",
    ),
    Command(
        "ci summary",
        "add the plan to the summary of the job",
        "Add the whole plan to $GITHUB_STEP_SUMMARY, as far as GitHub shows it (1 MiB).",
        (
            ("bulkplan ci summary plan.json", "the plan"),
            ("bulkplan ci summary report.json", "what an apply did"),
        ),
        _add_summary,
        "ci_summary",
    ),
    Command(
        "ci annotate",
        "show problems beside the lines of the pull request",
        "Print what `validate` and `lint` find as annotations of GitHub Actions. Never fails: that is for `validate`.",
        (
            ("bulkplan ci annotate", "the whole project"),
            ("bulkplan ci annotate failure.json", "and why planning failed"),
        ),
        _add_annotate,
        "ci_annotate",
    ),
    Command(
        "ci outputs",
        "set the outputs of the step",
        "Write has_changes, match_total, max_risk, plan_digest, blocked, unknown, in_progress, failed, and the name\n"
        "of the artefact in which the plan is left for the apply, to $GITHUB_OUTPUT.",
        (("bulkplan ci outputs plan.json", "numbers, words of a fixed list, and a digest; no text from outside"),),
        _add_outputs,
        "ci_outputs",
    ),
    Command(
        "ci reviewed",
        "fetch the plans that merged pull requests were reviewed by",
        "Fetch the plans that runs of this repository's own branches left for the pull requests merged into the\n"
        "current branch, for `apply --reviewed DIR`. Needs $GITHUB_TOKEN with actions: read and pull-requests: read.",
        (("bulkplan ci reviewed --out reviewed", "into a folder"),),
        _add_reviewed,
        "ci_reviewed",
    ),
)
