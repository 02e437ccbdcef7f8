"""Which arguments the commands for those who write specs take."""

from __future__ import annotations

import argparse


def add_fmt(parser: argparse.ArgumentParser) -> None:
    """Arguments of `fmt`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders (default: the project)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")
