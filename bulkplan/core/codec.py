"""
Records and plan uses as texts with a checksum, for stores; what cannot be trusted is an error, never "absent".

A text is canonical JSON whose last key is the checksum over all that stands before it: it is checked on the text as it
is, which takes a listing of thousands a tenth of the time. Texts in any other layout, as older versions wrote them,
hold the checksum of their canonical form, and are checked against that.
"""

from __future__ import annotations

import json
import re

from pydantic import JsonValue, ValidationError

from bulkplan.core.digest import canonical_json, digest_json, sha256_text
from bulkplan.errors import UnreadableRecordError
from bulkplan.model.base import JsonObject
from bulkplan.model.record import PlanUse, Record
from bulkplan.model.run import RunKey
from bulkplan.model.store import Slot

FORMS = ("bulkplan/record/v1", "bulkplan/record/v2")
_CHECKSUM, _END = ',"checksum":"', '"}'
_TAIL = len(_CHECKSUM) + len("sha256:") + 64 + len(_END)
RUN_PREFIX = "run/"
PLAN_PREFIX = "plan/"


def run_slot_key(key: RunKey) -> str:
    """The store key of a run's record."""
    return f"{RUN_PREFIX}{key}"


def run_key_of(slot_key: str) -> RunKey | None:
    """The run key of a store key; `None` when it names no run."""
    try:
        return RunKey.parse(slot_key.removeprefix(RUN_PREFIX))
    except ValueError:
        return None


def plan_slot_key(plan_id: str) -> str:
    """The store key of the mark that a saved plan was used."""
    return f"{PLAN_PREFIX}{plan_id}"


def dump_record(record: Record | PlanUse) -> str:
    """The record as canonical JSON, its checksum at the end."""
    content: dict[str, JsonValue] = record.model_dump(mode="json", by_alias=True, exclude_none=True)
    text = canonical_json(content)
    return f"{text[:-1]}{_CHECKSUM}{sha256_text(text)}{_END}"


def read_content(slot: Slot) -> JsonObject:
    """The JSON object in a slot, without its checksum, once that was found right. Raises `UnreadableRecordError`."""
    checked = _as_written(slot.text)
    try:
        content: JsonValue = json.loads(checked or slot.text)
        if not isinstance(content, dict):
            raise _unreadable(slot, "it is not a JSON object")
        is_whole = checked is not None or content.pop("checksum", None) == digest_json(content)
    except (ValueError, RecursionError) as error:  # also of what no UTF-8 can hold
        raise _unreadable(slot, "it is torn: not valid JSON") from error
    if not is_whole:
        raise _unreadable(slot, "its checksum is wrong: it was torn or altered")
    return content


def _as_written(text: str) -> str | None:
    """A text of today's layout without its checksum, where that is right; `None` for any other text."""
    body, mark, end = text[:-_TAIL], text[-_TAIL:], len(_CHECKSUM)
    if not (mark.startswith(_CHECKSUM) and mark.endswith(_END)):
        return None
    body += "}"
    return body if sha256_text(body) == mark[end : -len(_END)] else None


def load_record(slot: Slot) -> Record:
    """The record of a run. Raises `UnreadableRecordError`."""
    try:
        record = Record.model_validate_json(_checked(slot))
    except ValidationError as error:
        raise _newer(slot) or _unreadable(slot, "its content is not a record of this version of bulkplan") from error
    if run_slot_key(record.key) != slot.key or record.version != slot.version:
        raise _unreadable(
            slot,
            f"it says {record.key} version {record.version}, the store says {slot.key} version {slot.version}",
        )
    return record


def load_plan_use(slot: Slot) -> PlanUse:
    """The mark that a plan was used. Raises `UnreadableRecordError`."""
    try:
        return PlanUse.model_validate_json(_checked(slot))
    except ValidationError as error:
        raise _unreadable(slot, "its content is not a plan use of this version of bulkplan") from error


def _checked(slot: Slot) -> str:
    """The text without its checksum, once that was found right."""
    return _as_written(slot.text) or json.dumps(read_content(slot))


def _newer(slot: Slot) -> UnreadableRecordError | None:
    """The error for a record, whole and unaltered, of a form that this version does not know."""
    form = str(read_content(slot).get("schema"))
    if not re.fullmatch(r"bulkplan/record/v[0-9]+", form) or form in FORMS:
        return None
    return UnreadableRecordError(
        f"the state record {slot.key} was written by a newer bulkplan ({form})",
        key=slot.key,
        hint="use that version of bulkplan for this state; this one leaves the record alone, and sends nothing for it",
    )


def _unreadable(slot: Slot, why: str) -> UnreadableRecordError:
    return UnreadableRecordError(
        f"the state record {slot.key} cannot be trusted: {why}",
        key=slot.key,
        hint="restore the state store from a backup; nothing is sent for this run until its record can be read",
    )
