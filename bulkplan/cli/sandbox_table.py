"""The commands of the sandbox: serving it, and throwing it away."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.arguments import Collect, add_auto_approve
from bulkplan.cli.command import Command

_POINT_A_SCRIPT_AT_IT = """\
point a script of yours at it:
  curl -u any: http://127.0.0.1:8686/api/v1/me/

  from closeio_api import API                  # the official client: pip install closeio
  api = API("http://127.0.0.1:8686/api/v1/", "any")
  api.get("lead", params={"_limit": 5})

  Wherever a program says https://api.close.com, give it http://127.0.0.1:8686; any API key will do.

Webhooks are delivered, signed, to loopback addresses and nowhere else. No mail is ever sent.
The file of an export is fetched from this server, by the link in GET /export/ID/."""


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
    add_auto_approve(parser)


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: write a number from 0 to 65535")
    return number


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no whole number from 1 up')
    return int(text)


SANDBOX_COMMANDS: tuple[Command, ...] = (
    Command(
        "sandbox serve",
        "serve a local Close over HTTP",
        "Serve a sandbox with the paths of the Close API, for other programs and for tests.",
        (
            ("bulkplan sandbox serve", "on http://127.0.0.1:8686/api/v1"),
            ("bulkplan sandbox serve --data world.db --leads 50000", "a larger world, kept in a file"),
            ("bulkplan sandbox serve --port 0 --api-key test", "a free port, one key"),
            ("bulkplan sandbox serve --from leads.json", "the leads of a JSON export of yours"),
            ("bulkplan sandbox serve --question s_query_is_required=false", "answer an open question otherwise"),
            ('bulkplan sandbox serve --fault \'{"kind": "status", "status": 503}\'', "the first request fails"),
        ),
        add_sandbox_serve,
        "sandbox_serve",
        _POINT_A_SCRIPT_AT_IT,
    ),
    Command(
        "sandbox reset",
        "throw away a sandbox target's leads and records",
        "Remove the world and the local state of a sandbox target; the next plan makes them anew.",
        (
            ("bulkplan sandbox reset", "asks first"),
            ("bulkplan sandbox reset --target sandbox --auto-approve", "does not ask"),
        ),
        add_sandbox_reset,
        "sandbox_reset",
    ),
)
