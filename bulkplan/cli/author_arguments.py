"""Which arguments the commands for those who write specs take."""

from __future__ import annotations

import argparse

from bulkplan.cli.arguments import Collect

LINT_FORMATS = ("text", "json", "github", "sarif")


def add_fmt(parser: argparse.ArgumentParser) -> None:
    """Arguments of `fmt`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders (default: the project)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")


def add_lint(parser: argparse.ArgumentParser) -> None:
    """Arguments of `lint`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on (default: the project)")
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
