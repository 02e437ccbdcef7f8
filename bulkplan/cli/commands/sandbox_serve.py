"""`sandbox serve`: a local Close over HTTP, until a signal."""

from __future__ import annotations

from dataclasses import replace

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.progress import progress
from bulkplan.cli.stopping import Stopped
from bulkplan.errors import BulkplanError, MissingExtraError
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.settings import SandboxSettings, served_settings
from bulkplan.sandbox.world import WorldError


def run(args: Args, console: Console) -> int:
    """Open the world, serve it, and end well on a signal."""
    try:
        from bulkplan.sandbox.serve import serve
    except ImportError as error:
        raise MissingExtraError(
            "serving a sandbox needs uvicorn, which is not installed", hint='pip install "bulkplan[sandbox]"'
        ) from error
    sandbox = _open(args, console)
    try:
        serve(sandbox, host=args.host, port=args.port, on_ready=lambda port: _tell_ready(args, port, console))
    except OSError as error:
        raise BulkplanError(
            f"{args.host}:{args.port} cannot be listened on: {error.strerror or error}",
            hint="--port 0 takes a free one",
        ) from error
    except (KeyboardInterrupt, Stopped):
        pass  # the usual way to end it
    finally:
        sandbox.close()
    console.note("The sandbox has stopped.")
    return OK


def _open(args: Args, console: Console) -> Sandbox:
    try:
        with progress(console) as shown:
            return Sandbox.open(
                args.data,
                leads=args.leads,
                seed=args.seed,
                settings=_settings(args),
                progress=lambda done, total: shown.step("leads", done, total),
            )
    except WorldError as error:
        raise BulkplanError(str(error), hint="--data takes another file") from error


def _settings(args: Args) -> SandboxSettings:
    keys = (args.api_key,) if args.api_key else ()
    settings = served_settings(api_keys=keys, control=args.control)
    return replace(settings, leads_per_second=args.leads_per_second) if args.leads_per_second else settings


def _tell_ready(args: Args, port: int, console: Console) -> None:
    host = f"[{args.host}]" if ":" in args.host else args.host
    console.raw(f"Serving a sandbox at http://{host}:{port}/api/v1\n")
    console.note("Any API key is accepted." if not args.api_key else "One API key is accepted.")
