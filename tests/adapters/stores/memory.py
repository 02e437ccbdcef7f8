"""The reference that every store is held against: a dictionary and a lock."""

from __future__ import annotations

import secrets
import threading
from functools import partial

from adapters.stores.faults import Fault

from bulkplan.model.store import PutResult, Slot


class MemoryStore:
    trouble = None

    def __init__(self):
        self._slots = {}
        self._lineage = secrets.token_hex(10)
        self._lock = threading.Lock()

    @property
    def name(self):
        return "memory"

    def lineage(self):
        return self._lineage

    def get(self, key):
        return self._slots.get(key)

    def put(self, key, text, *, expected_version):
        with self._lock:
            found = self._slots.get(key)
            if (found.version if found else 0) != expected_version:
                return PutResult.CONFLICT
            self._slots[key] = Slot(key, expected_version + 1, text)
            return PutResult.STORED

    def list(self, prefix="", *, first_hand=False):
        return [self._slots[key] for key in sorted(self._slots) if key.startswith(prefix)]

    def close(self):
        """Nothing to let go of."""


class FaultyStore:
    """Wraps a store that has no service between: its next write meets the fault."""

    def __init__(self, store):
        self._store = store
        self._fault = None
        self._held = []

    def arm(self, fault):
        self._fault = fault

    def release(self):
        while self._held:
            self._held.pop()()

    def put(self, key, text, *, expected_version):
        fault, self._fault = self._fault, None
        write = partial(self._store.put, key, text, expected_version=expected_version)
        if fault is None:
            return write()
        if fault is Fault.LOSE_REPLY:
            write()
        elif fault is Fault.DELAY:
            self._held.append(write)
        return PutResult.UNSURE

    def __getattr__(self, name):
        return getattr(self._store, name)
