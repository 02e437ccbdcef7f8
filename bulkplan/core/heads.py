"""The head of a whole store: one digest over every record, and what an earlier look says was there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bulkplan.core.chain import content_digest, history_of, last_link, link_after, n_before_chain
from bulkplan.core.codec import RUN_PREFIX, read_content
from bulkplan.core.digest import digest_json, sha256_text
from bulkplan.errors import UnreadableRecordError
from bulkplan.model.base import JsonMapping
from bulkplan.model.chain_report import ChainBreak, SlotHead
from bulkplan.model.store import Slot

_FORM = "bulkplan/head/v1"


def slot_head(slot: Slot) -> SlotHead:
    """What a slot stands at. One that cannot be read counts by its text, so that it counts at all."""
    try:
        content = read_content(slot)
    except UnreadableRecordError:
        return SlotHead(key=slot.key, version=slot.version, content=sha256_text(slot.text))
    if not slot.key.startswith(RUN_PREFIX):
        return SlotHead(key=slot.key, version=slot.version, content=content_digest(content))
    return SlotHead(
        key=slot.key,
        version=slot.version,
        entries=len(history_of(content)),
        before_chain=n_before_chain(content),
        link=last_link(content),
        content=content_digest(content),
    )


def store_head(heads: Sequence[SlotHead]) -> str:
    """The digest of a store: over its slots by key, so that one more, one less or another one shows."""
    rows: list[JsonValue] = [
        [head.key, head.version, head.link, head.content] for head in sorted(heads, key=lambda head: head.key)
    ]
    return digest_json({"form": _FORM, "slots": rows})


def losses(earlier: Sequence[SlotHead], now: Mapping[str, Slot]) -> tuple[ChainBreak, ...]:
    """What was there at an earlier look, and is not any more; what was only added since is no loss."""
    found = [_loss(before, now.get(before.key)) for before in sorted(earlier, key=lambda head: head.key)]
    return tuple(loss for loss in found if loss)


def _loss(before: SlotHead, slot: Slot | None) -> ChainBreak | None:
    if slot is None:
        return ChainBreak(key=before.key, problem="it was there at the earlier look, and is gone")
    if slot.version < before.version:
        words = f"it was at version {before.version} at the earlier look, and is at {slot.version} now"
        return ChainBreak(key=before.key, problem=words)
    try:
        content = read_content(slot)
    except UnreadableRecordError:
        return None  # told by itself
    if slot.version == before.version and content_digest(content) != before.content:
        return ChainBreak(key=before.key, problem="it has the version of the earlier look, and says something else")
    return _lost_history(before, content)


def _lost_history(before: SlotHead, content: JsonMapping) -> ChainBreak | None:
    if before.link is None:
        return None
    count = len(history_of(content))
    if count < before.entries:
        words = f"its history had {before.entries} entries at the earlier look, and has {count} now"
        return ChainBreak(key=before.key, entry=count + 1, problem=words)
    if link_after(content, before.entries) != before.link:
        words = "the history up to here is not the one of the earlier look"
        return ChainBreak(key=before.key, entry=before.entries, problem=words)
    return None
