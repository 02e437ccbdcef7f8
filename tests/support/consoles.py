"""Consoles over memory, for tests of what is printed where."""

from __future__ import annotations

import io
from dataclasses import dataclass

from bulkplan.cli.console import Console, Manners


@dataclass(frozen=True)
class Heard:
    """A console, and what it said."""

    console: Console
    out: io.StringIO
    err: io.StringIO


def console_in_memory(manners: Manners | None = None, *, typed: str = "") -> Heard:
    out, err = io.StringIO(), io.StringIO()
    console = Console(stdout=out, stderr=err, stdin=io.StringIO(typed), manners=manners or Manners())
    return Heard(console, out, err)
