"""Where the command `bulkplan` begins."""

from __future__ import annotations

import sys

from bulkplan import __version__


def main() -> int:
    """
    Run the command line of this process; returns the exit code.

    `--version` is answered here, before anything else is imported: editors and scripts ask for it often.
    """
    if sys.argv[1:2] in (["--version"], ["-V"]):
        sys.stdout.write(f"bulkplan {__version__}\n")
        return 0
    from bulkplan.cli.main import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
