"""Rules on limits: what stops a run that grew beyond what anybody meant."""

from __future__ import annotations

from collections.abc import Iterator

from bulkplan.core.checks import warn_of_guards
from bulkplan.core.limits import DEFAULT_MAX_MATCHES
from bulkplan.core.lint.rule import Example, Hit, Rule, World, each_spec
from bulkplan.errors import Path, Problem
from bulkplan.model.project import Project
from bulkplan.model.request import FAMILY_BY_KIND, KIND_BY_ACTION, Family
from bulkplan.model.spec import Delete, Guards, Spec


def family_of(spec: Spec) -> Family:
    """The family of actions whose guards hold for a spec."""
    return FAMILY_BY_KIND[KIND_BY_ACTION[spec.action.type]]


def project_guards(project: Project, family: Family) -> Guards:
    """The project's limits for a family."""
    by_family: dict[Family, Guards] = {
        "email": project.guards.email,
        "sequence": project.guards.sequence,
        "edit": project.guards.edit,
        "delete": project.guards.delete,
    }
    return by_family[family]


def _guards_path(data: object) -> tuple[Path, bool]:
    """Where to tell of a missing limit: at `guards`, or at the name of a spec that has none."""
    has_guards = isinstance(data, dict) and "guards" in data
    return (("guards",), True) if has_guards else (("name",), False)


def _no_ceiling(world: World) -> Iterator[Hit]:
    for view in world.specs:
        spec = view.spec
        family = family_of(spec)
        outer = project_guards(world.workspace.project, family).max_matches
        if spec.guards.max_matches is None and outer is None and not isinstance(spec.action, Delete):
            path, on_key = _guards_path(view.document.data)
            message = f"no ceiling of its own: only the default of {DEFAULT_MAX_MATCHES[family]:,} leads holds"
            hint = f"add guards: {{max_matches: …}}, or guards.{family}.max_matches in bulkplan.yaml"
            yield Hit(view.document, Problem(message, hint, path, on_key))


def _delete_without(world: World) -> Iterator[Hit]:
    for view in world.specs:
        if isinstance(view.spec.action, Delete) and view.spec.guards.max_matches is None:
            path, on_key = _guards_path(view.document.data)
            hint = "add a line such as: guards: {max_matches: 40}, the most leads that this delete may take"
            yield Hit(view.document, Problem("a delete that sets no max_matches of its own", hint, path, on_key))


def _looser(world: World) -> Iterator[Hit]:
    documents = {(view.document.file, view.document.index): view.document for view in world.specs}
    for view in world.specs:
        for problem in warn_of_guards(view.runs, documents, world.workspace.project):
            yield Hit(view.document, problem)


def _scheduled(spec: Spec) -> Iterator[Problem]:
    if spec.schedule is not None and spec.guards.min_matches is None:
        message = "with a schedule, a run that matches no lead passes: a filter that broke is never noticed"
        hint = "add guards: {min_matches: 1}, or min_matches: 0 to say that none is fine"
        yield Problem(message, hint, ("schedule",), on_key=True)


def _limit_without_sort(spec: Spec) -> Iterator[Problem]:
    if spec.options.results_limit is not None and not spec.options.sort:
        message = f"takes {spec.options.results_limit:,} leads of those that match, and does not say which"
        hint = "add sort beside it, such as: sort: [-date_created]"
        yield Problem(message, hint, ("options", "results_limit"), on_key=True)


RULES = (
    Rule(
        "BP101",
        "warning",
        "neither the spec nor the project sets max_matches",
        "A ceiling of one's own says how many leads were meant. Without it a filter that takes too much is stopped "
        "only by the default, which knows nothing of this spec.",
        Example("name: tidy  # no-ceiling\n", without=("guards",)),
        Example("name: tidy\nguards: {max_matches: 200}\n"),
        _no_ceiling,
    ),
    Rule(
        "BP102",
        "error",
        "a delete sets no max_matches of its own",
        "Deleted leads do not come back, with their contacts, opportunities and activities. The most that a delete may "
        "take belongs beside its filter, where both are reviewed together.",
        Example("name: purge  # delete-without-max-matches\naction: {type: delete}\n", without=("guards",)),
        Example("name: purge\naction: {type: delete}\nguards: {max_matches: 40}\n"),
        _delete_without,
    ),
    Rule(
        "BP103",
        "warning",
        "a guard is looser than the project's, so it has no effect",
        "The strictest layer wins. A looser line in the spec reads as if it allowed something, and allows nothing.",
        Example("guards: {max_matches: 900}  # guard-without-effect\n", "guards: {edit: {max_matches: 500}}\n"),
        Example("guards: {max_matches: 100}\n", "guards: {edit: {max_matches: 500}}\n"),
        _looser,
    ),
    Rule(
        "BP104",
        "note",
        "a scheduled spec does not say whether a run without leads is fine",
        "With a schedule min_matches is 0 unless set. When a status is renamed in Close, every run from then on "
        "matches nothing, and succeeds.",
        Example("schedule: {every: week}  # scheduled-without-min-matches\n"),
        Example("schedule: {every: week}\nguards: {max_matches: 200, min_matches: 0}\n"),
        each_spec(_scheduled),
    ),
    Rule(
        "BP105",
        "warning",
        "results_limit stands without sort",
        "A limit takes the first leads of an order. Without sort nobody who reviews the spec knows which these are.",
        Example("options:\n  results_limit: 50  # limit-without-sort\n"),
        Example("options:\n  results_limit: 50\n  sort: [-date_created]\n"),
        each_spec(_limit_without_sort),
    ),
)
