"""What a structured query is read into on its way to SQL: its context, pieces of SQL, and the error it may end in."""

from dataclasses import dataclass
from datetime import datetime

SqlValue = str | int | float | None

MAX_DEPTH = 100
MAX_NODES = 200_000
MAX_PARAMETERS = 30_000  # SQLite takes 32,766
MAX_TEXT = 10_000  # characters of a searched text; SQLite takes patterns of 50,000 bytes


class QueryError(ValueError):
    """A query, sort or limit cannot be answered; the message names the fault as Close's 400 would."""


@dataclass(frozen=True)
class QueryContext:
    """
    Who asks, and when.

    Attributes:
        now: aware; what relative dates are measured from.
        tz_offset: hours east of UTC of the caller's local days (the `x-tz-offset` header).
        user_id: whom `current_user` means.
    """

    now: datetime
    tz_offset: float
    user_id: str


@dataclass(frozen=True)
class Fragment:
    """A piece of SQL that is true or not of a row, with its parameters in order; `depth` measures its nesting."""

    sql: str
    params: tuple[SqlValue, ...] = ()
    depth: int = 1


ALWAYS = Fragment("1")
NEVER = Fragment("0")


def joined(operator: str, fragments: list[Fragment]) -> Fragment:
    """
    Join pieces by AND or OR, as a balanced tree: SQLite limits the depth of an expression, not its length.

    Args:
        operator: `AND` or `OR`; joining nothing is true for `AND` and false for `OR`.
    """
    if not fragments:
        return ALWAYS if operator == "AND" else NEVER
    while len(fragments) > 1:
        pairs = zip(fragments[::2], fragments[1::2], strict=False)
        rest = fragments[-1:] if len(fragments) % 2 else []
        fragments = [_pair(operator, left, right) for left, right in pairs] + rest
    return fragments[0]


def _pair(operator: str, left: Fragment, right: Fragment) -> Fragment:
    depth = max(left.depth, right.depth) + 1
    return Fragment(f"({left.sql} {operator} {right.sql})", left.params + right.params, depth)


def negated(fragment: Fragment) -> Fragment:
    """Answer the complement: what is unknown (NULL) counts as false, so its negation is true."""
    return Fragment(f"(({fragment.sql}) IS NOT TRUE)", fragment.params, fragment.depth + 1)
