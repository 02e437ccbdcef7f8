"""`schema`: the JSON Schemas of the files bulkplan reads and writes, as texts."""

from __future__ import annotations

import json
from collections.abc import Mapping

from bulkplan.report.schemas import SCHEMAS


def schema_texts() -> Mapping[str, str]:
    """Every schema by its name (`bulk-action`, `filter`, …), as the text of its file `NAME.v1.schema.json`."""
    return {name: json.dumps(make(), indent=2, ensure_ascii=False) + "\n" for name, make in SCHEMAS.items()}
