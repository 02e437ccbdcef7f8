"""Shares of a whole, exactly: computed as fractions, shown with as many decimals as their limit needs."""

from __future__ import annotations

from fractions import Fraction


def share(part: int, whole: int) -> Fraction:
    """In percent. A whole of none counts as one, so that a part of it is never within a limit."""
    return Fraction(part * 100, max(whole, 1))


def percent(text: str) -> Fraction:
    """What a text such as `12.5%` says, in percent."""
    return Fraction(text.removesuffix("%"))


def spaced(text: str) -> str:
    """A percentage for people: `12.3 %`."""
    return text.replace("%", " %")


def percent_text(part: Fraction, limit: Fraction | None = None) -> str:
    """
    A share as `12.3%`, with as many decimals as it takes to show on which side of `limit` it lies.

    Args:
        part: In percent, exact.
        limit: In percent, exact.
    """
    for decimals in range(1, 12):
        shown = Fraction(f"{float(part):.{decimals}f}")
        if limit is None or (shown > limit) == (part > limit):
            break
    return f"{float(part):.{decimals}f}".removesuffix(".0") + "%"


def count_leads(count: int) -> str:
    """Like `1,204 leads`."""
    return f"{count:,} lead{'s' if count != 1 else ''}"


def all_leads(count: int) -> str:
    """What a share of the organization is a share of: `all 1,000 leads`."""
    return f"all {count_leads(count)}" if count != 1 else "the only lead"
