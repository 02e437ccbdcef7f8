"""What is wrong with a project file, and what it should be warned about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import JsonValue

from bulkplan.core.checks import guard_problems
from bulkplan.core.lint.settings import find_lint_problems
from bulkplan.core.loopback import is_loopback
from bulkplan.core.near import did_you_mean, join_words
from bulkplan.core.periods import find_timezone, timezone_hint
from bulkplan.core.spec_problems import load_model
from bulkplan.core.spec_rules import find_empty_keys, find_where_problems
from bulkplan.core.spec_words import shorten
from bulkplan.core.template import Filler, Scope, holds_expression
from bulkplan.errors import Path, Problem
from bulkplan.model.document import Document
from bulkplan.model.project import DEFAULT_BASE_URL, DEFAULT_SENDER, Project

_STATE = re.compile(r"local|git(\+[^-\s]\S*)?|s3://[^/\s]+(/\S*)?|postgres(ql)?://\S+")
_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
_USER_AND_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@|[?&]password=")

_MAY_HOLD_SECRETS = frozenset({"api_key_env", "base_url", "state"})
_LIKE_A_KEY = re.compile(r"\bapi_(?!key_env\b)[\w.]{12,}")
"""Source: Close API, Authentication."""


def load_project_document(document: Document) -> tuple[Project, tuple[Problem, ...]]:
    """
    The project that a document describes, and its problems, located; with any problem the project is the default.

    Where fragments stand in the document, what they say in `suppress` is filled in with the project's own vars.
    """
    filler = Filler(document)
    data = _filled(document, filler)
    loaded = load_model(Project, data)
    echoes = filler.unfilled
    problems = [problem for problem in loaded if problem.path not in echoes] if isinstance(loaded, tuple) else []
    problems += filler.problems
    if isinstance(data, dict):
        if "schema" not in data:
            hint = "begin the file with: schema: bulkplan/project/v1"
            problems.append(Problem("schema is missing: the version of the format", hint))
        problems += find_empty_keys(data)
        problems += find_where_problems(data.get("suppress"), ("suppress",))
        problems += _expressions(document)
        problems += find_lint_problems(data.get("lint"))
        problems += _default_target(data)
        problems += _all_targets(data.get("targets"))
        problems += _senders(data.get("senders"))
        guards = data.get("guards")
        for family, limits in guards.items() if isinstance(guards, dict) else ():
            problems += guard_problems(limits, ("guards", family), may_forbid=True)
    located = _distinct([_discreet(document.located(problem)) for problem in problems])
    return (loaded if isinstance(loaded, Project) and not located else Project()), located


def warn_of_project(document: Document, project: Project) -> tuple[Problem, ...]:
    """What the project file should say and does not, and what should not stand in it."""
    problems = [*_missing_project_id(project), *_written_passwords(project)]
    return tuple(_discreet(document.located(problem)) for problem in problems)


def _missing_project_id(project: Project) -> Iterator[Problem]:
    if project.project_id is None and not all(target.sandbox for target in project.targets.values()):
        message = "project_id is missing: it tells the bulk actions of this project from those of others"
        hint = 'make one with: openssl rand -hex 8; then add a line such as: project_id: "7f3c0c1e2b9d4a60"'
        yield Problem(message, hint)


def _written_passwords(project: Project) -> Iterator[Problem]:
    for name, target in project.targets.items():
        if _USER_AND_PASSWORD.search(target.state):
            message = f"the state of target {name} holds a password, which everybody who sees this file can read"
            hint = "take it out, and put it into PGPASSWORD or ~/.pgpass"
            yield Problem(message, hint, ("targets", name, "state"))


def _discreet(problem: Problem) -> Problem:
    """Without the line of the file, where a key or a password may stand by mistake: it would end in the logs of CI."""
    if problem.at is None:
        return problem
    may_hold_one = bool(problem.path) and problem.path[-1] in _MAY_HOLD_SECRETS
    if not may_hold_one and not _LIKE_A_KEY.search(problem.at.source or ""):
        return problem
    return problem.located(replace(problem.at, source=None))


def _distinct(problems: list[Problem]) -> tuple[Problem, ...]:
    found: dict[tuple[object, str], Problem] = {}
    for problem in problems:
        found.setdefault((problem.at, problem.message), problem)
    return tuple(found.values())


def _filled(document: Document, filler: Filler) -> JsonValue:
    """The document's data with the expressions of its fragments filled in; it can have none of its own."""
    data = document.data
    if not isinstance(data, dict) or not document.uses or holds_expression(_without_fragments(document, "suppress")):
        return data
    own = data.get("vars")
    scope = Scope(own if isinstance(own, dict) else {})
    return {**data, "suppress": filler.fill_value(data["suppress"], ("suppress",), scope)}


