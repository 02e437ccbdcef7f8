"""Rules on the project file: what protects every spec."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import JsonValue

from bulkplan.core.lint.limits import family_of
from bulkplan.core.lint.order import uses_var
from bulkplan.core.lint.rule import Example, Hit, Rule, World
from bulkplan.core.loopback import is_loopback
from bulkplan.core.render import SUPPRESSED_FAMILIES
from bulkplan.errors import Problem
from bulkplan.model.project import ALLOW_VARIABLE, DEFAULT_BASE_URL, Target

_CLOSE_HOST = urlsplit(DEFAULT_BASE_URL).hostname


def real_targets(world: World) -> Iterator[tuple[str, Target]]:
    """The targets that are a Close account: neither an embedded sandbox nor a server on this machine."""
    for name, target in world.workspace.project.targets.items():
        if target.sandbox is None and not is_loopback(urlsplit(target.base_url).hostname or ""):
            yield name, target


def _at_project(world: World, problem: Problem) -> Hit:
    return Hit(world.workspace.project_document, problem)


def _no_project_id(world: World) -> Iterator[Hit]:
    if world.workspace.project.project_id is None and any(real_targets(world)):
        message = "no project_id: the bulk actions of this project cannot be told from those of others"
        hint = 'add a line such as: project_id: "7f3c0c1e2b9d4a60" (make one with: openssl rand -hex 8)'
        yield _at_project(world, Problem(message, hint, ("targets",), on_key=True))


def _no_suppression(world: World) -> Iterator[Hit]:
    reaching = [view for view in world.specs if family_of(view.spec) in SUPPRESSED_FAMILIES]
    if reaching and world.workspace.project.suppress is None:
        first = reaching[0]
        more = f" (nor from {len(reaching) - 1} more)" if len(reaching) > 1 else ""
        what = {"email": "e-mail", "sequence": "sequence"}[family_of(first.spec)]
        message = f"the project leaves nobody out of this {what} run{more}"
        hint = "add to bulkplan.yaml: suppress: {any: [{field: custom.Do Not Contact, is: true}]}"
        yield Hit(first.document, Problem(message, hint, ("action", "type")))


def _unreviewed(world: World) -> Iterator[Hit]:
    for name, _ in real_targets(world):
        if not world.workspace.project.require_saved_plan:
            message = f"apply runs on {name} without a saved plan: what ran need not be what was reviewed"
            hint = "add a line: require_saved_plan: true"
            yield _at_project(world, Problem(message, hint, ("targets", name), on_key=True))


def _local_state(world: World) -> Iterator[Hit]:
    for name, target in real_targets(world):
        if target.state == "local":
            message = f"what ran on {name} is known to one machine only: a second one would run it again"
            hint = "share it: state: git, s3://bucket/path or postgresql://host/database"
            yield _at_project(world, Problem(message, hint, ("targets", name), on_key=True))


def _foreign_url(world: World) -> Iterator[Hit]:
    for name, target in real_targets(world):
        host = urlsplit(target.base_url).hostname
        if host != _CLOSE_HOST:
            message = f"the API key of {name} and the names of its leads go to {host}, which is not Close"
            hint = f"delete the line for Close itself ({DEFAULT_BASE_URL}); else the key needs {ALLOW_VARIABLE}={host}"
            yield _at_project(world, Problem(message, hint, ("targets", name, "base_url")))


def _unused_vars(world: World) -> Iterator[Hit]:
    for name in world.workspace.project.vars:
        documents = [view.document.data for view in world.specs]
        if world.specs and not any(uses_var(data, name) for data in (*documents, _suppress(world))):
            problem = Problem(f"no spec uses vars.{name}", "delete it, or use it", ("vars", name), on_key=True)
            yield _at_project(world, problem)


def _suppress(world: World) -> JsonValue:
    """What is left out, with its fragments: these are filled in with the project's vars."""
    document = world.workspace.project_document
    return document.data.get("suppress") if document and isinstance(document.data, dict) else None


_GOOD_TARGET = "organization_id: orga_1, api_key_env: CLOSE_API_KEY, state: git"
_REAL = f"  production: {{{_GOOD_TARGET}}}\n"
_REVIEWED = "require_saved_plan: true\n"

RULES = (
    Rule(
        "BP501",
        "warning",
        "a project with a Close account has no project_id",
        "It is part of the marker by which a run is found again when its answer was lost. Two projects without one can "
        "take each other's runs for their own.",
        Example(project=f"targets:  # missing-project-id\n{_REAL}{_REVIEWED}", without=("project_id",)),
        Example(project=f'project_id: "7f3c0c1e2b9d4a60"\ntargets:\n{_REAL}{_REVIEWED}'),
        _no_project_id,
    ),
    Rule(
        "BP502",
        "warning",
        "there are e-mails or sequences, and the project has no suppress",
        "Whoever asked not to be written to must be left out of every run, not only of those whose author remembered.",
        Example(
            "action:\n  type: email  # no-suppression\n  template: News\n  sender: dana@example.com\n"
            "filter: {where: {field: last_communication_date, before: 30 days ago}}\n",
            without=("suppress",),
        ),
        Example(
            "action: {type: email, template: News, sender: dana@example.com}\n"
            "filter: {where: {field: last_communication_date, before: 30 days ago}}\n",
            "suppress: {any: [{field: custom.Do Not Contact, is: true}]}\n",
        ),
        _no_suppression,
    ),
    Rule(
        "BP503",
        "warning",
        "a Close account can be acted on without a saved plan",
        "With require_saved_plan, production runs only what was saved, reviewed, and has not moved since.",
        Example(project=f"targets:\n  production: {{{_GOOD_TARGET}}}  # unreviewed-target\n"),
        Example(project=f"targets:\n{_REAL}{_REVIEWED}"),
        _unreviewed,
    ),
    Rule(
        "BP504",
        "warning",
        "the state of a Close account is a file on one machine",
        "The state says what ran. A colleague or a CI job with a state of its own knows nothing of it, and runs it "
        "again.",
        Example(
            project=f"{_REVIEWED}targets:\n"
            "  production: {organization_id: orga_1, api_key_env: CLOSE_API_KEY}  # local-state\n"
        ),
        Example(project=f"{_REVIEWED}targets:\n{_REAL}"),
        _local_state,
    ),
    Rule(
        "BP505",
        "warning",
        "base_url names another host than Close",
        "Every request carries the API key, and every answer the names of leads. A proxy may be meant; a slip of the "
        "pen gives both away. No key is sent there unless the variable BULKPLAN_ALLOW_HOST names the host.",
        Example(
            project=f"{_REVIEWED}targets:\n  production:\n    organization_id: orga_1\n"
            "    api_key_env: CLOSE_API_KEY\n    state: git\n"
            "    base_url: https://api.close.example/api/v1  # foreign-base-url\n"
        ),
        Example(project=f"{_REVIEWED}targets:\n{_REAL}"),
        _foreign_url,
    ),
    Rule(
        "BP506",
        "warning",
        "no spec uses a value of the project's vars",
        "It reads as if it did something: whoever changes it thinks that the specs follow.",
        Example("name: tidy\n", "vars:\n  quiet_days: 90  # unused-project-vars\n"),
        Example(
            'filter: {where: {field: last_communication_date, before: "{{ vars.quiet_days }} days ago"}}\n',
            "vars:\n  quiet_days: 90\n",
        ),
        _unused_vars,
    ),
)
