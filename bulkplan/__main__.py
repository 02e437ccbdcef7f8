"""Where the command `bulkplan` begins."""

from __future__ import annotations

import os
import sys

from bulkplan import __version__

OBJECTS_PER_LOOK = 10_000
"""How many new objects Python looks for garbage after."""
LOOKS_PER_OLDER = (50, 20)
"""After so many of these looks it looks among older objects too, and after so many of those among all."""


def main() -> int:
    """
    Run the command line of this process; returns the exit code.

    `--version` is answered here, before anything else is imported: editors and scripts ask for it often.
    """
    if sys.argv[1:2] in (["--version"], ["-V"]):
        sys.stdout.write(f"bulkplan {__version__}\n")
        return 0
    import gc
    import signal

    # Nearly all that a command makes lives until it ends: looking for garbage among it so often takes half of the time.
    gc.set_threshold(OBJECTS_PER_LOOK, *LOOKS_PER_OLDER)
    # No plugin that lies about in an environment may change what a spec means; looking for one takes a while, too.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is somebody to say it in words: no traceback
    from bulkplan.cli.main import run

    code = run(sys.argv[1:])
    # All is closed by now; looking once more through all that was made, only to end, takes a while.
    gc.freeze()
    return code


if __name__ == "__main__":
    sys.exit(main())
