"""`sandbox serve`: a local Close over HTTP, until a signal."""

from __future__ import annotations

from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.progress import progress
from bulkplan.cli.sandbox_options import questions_help, read_faults, read_settings
from bulkplan.cli.stopping import Stopped
from bulkplan.errors import BulkplanError, MissingExtraError
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.world import WorldError


def run(args: Args, console: Console) -> int:
    """Open the world, serve it, and end well on a signal."""
    if "help" in args.question:
        console.raw(questions_help())
        return OK
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
    settings, faults = read_settings(args), read_faults(args.fault)
    try:
        with progress(console) as shown:
            sandbox = Sandbox.open(
                args.data,
                leads=args.leads,
                seed=args.seed,
                settings=settings,
                progress=lambda done, total: shown.step("leads", done, total),
                export=args.export,
            )
    except WorldError as error:
        raise BulkplanError(str(error), hint=error.hint or "--data takes another file") from error
    sandbox.add_faults(faults)
    return sandbox


def _tell_ready(args: Args, port: int, console: Console) -> None:
    host = f"[{args.host}]" if ":" in args.host else args.host
    console.raw(f"Serving a sandbox at http://{host}:{port}/api/v1\n")
    console.note("Any API key is accepted." if not args.api_key else "One API key is accepted.")
