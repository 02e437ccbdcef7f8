"""One request for each operation of the sandbox, such as it answers with success."""

from __future__ import annotations

from collections.abc import Mapping

from contract.asking import Make, Operation
from contract.asks_reads import READS
from contract.asks_writes import WRITES

ASKS: Mapping[Operation, Make] = {**READS, **WRITES}
