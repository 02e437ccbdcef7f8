"""The reference itself keeps the laws: they say nothing that a dictionary with a lock could not do."""

from __future__ import annotations

import pytest
from adapters.stores.conformance import Laws


class TestMemoryKeepsTheLaws(Laws):
    @pytest.fixture
    def lab(self):
        from adapters.stores.labs import MemoryLab

        return MemoryLab()
