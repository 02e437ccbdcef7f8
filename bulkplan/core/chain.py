"""
The hash chain over a record's history: what was written cannot be changed, taken out or reordered unseen.

Theory of operation. Each entry holds a digest of the record as that write left it (`content`), the digest of the entry
before it (`previous`), and one over itself (`digest`). The first entry follows a link made of the run key and the
organization, so that no history moves to another record; entries older than the chain are bound by that link too. Who
can write the store can make all of it anew: that shows only against a head that was kept elsewhere (see `core.heads`).

Everything is judged on the JSON as it is stored, never on values: a later version that knows more fields must come to
the same digests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.core.digest import digest_json
from bulkplan.model.base import JsonMapping, JsonObject
from bulkplan.model.record import HistoryEntry, Record

CHAINED = "bulkplan/record/v2"
_FORM = "bulkplan/chain/v1"


@dataclass(frozen=True)
class Break:
    """Something that does not fit: in which entry (from 1; `None`: the record as a whole), and what."""

    entry: int | None
    what: str


def with_entry(record: Record, entry: HistoryEntry) -> Record:
    """The record with one more entry at the end of its history, chained to those before it."""
    record = record.model_copy(update={"schema_": CHAINED})
    content = record.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"history"})
    last = record.history[-1].digest if record.history else None
    previous = last or _first_link(content, [_as_stored(each) for each in record.history])
    bound = entry.model_copy(update={"content": content_digest(content), "previous": previous})
    sealed = bound.model_copy(update={"digest": entry_digest(_as_stored(bound))})
    return record.model_copy(update={"history": (*record.history, sealed)})


def entry_digest(entry: JsonMapping) -> str:
    """The digest of an entry as stored: over everything in it but the digest itself."""
    return digest_json({key: value for key, value in entry.items() if key != "digest"})


def content_digest(content: JsonMapping) -> str:
    """The digest of a record as stored, without its history and its checksum."""
    return digest_json({key: value for key, value in content.items() if key not in ("history", "checksum")})


def history_of(content: JsonMapping) -> tuple[JsonObject, ...]:
    """The entries of a record as stored; what is no object among them counts as an empty one."""
    found = content.get("history")
    return tuple(entry if isinstance(entry, dict) else {} for entry in found) if isinstance(found, list) else ()


def n_before_chain(content: JsonMapping) -> int:
    """How many entries at the beginning are older than the chain."""
    history = history_of(content)
    return next((at for at, entry in enumerate(history) if "digest" in entry), len(history))


def link_after(content: JsonMapping, count: int) -> str:
    """What the entry after the first `count` ones must name as `previous`."""
    history = history_of(content)[:count]
    if history and "digest" in history[-1]:
        return str(history[-1]["digest"])
    return _first_link(content, history)


def last_link(content: JsonMapping) -> str:
    """What the next entry will name as `previous`: the digest of the whole history so far."""
    return link_after(content, len(history_of(content)))


def breaks(content: JsonMapping) -> tuple[Break, ...]:
    """
    Everything that does not fit in a record as stored, in the order of its history.

    `content` is the record's JSON object, its checksum looked at before. A record that is older than the chain has
    no entry to look at, and nothing to object to.
    """
    history = history_of(content)
    start = n_before_chain(content)
    found = [*_form_breaks(content, n_chained=len(history) - start)]
    previous = _first_link(content, history[:start])
    for number, entry in enumerate(history[start:], start + 1):
        found += _entry_breaks(entry, number, previous=previous)
        previous = str(entry.get("digest"))
    if history and start < len(history) and history[-1].get("content") != content_digest(content):
        found.append(Break(None, "it is not what its last entry left it as: something else in it was changed"))
    return tuple(found)


def _form_breaks(content: JsonMapping, *, n_chained: int) -> list[Break]:
    is_chained = content.get("schema") == CHAINED
    if is_chained and not n_chained:
        return [Break(None, "its form says that its history is chained, and no entry is")]
    if not is_chained and n_chained:
        return [Break(None, "its form says that it is older than the chain, and its history is chained")]
    version, count = content.get("version"), len(history_of(content))
    if version != count:
        return [Break(None, f"it was written {version} times, and its history has {count} entries")]
    return []


def _entry_breaks(entry: JsonMapping, number: int, *, previous: str) -> list[Break]:
    if "digest" not in entry:
        return [Break(number, "it is not chained, and the one before it is")]
    found = []
    if entry.get("previous") != previous:
        found.append(Break(number, "it does not follow the entry before it: one was taken out, put in, or moved"))
    if entry.get("digest") != entry_digest(entry):
        found.append(Break(number, "it was altered: it does not fit its digest"))
    return found


def _first_link(content: JsonMapping, before: Sequence[JsonObject]) -> str:
    """What the first chained entry follows: whose record it is, and the entries that are older than the chain."""
    older: list[JsonValue] = list(before)
    whose = {"key": content.get("key"), "organization_id": content.get("organization_id")}
    return digest_json({"form": _FORM, **whose, "before": older})


def _as_stored(entry: HistoryEntry) -> JsonObject:
    stored: JsonObject = entry.model_dump(mode="json", exclude_none=True)
    return stored
