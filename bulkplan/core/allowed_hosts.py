"""Which hosts a secret of the environment may be sent to, when a file of the project names the host."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from bulkplan.core.loopback import is_loopback


def first_not_allowed(hosts: Iterable[str], *, allowed: str, always: Collection[str]) -> str | None:
    """
    The first host that gets no secret: neither this machine, nor one of `always`, nor named by the environment.

    Args:
        hosts: Host names or addresses; the path of a Unix socket is this machine.
        allowed: Host names, with blanks or commas between them: what `BULKPLAN_ALLOW_HOST` holds.
        always: Host names that need not be named.
    """
    named = {name.lower() for name in (*re.split(r"[\s,]+", allowed), *always) if name}
    others = (host for host in hosts if not (host.startswith("/") or is_loopback(host) or host.lower() in named))
    return next(others, None)
