"""Which runs and records are meant: by name, and by the patterns of `--select`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

from bulkplan.core.near import did_you_mean
from bulkplan.errors import UsageError
from bulkplan.model.record import Record, Standing
from bulkplan.model.run import RunKey, WantedRun

RecordedT = TypeVar("RecordedT", bound=Record | Standing)


def is_selected(key: RunKey, patterns: Collection[str]) -> bool:
    """Whether one of the patterns means this run, by name, name with variant, or whole key. No pattern means all."""
    names = (key.name, key.full_name, str(key))
    return not patterns or any(_fits(name, pattern) for pattern in patterns for name in names)


def selected(runs: Sequence[WantedRun], patterns: Sequence[str], *, known: Iterable[RunKey] = ()) -> list[WantedRun]:
    """
    The runs that the patterns mean, in the same order.

    Args:
        runs: Every run the specs ask for.
        patterns: Glob patterns (`*`, `?`); brackets stand for themselves, as in `winback[EMEA]`.
        known: Keys without a spec that a pattern may mean as well.

    Raises:
        UsageError: A pattern means nothing.
    """
    keys = [*(run.key for run in runs), *known]
    for pattern in patterns:
        if not any(is_selected(key, (pattern,)) for key in keys):
            names = sorted({name for key in keys for name in (key.name, key.full_name)})
            raise UsageError(f'no run is named "{pattern}"', hint=did_you_mean(pattern, names) or _some(names))
    return [run for run in runs if is_selected(run.key, patterns)]


def by_full_name(records: Iterable[RecordedT]) -> dict[str, list[RecordedT]]:
    """Records by the name of their run, variant included; each list in the order given."""
    groups: dict[str, list[RecordedT]] = {}
    for record in records:
        groups.setdefault(record.key.full_name, []).append(record)
    return groups


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _some(names: Sequence[str], most: int = 5) -> str:
    if not names:
        return "there are no specs"
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return f"there are: {', '.join(names[:most])}{more}"
