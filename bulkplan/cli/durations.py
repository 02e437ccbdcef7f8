"""What `30s`, `2m`, `500ms` or `1h30m` mean."""

from __future__ import annotations

import argparse
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)", re.ASCII)


def parse_duration(text: str) -> float:
    """
    Read a duration with its unit, or several from the largest down (`1h30m`).

    Returns:
        Seconds.

    Raises:
        argparse.ArgumentTypeError: no number with a unit.
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        hint = f"; did you mean {text}s?" if text.isdecimal() else ""
        raise argparse.ArgumentTypeError(f'"{text}" is no duration: write it with its unit, e.g. 30s, 2m or 1h{hint}')
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def format_duration(seconds: float) -> str:
    """A duration for people: `850ms`, `12s`, `2m 05s`, `1h 03m`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60:02}s"
    return f"{whole // 3600}h {whole % 3600 // 60:02}m"
