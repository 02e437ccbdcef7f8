"""Applying the rules: what they find, what may stand for a reason, and reasons that nothing needs any more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bulkplan.core.lint.names import slug_of
from bulkplan.core.lint.rule import Finding, Hit, Linted, Needs, Rule, World
from bulkplan.core.lint.table import BY_SLUG, RULES
from bulkplan.errors import Location, Problem
from bulkplan.model.document import Document
from bulkplan.model.project import Severity

_UNUSED = BY_SLUG["unused-ignore"]
_NEED_ORDER: tuple[Needs, ...] = ("files", "state", "close")


@dataclass(frozen=True)
class _Ignore:
    """One entry of `lint.ignore`: its key as written, the rule that it means, why."""

    document: Document
    key: str
    slug: str
    reason: str

    @property
    def place(self) -> tuple[str, int, str]:
        """Names it."""
        return self.document.file, self.document.index, self.key


def judge(world: World, *, rules: Collection[str] = ()) -> Linted:
    """
    Apply the rules to all that the world holds.

    Args:
        world: What to look at. Rules that need records or Close are skipped where there are none.
        rules: Slugs; only these are applied. None means all.
    """
    asked = [rule for rule in RULES if not rules or rule.slug in rules]
    skipped = frozenset(need for need in _NEED_ORDER if not _has(world, need))
    applied = [rule for rule in asked if rule.needs not in skipped]
    ignores = tuple(_ignores(world))
    severities = _severities(world)
    hits = [(rule, hit) for rule in applied for hit in _located(rule.check(world))]
    if _UNUSED in applied:
        used = {reason.place for rule, hit in hits if (reason := _reason(rule, hit, ignores))}
        unused = [each for each in ignores if each.place not in used and BY_SLUG[each.slug] in applied]
        hits += [(_UNUSED, hit) for hit in _located(_unused(each) for each in unused if each.slug != _UNUSED.slug)]
    found = [_finding(rule, hit, severities, _reason(rule, hit, ignores)) for rule, hit in hits]
    listed = sorted(dict.fromkeys(found), key=_order)
    return Linted(
        tuple(finding for finding in listed if finding.ignored is None),
        tuple(finding for finding in listed if finding.ignored is not None),
        frozenset(rule.needs for rule in asked if rule.needs in skipped),
    )


def _has(world: World, need: Needs) -> bool:
    return {"files": True, "state": world.records is not None, "close": world.close is not None}[need]


def _located(hits: Iterator[Hit]) -> Iterator[Hit]:
    for hit in hits:
        yield replace(hit, problem=hit.document.located(hit.problem)) if hit.document else hit


def _reason(rule: Rule, hit: Hit, ignores: Sequence[_Ignore]) -> _Ignore | None:
    """Why a finding may stand: what its own document says, else what the project says."""
    mine = [each for each in ignores if each.slug == rule.slug]
    own = (each for each in mine if each.document is hit.document)
    return next(own, next((each for each in mine if not _is_spec(each.document)), None))


def _finding(rule: Rule, hit: Hit, severities: Mapping[str, Severity], reason: _Ignore | None) -> Finding:
    return Finding(
        rule,
        severities.get(rule.slug, rule.severity),
        replace(hit.problem, path=()),
        "/".join(map(str, hit.problem.path)),
        _name(hit.document),
        reason.reason if reason else None,
    )


def _unused(ignore: _Ignore) -> Hit:
    message = f"{ignore.slug} finds nothing here, so there is nothing to ignore"
    return Hit(ignore.document, Problem(message, "delete this line", ("lint", "ignore", ignore.key), on_key=True))


def _ignores(world: World) -> Iterator[_Ignore]:
    project = world.workspace.project_document
    documents = [view.document for view in world.specs] + ([project] if project else [])
    for document in documents:
        for key, reason in _mapping(_mapping(document.data).get("lint"), "ignore").items():
            slug = slug_of(key)
            if slug is not None:
                yield _Ignore(document, key, slug, str(reason))


def _severities(world: World) -> dict[str, Severity]:
    chosen = world.workspace.project.lint.severity.items()
    return {slug: severity for key, severity in chosen if (slug := slug_of(key)) is not None}


def _mapping(value: JsonValue, key: str | None = None) -> dict[str, JsonValue]:
    inner = value.get(key) if isinstance(value, dict) and key is not None else value
    return inner if isinstance(inner, dict) else {}


def _is_spec(document: Document) -> bool:
    return "name" in _mapping(document.data)


def _name(document: Document | None) -> str | None:
    name = _mapping(document.data).get("name") if document else None
    return name if isinstance(name, str) else None


def _order(finding: Finding) -> tuple[bool, str, int, int, str, str]:
    at: Location | None = finding.problem.at
    place = (at.file, at.line, at.column) if at else ("", 0, 0)
    return (at is None, *place, finding.rule.id, finding.problem.message)
