"""`schema`: the JSON Schemas of the files bulkplan reads and writes."""

from __future__ import annotations

from pathlib import Path

from bulkplan.app.schema import schema_texts
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.own_files import write_text
from bulkplan.core.near import did_you_mean
from bulkplan.errors import BulkplanError, UsageError

_DEFAULT = "bulk-action"


def run(args: Args, console: Console) -> int:
    """Print one schema; or write one, or all, as files."""
    texts = schema_texts()
    if args.schema is not None and args.schema not in texts:
        hint = did_you_mean(args.schema, texts) or f"there are: {', '.join(texts)}"
        raise UsageError(f'there is no schema "{args.schema}"', hint=hint)
    if args.out is None:
        console.raw(texts[args.schema or _DEFAULT])
        return OK
    _make(args.out)
    for name in [args.schema] if args.schema else texts:
        path = args.out / f"{name}.v1.schema.json"
        write_text(path, texts[name])
        console.raw(f"Wrote {path}\n")
    return OK


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BulkplanError(f"{folder} cannot be made: {error.strerror or error}") from error
