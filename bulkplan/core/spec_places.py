"""Which model and which field stand at a place of a spec or project file, and where an error of pydantic belongs."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from bulkplan.errors import Path
from bulkplan.model.where import FieldCondition, where_tag


class Place(NamedTuple):
    """A place in a document: its path, the data there, the model of a mapping, the field that it is the value of."""

    path: Path
    data: JsonValue
    model: type[BaseModel] | None = None
    field: FieldInfo | None = None
    annotation: object = None
    is_chosen: bool = False
    """Whether the model was chosen among several by the data: pydantic then has the tag as a step of its own."""

    @property
    def key(self) -> str:
        """The last key on the path; of an item of a list, the key of the list."""
        return next((step for step in reversed(self.path) if isinstance(step, str)), "")

    @property
    def name(self) -> str:
        """What to call it in a message: its key, or `item 2 of all`."""
        last = self.path[-1] if self.path else ""
        return f"item {last + 1} of {self.key}" if isinstance(last, int) else last


def root_place(model: type[BaseModel], data: JsonValue) -> Place:
    """The root of a document."""
    return Place((), data, model, None, model)


def fields_by_key(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    """The fields of a model by the keys that a file spells."""
    model.model_rebuild()  # nothing, once it is built: until then the annotations of recursive models are mere names
    return {field.alias or name: field for name, field in model.model_fields.items()}


def find_place(root: Place, loc: tuple[str | int, ...]) -> Place:
    """
    The place that `loc` of a pydantic error means.

    Steps that name a member of a union are no keys of the file: behind a chosen model one step is its tag, and any
    other step that the data does not have is left out.
    """
    place = root
    steps = list(loc)
    if place.is_chosen and steps:
        steps.pop(0)
    while steps:
        step = steps.pop(0)
        below = step_down(place, step)
        if below is None:
            below = _absent_key(place, step) if not steps else None
        if below is None:
            continue
        place = below
        if place.is_chosen and steps:
            steps.pop(0)
    return place


def step_down(place: Place, step: str | int) -> Place | None:
    """One key or index down; `None` when the data has no such step."""
    data = place.data
    if isinstance(data, dict) and isinstance(step, str) and step in data:
        field = fields_by_key(place.model).get(step) if place.model else None
        inner = field.annotation if field else _item_annotation(place.annotation)
        return _place((*place.path, step), data[step], field, inner)
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        return _place((*place.path, step), data[step], place.field, _item_annotation(place.annotation))
    return None


def literals(annotation: object) -> tuple[str, ...]:
    """The words that a field may have, where only some are allowed."""
    inner = _members(annotation)
    return tuple(str(word) for member in inner if get_origin(member) is Literal for word in get_args(member))


def models_in(annotation: object) -> tuple[type[BaseModel], ...]:
    """The models among the members of an annotation."""
    return tuple(
        member for member in _members(annotation) if isinstance(member, type) and issubclass(member, BaseModel)
    )


def _absent_key(place: Place, step: str | int) -> Place | None:
    """A key that the file lacks, but the model has: where `missing` is reported."""
    field = fields_by_key(place.model).get(step) if place.model and isinstance(step, str) else None
    return Place((*place.path, step), None, None, field, field.annotation) if field else None


def _place(path: Path, data: JsonValue, field: FieldInfo | None, annotation: object) -> Place:
    models = models_in(annotation)
    if len(models) <= 1:
        return Place(path, data, models[0] if models else None, field, annotation)
    return Place(path, data, _chosen(models, data), field, annotation, is_chosen=True)


def _chosen(models: tuple[type[BaseModel], ...], data: JsonValue) -> type[BaseModel] | None:
    if not isinstance(data, dict):
        return None
    if FieldCondition in models:
        tag = where_tag(data)
        return next((model for model in models if tag in fields_by_key(model)), None) if tag else None
    return next(
        (model for model in models if data.get("type") in literals(model.model_fields["type"].annotation)), None
    )


def _members(annotation: object) -> tuple[object, ...]:
    """The members of a union, without None and without the wrapping of `Annotated`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return tuple(inner for member in get_args(annotation) for inner in _members(member))
    return () if annotation is NoneType else (annotation,)


def _item_annotation(annotation: object) -> object:
    """What the items of a list, or the values of a free mapping, are."""
    for member in _members(annotation):
        arguments = get_args(member)
        if get_origin(member) is tuple and arguments:
            return arguments[0]
        if get_origin(member) is dict and len(arguments) == 2:
            return arguments[1]
    return None
