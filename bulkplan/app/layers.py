"""The guards that hold for one run, each with the place where it stands."""

from __future__ import annotations

from typing import get_args

from bulkplan.core.limits import GuardLayers, Layer
from bulkplan.errors import Location
from bulkplan.model.document import Workspace
from bulkplan.model.plan import GuardName
from bulkplan.model.request import Family
from bulkplan.model.run import WantedRun
from bulkplan.model.spec import Guards

GUARD_NAMES: tuple[GuardName, ...] = get_args(GuardName)


def guard_layers(workspace: Workspace, wanted: WantedRun, family: Family) -> GuardLayers:
    """The guards of the project for this family of actions and those of the spec, with their places."""
    by_family: dict[Family, Guards] = {
        "email": workspace.project.guards.email,
        "sequence": workspace.project.guards.sequence,
        "edit": workspace.project.guards.edit,
        "delete": workspace.project.guards.delete,
    }
    places: dict[tuple[Layer, GuardName], str] = {}
    document = workspace.project_document
    for guard in _set(by_family[family]):
        places |= _place("project", guard, document.locate(("guards", family, guard)) if document else None)
    for guard in _set(wanted.spec.guards):
        places |= _place("spec", guard, workspace.locate(wanted.source, ("guards", guard)))
    return GuardLayers(
        family=family,
        project=by_family[family],
        spec=wanted.spec.guards,
        has_schedule=wanted.spec.schedule is not None,
        has_sort=bool(wanted.spec.options.sort),
        places=places,
    )


def _set(guards: Guards) -> list[GuardName]:
    """The guards that say something: the places of the others would be looked for in vain."""
    return [guard for guard in GUARD_NAMES if getattr(guards, guard) is not None]


def _place(layer: Layer, guard: GuardName, at: Location | None) -> dict[tuple[Layer, GuardName], str]:
    return {(layer, guard): f"{at.file}:{at.line}"} if at else {}