def _without_fragments(document: Document, key: str) -> JsonValue:
    """What the file itself says below a key."""

    def own(value: JsonValue, path: Path) -> JsonValue:
        if isinstance(value, list):
            return [own(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            left_out = "where" if path in document.uses else None
            return {key: own(item, (*path, key)) for key, item in value.items() if key != left_out}
        return value

    return own(document.data.get(key) if isinstance(document.data, dict) else None, (key,))


def _expressions(document: Document) -> Iterator[Problem]:
    for key in document.data if isinstance(document.data, dict) else ():
        if holds_expression(_without_fragments(document, key)):
            hint = "expressions stand in specs and fragments only; write the value itself"
            yield Problem(f"{key} holds an expression", hint, (key,), on_key=True)


def _default_target(data: dict[str, JsonValue]) -> Iterator[Problem]:
    targets = data.get("targets", {"sandbox": None})
    name = data.get("default_target", "sandbox")
    if not isinstance(targets, dict) or not isinstance(name, str) or name in targets:
        return
    if not targets:
        yield Problem("targets is empty", "add one: targets: {sandbox: {sandbox: {}}}", ("targets",), on_key=True)
    elif "default_target" in data:
        guess = did_you_mean(name, targets, 1) or f"there are {join_words(targets)}"
        yield Problem(f'there is no target "{shorten(name)}"', guess, ("default_target",))
    else:
        hint = f"add a line such as: default_target: {next(iter(targets))}"
        message = "default_target is missing: there is no target named sandbox to fall back to"
        yield Problem(message, hint, ("targets",), on_key=True)


def _all_targets(targets: JsonValue) -> Iterator[Problem]:
    for name, target in targets.items() if isinstance(targets, dict) else ():
        if isinstance(target, dict):
            yield from _target(name, target, ("targets", name))


def _target(name: str, target: dict[str, JsonValue], path: Path) -> Iterator[Problem]:
    if "sandbox" in target:
        for key in ("organization_id", "api_key_env", "base_url"):
            if key in target:
                message = f"target {name} is a sandbox, so it has no {key}"
                yield Problem(message, "delete this line, or the line sandbox", (*path, key), on_key=True)
    else:
        yield from _real_target(name, target, path)
    yield from _state(target.get("state"), (*path, "state"))
    zone = target.get("timezone")
    if isinstance(zone, str) and find_timezone(zone) is None:
        yield Problem(f'there is no timezone "{shorten(zone)}"', timezone_hint(zone), (*path, "timezone"))


def _real_target(name: str, target: dict[str, JsonValue], path: Path) -> Iterator[Problem]:
    if "api_key_env" not in target:
        message = f"target {name} is neither a sandbox nor says where its API key is"
        hint = "add api_key_env: CLOSE_API_KEY (the name of a variable, never the key), or sandbox: {}"
        yield Problem(message, hint, path, on_key=True)
    variable = target.get("api_key_env")
    if isinstance(variable, str) and variable.startswith("api_"):
        hint = "make a new key, as this one has been written down; then name a variable: api_key_env: CLOSE_API_KEY"
        yield Problem("api_key_env holds what looks like the key itself", hint, (*path, "api_key_env"))
    base_url = target.get("base_url", DEFAULT_BASE_URL)
    if not isinstance(base_url, str):
        return
    fault = base_url_fault(base_url)
    if fault is not None:
        yield Problem(*fault, (*path, "base_url"))
    elif "organization_id" not in target and not _is_loopback_url(base_url):
        message = f"organization_id is missing in target {name}: it is compared with the key's organization"
        hint = "copy it from Close (Settings, Organization): organization_id: orga_…"
        yield Problem(message, hint, path, on_key=True)


def _senders(senders: JsonValue) -> Iterator[Problem]:
    """Keys that are no address, and addresses that stand twice: only their case differs."""
    seen: dict[str, str] = {}
    for key in senders if isinstance(senders, dict) else ():
        path: Path = ("senders", key)
        if key != DEFAULT_SENDER and not _ADDRESS.fullmatch(key):
            hint = f"write the bare address, such as dana@example.com, or {DEFAULT_SENDER} for all others"
            yield Problem(f'"{shorten(key)}" is no e-mail address', hint, path, on_key=True)
        elif (other := seen.setdefault(key.casefold(), key)) != key:
            hint = "case does not count in addresses; delete one of the two"
            yield Problem(
                f"{shorten(key)} stands here twice, the other time as {shorten(other)}", hint, path, on_key=True
            )


def base_url_fault(base_url: str) -> tuple[str, str] | None:
    """What is wrong with the address of a target, and how to mend it; `None` when nothing is."""
    hint = f"write {DEFAULT_BASE_URL}, or delete the line"
    try:
        parts = urlsplit(base_url)
        host, has_port = parts.hostname, parts.port is not None
    except ValueError:
        return "base_url is not an address", hint
    if parts.scheme not in {"https", "http"} or not host or (has_port and parts.port == 0):
        return "base_url is not an address", hint
    if parts.username is not None or parts.password is not None:
        return "base_url holds a user name or password", "the API key comes from the variable of api_key_env alone"
    if parts.query or parts.fragment or "?" in base_url or "#" in base_url:
        return "base_url ends in a query (?…) or a fragment (#…)", "write scheme, host and path only"
    if parts.scheme == "http" and not is_loopback(host):
        return "base_url would send the API key unencrypted", "write https; http is for this machine only (localhost)"
    return None


def _is_loopback_url(base_url: str) -> bool:
    return is_loopback(urlsplit(base_url).hostname or "")


def _state(state: JsonValue, path: Path) -> Iterator[Problem]:
    if isinstance(state, str) and (fault := state_fault(state)) is not None:
        yield Problem(*fault, path)


def state_fault(state: str) -> tuple[str, str] | None:
    """What is wrong with the address of a state store, and how to mend it; `None` when nothing is. Quotes no secret."""
    hint = "write local, git, git+REMOTE, s3://bucket/path or postgresql://host/database"
    kind = re.split(r"[:+]", state, maxsplit=1)[0]
    if not _STATE.fullmatch(state):
        return f'no state store is named "{shorten(kind)}"', hint
    if kind == "git" and "::" in state:
        return (
            "state names a program for git to run",
            "name a remote (git+upstream) or an address (git+ssh://git@host/x)",
        )
    if kind == "git" and _USER_AND_PASSWORD.search(state):
        return "state holds a password", "name a remote of the repository instead: git+REMOTE"
    if kind == "s3" and re.search(r"[@?#]", state):
        return "state holds more than a bucket and a path", "key, region and endpoint come from the AWS_* variables"
    return None
