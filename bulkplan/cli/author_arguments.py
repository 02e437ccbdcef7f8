"""Which arguments the commands for those who write specs take."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.arguments import TEXT_OR_JSON, Collect, add_var

ACTION_TYPES = (
    "email",
    "set_lead_status",
    "set_custom_field",
    "clear_custom_field",
    "delete",
    "sequence_subscribe",
    "sequence_pause",
    "sequence_resume",
    "sequence_resume_finished",
)
SHELLS = ("bash", "zsh", "fish", "powershell")
LINT_FORMATS = ("text", "json", "github", "sarif")


def add_fmt(parser: argparse.ArgumentParser) -> None:
    """Arguments of `fmt`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders (default: the project)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")


def add_completion(parser: argparse.ArgumentParser) -> None:
    """Arguments of `completion`."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"which shell: {', '.join(SHELLS)}")


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Arguments of `explain`."""
    parser.add_argument("run", metavar="NAME", help="a spec, a run or a run key, e.g. winback, 'news[EMEA]', winback@2")
    add_var(parser)
    parser.add_argument("--offline", action="store_true", help="ask nobody: what files and a local state alone say")
    parser.add_argument("--format", choices=("text", "json"), help="form of the result on stdout (default: text)")


def add_lint(parser: argparse.ArgumentParser) -> None:
    """Arguments of `lint`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on (default: the project)")
    add_var(parser)
    parser.add_argument("--format", choices=LINT_FORMATS, help="form of the result on stdout (default: text)")
    parser.add_argument(
        "--select", metavar="GLOB", action=Collect, help="only specs whose name fits, e.g. 'winback*'; may be repeated"
    )
    parser.add_argument(
        "--rule", metavar="RULE", action=Collect, help="only this rule, by slug or ID; may be repeated (default: all)"
    )
    parser.add_argument(
        "--online",
        action="store_true",
        help="also ask Close (names, templates, smart views, counts), and read a state that is not a file here",
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 for warnings too (default: for errors only)")
    parser.add_argument("--list-rules", action="store_true", help="list every rule, and look at nothing")


def add_new(parser: argparse.ArgumentParser) -> None:
    """Arguments of `new`."""
    parser.add_argument(
        "name", metavar="NAME", help="name of the spec: a-z, 0-9 and dashes; the file is specs/NAME.yaml"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--from-smart-view", metavar="X", help="the leads of a smart view, by name or ID")
    source.add_argument(
        "--from-filters", metavar="FILE", help='the JSON that "Copy Filters" gives in Close; - reads it from stdin'
    )
    source.add_argument("--from-status", metavar="LABEL", help="the leads with this status, as a beginning")
    parser.add_argument("--action", metavar="TYPE", help=f"what happens to them: {', '.join(ACTION_TYPES)}")
    _action_words(parser)
    _about(parser)
    parser.add_argument("--overwrite", action="store_true", help="take the place of specs/NAME.yaml")


def _action_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--template", metavar="X", help="e-mail template (email)")
    parser.add_argument("--sender", metavar="X", help='"Name <address>" to send as (email, sequence_subscribe)')
    parser.add_argument("--status", metavar="LABEL", help="the new status (set_lead_status)")
    parser.add_argument("--field", metavar="X", help="custom field (set_custom_field, clear_custom_field)")
    _values(parser)
    parser.add_argument("--sequence", metavar="X", help="sequence (sequence_…)")


def _about(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description", metavar="TEXT", help="one line on what it is for")
    parser.add_argument("--owner", metavar="ADDRESS", help="who answers for it (default: git's user.email)")


def _values(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--value", metavar="X", action=Collect, help="its new value; repeated: several (set_custom_field)"
    )
    parser.add_argument(
        "--operation",
        choices=("replace", "add", "remove"),
        help="what the values do to those there are (default: replace)",
    )


def add_init(parser: argparse.ArgumentParser) -> None:
    """Arguments of `init`."""
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", default=Path(), type=Path, help="folder of the project (default: here)"
    )
    parser.add_argument("--organization", metavar="ID", help="organization of Close, orga_… (default: a comment)")
    parser.add_argument("--first-target", metavar="NAME", help="what it is called here (default: production)")
    parser.add_argument("--api-key-env", metavar="NAME", help="variable that holds its key (default: CLOSE_API_KEY)")
    parser.add_argument("--timezone", metavar="ZONE", help="where its days begin, e.g. Europe/Berlin (default: UTC)")
    parser.add_argument("--state", metavar="STORE", help="where is kept what ran (default: git)")


def add_test(parser: argparse.ArgumentParser) -> None:
    """Arguments of `test`."""
    parser.add_argument(
        "paths", metavar="NAME|PATH", nargs="*", help="specs by name, or files or folders (default: the project)"
    )
    parser.add_argument(
        "--select", metavar="GLOB", action=Collect, help="only specs whose name fits, e.g. 'winback*'; may be repeated"
    )
    add_var(parser)
    parser.add_argument("--format", choices=TEXT_OR_JSON, help="form of the result on stdout (default: text)")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Arguments of `import`."""
    parser.add_argument(
        "action_id",
        metavar="ID",
        nargs="?",
        default=None,
        help="a bulk action of Close, e.g. bulkemail_… (default: --list)",
    )
    parser.add_argument("--list", action="store_true", help="list the bulk actions that no record tells of")
    parser.add_argument("--name", dest="spec_name", metavar="NAME", help="name of the spec: a-z, 0-9 and dashes")
    parser.add_argument("--version", metavar="N", type=_version, help="version of the spec (default: 1)")
    parser.add_argument("--spec-only", action="store_true", help="write the spec, and no record")
    parser.add_argument("--field", metavar="ID", help="the custom field, where its name means several")
    _values(parser)
    _about(parser)
    parser.add_argument("--overwrite", action="store_true", help="take the place of specs/NAME.yaml")


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no version: write a whole number from 1 up')
    return int(text)
