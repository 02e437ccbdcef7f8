"""What the project file of a new project says, from the little that was asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bulkplan.core.project_checks import state_fault

_ORGANIZATION = re.compile(r"orga_[A-Za-z0-9]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TARGET = re.compile(r"[A-Za-z0-9_-]+")
_WORD = re.compile(r"(?!(true|false|null|yes|no|on|off|y|n)$)[A-Za-z][A-Za-z0-9_-]*", re.IGNORECASE)
STATES = ("git", "git+REMOTE", "local", "s3://bucket/prefix", "postgresql://host/database")


@dataclass(frozen=True)
class FirstTarget:
    """The organization that a project is for; without its ID the target is written as a comment."""

    name: str = "production"
    organization_id: str | None = None
    api_key_env: str = "CLOSE_API_KEY"
    state: str = "git"
    timezone: str = "UTC"


def why_unfit(key: str, value: str) -> str | None:
    """Why an answer cannot stand in the project file; `None` when it can. Time zones are judged elsewhere."""
    if key == "organization_id" and not _ORGANIZATION.fullmatch(value):
        return "an organization ID begins with orga_; Close shows it under Settings, or GET /me/ does"
    if key == "api_key_env" and not _VARIABLE.fullmatch(value):
        return "that is no name of an environment variable; the key itself never stands in a file"
    if key == "name" and (not _TARGET.fullmatch(value) or value == "sandbox"):
        return "a target has a name of letters, digits, dashes and underscores, other than sandbox"
    if key == "state" and (fault := state_fault(value)) is not None:
        return "; ".join(fault)
    return None


def target_lines(target: FirstTarget) -> str:
    """The lines of the target, as they stand below `targets:`."""
    lines = [
        f"{target.name}:",
        f"  organization_id: {target.organization_id or 'orga_…'}  # checked before anything else",
        f"  api_key_env: {target.api_key_env}  # the key itself never stands in a file",
        f"  state: {target.state}  # what ran, shared by all who apply",
        f"  timezone: {target.timezone}",
    ]
    if target.organization_id is not None:
        return "\n".join(f"  {line}" for line in lines)
    return "\n".join(f"  # {line}" for line in ["Your own organization:", *lines])


def caller_text(text: str, *, target: str, folder: str) -> str:
    """
    The workflow that calls the others, for this target; `folder` is the project's in its repository, or empty.

    A name that YAML might read as something else is quoted.
    """
    written = target if _WORD.fullmatch(target) else f'"{target}"'
    lines = [f"target: {written}", *([f"directory: {folder}"] if folder else [])]
    text = re.sub(r"^( +)target: production$", lambda found: found[1] + f"\n{found[1]}".join(lines), text, flags=re.M)
    return re.sub(r"^( +)environment: production$", rf"\1environment: {written}", text, flags=re.M)


def filled(text: str, answers: Mapping[str, str]) -> str:
    """A text of the scaffold with what was asked in the place of `@NAME@`."""
    for name, value in answers.items():
        text = text.replace(f"@{name}@", value)
    return text
