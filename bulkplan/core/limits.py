"""Which limits hold for a run: defaults, the project's and the spec's own, and of those the strictest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from bulkplan.core.shares import count_leads, percent, spaced
from bulkplan.model.plan import GuardName
from bulkplan.model.request import Family
from bulkplan.model.spec import Guards

Layer = Literal["default", "project", "spec"]

PROJECT_FILE = "bulkplan.yaml"
PERCENT_FROM_LEADS = 1000
"""In smaller organizations the default percentages say nothing: five leads of twenty are 25 %."""

DEFAULT_MAX_MATCHES: Mapping[Family, int] = {"email": 1000, "sequence": 1000, "edit": 10_000, "delete": 100}
DEFAULT_MAX_PERCENT: Mapping[Family, str] = {"email": "25%", "sequence": "25%", "edit": "50%", "delete": "5%"}
DEFAULT_MAX_DRIFT: Mapping[Family, str] = {"email": "5%", "sequence": "5%", "edit": "5%", "delete": "0%"}
"""Leads come and go between review and apply; a delete is done on exactly the number that was reviewed."""
DEFAULT_REQUIRE_SORT: Mapping[Family, bool] = {"email": True, "sequence": True, "edit": False, "delete": True}
"""
Which of too many leads are taken should be said where it cannot be taken back: whom a mail reaches, and who is deleted.
Without a word the oldest are taken, which few who write a limit have in mind. An edit can be undone, and a limited one
is often meant just so: the next run takes the next ones.
"""


@dataclass(frozen=True)
class GuardLayers:
    """
    The guards that hold for one run: the project's for its family, the spec's own, and the defaults below both.

    A limit of the project replaces the default, and the spec can only tighten the outcome. One thing is different:
    where the project says nothing, `min_matches: 0` of the spec replaces the default of 1, for a run without matches
    sends nothing. `has_schedule` and `has_sort` say that the spec has one. `places` says where a limit stands, as
    `file:line`.
    """

    family: Family
    project: Guards
    spec: Guards
    has_schedule: bool = False
    has_sort: bool = False
    places: Mapping[tuple[Layer, GuardName], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Limit:
    """One limit, and the layer that sets it. A text is a percentage, a number a count of leads."""

    guard: GuardName
    value: int | str
    layer: Layer
    set_at: str | None = None

    @property
    def number(self) -> Fraction:
        """For comparing two limits of the same kind."""
        return percent(self.value) if isinstance(self.value, str) else Fraction(self.value)

    @property
    def words(self) -> str:
        """Like `200 leads`, `5 %`."""
        return spaced(self.value) if isinstance(self.value, str) else count_leads(self.value)


@dataclass(frozen=True)
class InForce:
    """The limit that decides, and every layer's limit: a mend has to move each of those that refuse."""

    limit: Limit
    layers: tuple[Limit, ...]


def most_matches(layers: GuardLayers) -> InForce:
    """How many leads may match."""
    default = Limit("max_matches", DEFAULT_MAX_MATCHES[layers.family], "default")
    return _lowest(_project(layers, "max_matches") or default, _spec(layers, "max_matches"))


def largest_share(layers: GuardLayers, of_leads: int) -> InForce | None:
    """How large a share of all leads may match; `None` where nobody says, and the organization is small."""
    outer, own = _project(layers, "max_percent"), _spec(layers, "max_percent")
    if outer is None and of_leads >= PERCENT_FROM_LEADS:
        outer = Limit("max_percent", DEFAULT_MAX_PERCENT[layers.family], "default")
    return _lowest_of(outer, own)


def fewest_matches(layers: GuardLayers) -> Limit:
    """How many leads must match: the highest number that is written, the default only where none is."""
    outer, own = _project(layers, "min_matches"), _spec(layers, "min_matches")
    if outer and own:
        return own if own.number > outer.number else outer
    return outer or own or Limit("min_matches", 0 if layers.has_schedule else 1, "default")


def largest_deviation(layers: GuardLayers) -> InForce | None:
    """How far the matches may be from those of earlier runs; `None` where nobody says."""
    return _lowest_of(_project(layers, "max_deviation"), _spec(layers, "max_deviation"))


def largest_drift(layers: GuardLayers, planned: int) -> InForce:
    """How far the matches may move from `planned` until apply; a share and a number are compared as leads."""
    outer = _project(layers, "max_drift") or Limit("max_drift", DEFAULT_MAX_DRIFT[layers.family], "default")
    own = _spec(layers, "max_drift")
    if own is None:
        return InForce(outer, (outer,))
    strictest = own if allowed_drift(planned, own) < allowed_drift(planned, outer) else outer
    return InForce(strictest, (outer, own))


def allowed_drift(planned: int, limit: Limit) -> Fraction:
    """How many leads that is, exactly."""
    return planned * limit.number / 100 if isinstance(limit.value, str) else limit.number


def sort_rule(layers: GuardLayers) -> Limit | None:
    """The layer that wants an order where a limit cuts leads off; `None` where none does."""
    outer = _project(layers, "require_sort_with_limit")
    if outer is None and DEFAULT_REQUIRE_SORT[layers.family]:
        outer = Limit("require_sort_with_limit", "true", "default")
    wanting = (limit for limit in (outer, _spec(layers, "require_sort_with_limit")) if limit and limit.value == "true")
    return next(wanting, None)


def _project(layers: GuardLayers, guard: GuardName) -> Limit | None:
    return _written(layers.project, guard, "project", layers)


def _spec(layers: GuardLayers, guard: GuardName) -> Limit | None:
    return _written(layers.spec, guard, "spec", layers)


def _written(guards: Guards, guard: GuardName, layer: Layer, layers: GuardLayers) -> Limit | None:
    sort = guards.require_sort_with_limit
    values: Mapping[GuardName, int | str | None] = {
        "max_matches": guards.max_matches,
        "max_percent": guards.max_percent,
        "min_matches": guards.min_matches,
        "max_drift": guards.max_drift,
        "max_deviation": guards.max_deviation,
        "require_sort_with_limit": None if sort is None else str(sort).lower(),
    }
    value = values[guard]
    return None if value is None else Limit(guard, value, layer, layers.places.get((layer, guard)))


def _lowest_of(outer: Limit | None, own: Limit | None) -> InForce | None:
    if outer is None:
        return InForce(own, (own,)) if own else None
    return _lowest(outer, own)


def _lowest(outer: Limit, own: Limit | None) -> InForce:
    if own is None:
        return InForce(outer, (outer,))
    return InForce(own if own.number < outer.number else outer, (outer, own))
