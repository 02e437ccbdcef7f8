"""Which endpoint answers a method and a path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bulkplan.sandbox.call import Route
from bulkplan.sandbox.errors import ApiError, NotFoundError


@dataclass(frozen=True)
class Match:
    """A route and the variable parts of the path."""

    route: Route
    ids: Mapping[str, str]


class Router:
    """A table of routes, looked up by path; the fixed patterns win over those with variable parts."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._fixed: dict[str, dict[str, Route]] = {}
        self._variable: list[tuple[re.Pattern[str], dict[str, Route]]] = []
        by_pattern: dict[str, dict[str, Route]] = {}
        for route in routes:
            by_pattern.setdefault(route.pattern, {})[route.method] = route
        for pattern, methods in by_pattern.items():
            if "{" in pattern:
                self._variable.append((re.compile(_expression(pattern)), methods))
            else:
                self._fixed[pattern] = methods

    def find(self, method: str, path: str) -> Match:
        """
        Look up a request.

        Raises:
            ApiError: 405, the path knows other methods only.
            NotFoundError: no such path.
        """
        methods, ids = self._methods(path)
        if method not in methods:
            raise ApiError(405, f"The method {method} is not allowed for this URL.")
        return Match(methods[method], ids)

    def _methods(self, path: str) -> tuple[dict[str, Route], Mapping[str, str]]:
        if path in self._fixed:
            return self._fixed[path], {}
        for expression, methods in self._variable:
            found = expression.fullmatch(path)
            if found:
                return methods, found.groupdict()
        raise NotFoundError


def _expression(pattern: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(pattern))
