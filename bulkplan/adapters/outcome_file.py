"""A private file for outcomes that the state store did not take; a convenience, for a later apply finds them anyway."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

from bulkplan.model.run import RunKey


def keep_outcome(folder: Path, key: RunKey, message: str, *, at: datetime) -> Path:
    """Append what became of a run to `outcomes.jsonl` in `folder`, mode 0600. Raises `OSError`."""
    path = folder / "outcomes.jsonl"
    line = json.dumps({"at": at.isoformat(), "key": str(key), "outcome": message}, ensure_ascii=False) + "\n"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return path
