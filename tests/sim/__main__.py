"""`python tests/sim`: one schedule told step by step, or a million by hand."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from sim.campaign import main  # noqa: E402 - the path comes first

if __name__ == "__main__":
    sys.exit(main())
