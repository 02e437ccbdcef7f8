"""A run wanted: one spec at one version, expanded for one variant and one period."""

from __future__ import annotations

import re
from typing import NamedTuple

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bulkplan.model.base import Value
from bulkplan.model.spec import Spec

_KEY = re.compile(
    r"(?P<name>[a-z0-9-]+)(?:\[(?P<variant>[^\[\]]+)\])?@(?P<version>[0-9]+)(?:\+(?P<period>[0-9A-Za-z-]+))?"
)


class RunKey(NamedTuple):
    """
    Names one run: `name@version`, with the variant and the period where there is one.

    Written `winback[EMEA]@3+2026-W47`: variant in brackets, period after a plus sign. In JSON it is that text.
    """

    name: str
    version: int
    variant: str | None = None
    period: str | None = None

    @property
    def full_name(self) -> str:
        """The spec's name with its variant: what people call the run."""
        return f"{self.name}[{self.variant}]" if self.variant else self.name

    def __str__(self) -> str:
        name, version, variant, period = self
        full_name = f"{name}[{variant}]" if variant else name
        return f"{full_name}@{version}+{period}" if period else f"{full_name}@{version}"

    @classmethod
    def parse(cls, text: str) -> RunKey:
        """The key that `text` writes. Raises `ValueError`."""
        match = _KEY.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no run key; write name@version, e.g. win-back@2")
        name, version, variant, period = match.group("name", "version", "variant", "period")
        return cls(name, int(version), variant, period)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Text in JSON, `RunKey` in Python."""
        from_text = core_schema.no_info_after_validator_function(cls.parse, core_schema.str_schema())
        return core_schema.json_or_python_schema(
            json_schema=from_text,
            python_schema=core_schema.union_schema([core_schema.is_instance_schema(cls), from_text]),
            serialization=core_schema.to_string_ser_schema(),
        )


class FragmentSource(Value):
    """A fragment that a spec uses, also through others: its name, its file (POSIX form), and its digest as read."""

    name: str
    file: str
    digest: str


class SpecSource(Value):
    """Where a spec stands: the file below the project (POSIX form), its document (from 0), its line (from 1)."""

    file: str
    document: int = 0
    line: int = 1
    digest: str
    """`sha256:…` over the document's content as read (not over its layout)."""
    fragments: tuple[FragmentSource, ...] = ()
    """What it takes from `filters/`, by name."""


class WantedRun(Value):
    """A run that the specs ask for. `fingerprint` names the meaning of filter, action and options (`v1:…`)."""

    key: RunKey
    spec: Spec
    source: SpecSource
    fingerprint: str
