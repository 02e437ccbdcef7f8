"""How stores of files and objects name and frame what they keep: paths that are safe anywhere, one header line."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from urllib.parse import quote, unquote

from bulkplan.model.store import Slot

_FORMAT = "bulkplan/slot/v1"
_SUFFIX = ".json"


@dataclass(frozen=True)
class Framed:
    """A slot, and the word that tells this very write from every other one, also from an equal one."""

    slot: Slot
    write: str


def next_framed(key: str, text: str, *, expected_version: int) -> Framed:
    """What a write over `expected_version` leaves behind, with a fresh word."""
    return Framed(Slot(key, expected_version + 1, text), secrets.token_hex(10))


def dump_frame(framed: Framed) -> bytes:
    """One line of JSON (format, key, version, write), then the text as it is."""
    slot = framed.slot
    header = {"format": _FORMAT, "key": slot.key, "version": slot.version, "write": framed.write}
    return (json.dumps(header) + "\n" + slot.text).encode("utf-8")


def load_frame(key: str, content: bytes) -> Framed:
    """
    The slot under `key`.

    Where the header is torn, or is that of another key, the version is 0, which no stored slot has, and the text is all
    that is there: never "absent", and nothing that a reader of records accepts.
    """
    whole = content.decode("utf-8", errors="replace")
    head, _, text = whole.partition("\n")
    try:
        header = json.loads(head)
    except (ValueError, RecursionError):
        header = None
    match header:
        case {"format": str(form), "key": str(name), "version": int(version), "write": str(write)} if (
            form == _FORMAT and name == key and version > 0
        ):
            return Framed(Slot(key, version, text), write)
        case _:
            return Framed(Slot(key, 0, whole), "")


def safe_name(name: str) -> str:
    """A name as one segment of a path, of a git ref or of an object: letters, digits and `-_@%`; never empty."""
    return quote(name, safe="@").replace(".", "%2E").replace("~", "%7E") or "%"


def path_of(key: str) -> str:
    """The path of a key: its own segments, each made safe, and `.json`, which no folder's name can end in."""
    return "/".join(safe_name(segment) for segment in key.split("/")) + _SUFFIX


def key_of(path: str) -> str | None:
    """The key of a path; `None` when no key has it."""
    if not path.endswith(_SUFFIX):
        return None
    segments = path.removesuffix(_SUFFIX).split("/")
    key = "/".join("" if segment == "%" else unquote(segment) for segment in segments)
    return key if path_of(key) == path else None
