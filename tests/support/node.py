"""Where `.ci/setup` puts what tests need of npm, where npm is there."""

from __future__ import annotations

from pathlib import Path

NODE_MODULES = Path(__file__).parents[2] / ".venv" / "node" / "node_modules"
