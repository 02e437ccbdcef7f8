"""Which adapters a command works with: project, target, its Close, its store. The only place that picks them."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from bulkplan.adapters.clock import SystemClock
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.progress import Progress, progress
from bulkplan.cli.provenance import provenance
from bulkplan.errors import BulkplanError, NotAuthorizedError, UsageError
from bulkplan.model.project import ALLOW_VARIABLE, Project, SandboxSize, Target
from bulkplan.model.store import Provenance
from bulkplan.ports import Clock, Store

if TYPE_CHECKING:  # commands that open no connection must not load the HTTP client
    from bulkplan.adapters.close_connection import Connection
    from bulkplan.app.interrupting import Interrupt
    from bulkplan.app.performer import Edges
    from bulkplan.core.records import ApplyContext
    from bulkplan.sandbox.server import Sandbox

TARGET_VARIABLE = "BULKPLAN_TARGET"
DEFAULT_KEY_VARIABLE = "CLOSE_API_KEY"
_SANDBOX_URL = "https://sandbox.invalid/api/v1"
"""Never looked up: the sandbox answers in process."""


@dataclass(frozen=True)
class Place:
    """Where a command works. `root` is the folder of the project."""

    root: Path
    project: Project
    target_name: str
    target: Target
    clock: Clock
    environ: Mapping[str, str]

    @property
    def is_sandbox(self) -> bool:
        """Whether the target is an embedded sandbox."""
        return self.target.sandbox is not None

    @property
    def world_file(self) -> Path:
        """The leads of a sandbox target."""
        return self.root / ".bulkplan" / "sandbox" / f"{quote(self.target_name, safe='')}.db"

    @property
    def state_file(self) -> Path:
        """The local state of the target."""
        return self.root / ".bulkplan" / "state" / f"{quote(self.target_name, safe='')}.db"

    def provenance(self) -> Provenance:
        """Who works here."""
        return provenance(self.root, self.environ)


def find_place(args: Args) -> Place:
    """
    Find the project from where we stand, and its target: `--target`, else $BULKPLAN_TARGET, else the project's default.

    Raises:
        InvalidFilesError: The project file has problems.
        UsageError: There is no project here, or no target of that name.
    """
    from bulkplan.adapters.yaml_files import YamlProject, find_root
    from bulkplan.app.workspace import load_project

    root = find_root(args.directory)
    return place_at(root, load_project(YamlProject(root)), flag=args.target, environ=os.environ)


def place_at(root: Path, project: Project, *, flag: str | None, environ: Mapping[str, str]) -> Place:
    """The place in a project that is read already. Raises `UsageError` for a target that it does not have."""
    name, target = choose_target(project, flag=flag, environ=environ)
    return Place(root, project, name, target, SystemClock(), environ)


def choose_target(project: Project, *, flag: str | None, environ: Mapping[str, str]) -> tuple[str, Target]:
    """The name and the target that a command acts on. Raises `UsageError`."""
    variable = environ.get(TARGET_VARIABLE) or None
    name = flag or variable or project.default_target
    if name in project.targets:
        return name, project.targets[name]
    said_by = "--target" if flag else f"${TARGET_VARIABLE}" if variable else "default_target"
    from bulkplan.core.near import near

    close = near(name, project.targets, 1)
    known = ", ".join(sorted(project.targets))
    hint = (f'did you mean "{close[0]}"? ' if close else "") + f"the project's targets: {known}"
    raise UsageError(f'the project has no target "{name}" ({said_by})', hint=hint)


def open_store(place: Place, *, reads_only: bool = False) -> Store:
    """
    The state store of the target. Only the local one is touched yet.

    With `reads_only` nothing is going to be written: a local one on a read-only disk will do.

    Raises:
        BulkplanError: The state would vanish with the CI runner.
        MissingExtraError: What the store needs is not installed.
        StoreError: It cannot be opened.
    """
    state = place.target.state
    if state == "local":
        _refuse_vanishing_state(place)
    try:
        prepare_folder(place.root)
    except BulkplanError:
        if state != "local" or not reads_only:
            raise
    if state == "local":
        return LocalStore.open(place.state_file, reads_only=reads_only)
    return _open_shared_store(place, state)


def _open_shared_store(place: Place, state: str) -> Store:
    """Each kind is imported when it is asked for: it is slow to load, or an extra."""
    if state.startswith("s3://"):
        from bulkplan.adapters.stores.s3 import S3Store

        return S3Store.open(state, target=place.target_name, environ=place.environ)
    if state.startswith(("postgresql://", "postgres://")):
        from bulkplan.adapters.stores.postgres import PostgresStore

        return PostgresStore.open(state, target=place.target_name, environ=place.environ)
    from bulkplan.adapters.stores.git import DEFAULT_REMOTE, GitStore

    remote = state.removeprefix("git").removeprefix("+") or DEFAULT_REMOTE
    return GitStore.open(place.root, target=place.target_name, remote=remote, environ=place.environ)


def _refuse_vanishing_state(place: Place) -> None:
    if place.is_sandbox or place.environ.get("CI", "") in {"", "0", "false"}:
        return
    from bulkplan.core.loopback import is_loopback

    if is_loopback(urlsplit(place.target.base_url).hostname or ""):
        return
    raise BulkplanError(
        f'target "{place.target_name}" keeps its state in a local file, which would vanish with this CI runner '
        "(CI is set): the next job would not know what has run",
        hint="share the state: write state: git (a ref of its own in this repository), s3://bucket/path or "
        "postgresql://host/database",
    )


def prepare_folder(root: Path) -> Path:
    """Make `.bulkplan/`: for this user alone, and out of git."""
    folder = root / ".bulkplan"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise BulkplanError(f"{folder} cannot be made: {error.strerror or error}") from error
    return folder


def leave_httpx_its_commands() -> None:
    """
    To be called before httpx is imported first: it then loads no command line of its own.

    Where click happens to be installed, it would; and for that rich, which takes longer than all the rest of it.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # how Python says: not to be had


@asynccontextmanager
async def open_connection(place: Place, console: Console, shown: Progress) -> AsyncIterator[Connection]:
    """
    How to reach the target: the sandbox in process (made at first use), or Close over HTTP.

    Raises:
        NotAuthorizedError: The variable that should hold the key is not set, or the key would go to another host than
            Close that only the project file names.
    """
    leave_httpx_its_commands()
    from bulkplan.adapters.close_connection import Connection, check_host
    from bulkplan.adapters.secret import Secret

    size = place.target.sandbox
    if size is None:
        variable, key = _api_key(place)
        allowed = place.environ.get(ALLOW_VARIABLE, "")
        check_host(place.target.base_url, allowed=allowed, key_source=f"${variable}")
        yield Connection(place.target.base_url, Secret(key), f"${variable}", place.target.organization_id)
        return
    from bulkplan.sandbox.transport import SandboxTransport

    sandbox = _open_sandbox(place, size, console, shown)
    try:
        yield Connection(_SANDBOX_URL, Secret("sandbox"), "the sandbox's own key", None, SandboxTransport(sandbox))
    finally:
        sandbox.close()


def _open_sandbox(place: Place, size: SandboxSize, console: Console, shown: Progress) -> Sandbox:
    from bulkplan.sandbox.server import Sandbox
    from bulkplan.sandbox.world import WorldError

    prepare_folder(place.root)
    place.world_file.parent.mkdir(mode=0o700, exist_ok=True)
    if place.world_file.exists() and not os.access(place.world_file, os.W_OK):
        raise BulkplanError(
            f"{place.world_file} cannot be written, and time goes on in a sandbox whenever it is asked",
            hint="make the file and its disk writable; status --no-refresh and state list only read the state",
        )
    if not place.world_file.exists():
        console.note(f"Making a sandbox with {size.leads:,} leads …")
    try:
        return Sandbox.open(
            place.world_file,
            leads=size.leads,
            seed=size.seed,
            progress=lambda done, total: shown.step("sandbox", done, total),
        )
    except WorldError as error:
        reset = f"throw it away: bulkplan sandbox reset --target {place.target_name}"
        room = "look at the disk, whether it has room and may be written to; nothing half made is left"
        raise BulkplanError(str(error), hint=reset if place.world_file.exists() else room) from error


def _api_key(place: Place) -> tuple[str, str]:
    variable = place.target.api_key_env or DEFAULT_KEY_VARIABLE
    key = place.environ.get(variable, "").strip()
    if not key:
        raise NotAuthorizedError(
            f'${variable} is not set; target "{place.target_name}" takes its API key from there',
            hint=f"make a key in Close (Settings, Developer, API Keys), then: export {variable}=api_…",
        )
    return variable, key


@asynccontextmanager
async def open_edges(
    place: Place,
    console: Console,
    *,
    interrupt: Interrupt,
    settle_timeout_s: float = 140.0,
    reads_only: bool = False,
) -> AsyncIterator[tuple[Edges, ApplyContext]]:
    """
    Everything that a story which may write needs, with the identity of the key checked.

    `reads_only`: a state that may only be read will do.

    Raises:
        BulkplanError: What connecting, the identity or the store raise.
    """
    leave_httpx_its_commands()
    from bulkplan.adapters.chance import draw_word
    from bulkplan.adapters.close_reader import open_reader
    from bulkplan.adapters.close_writer import open_writer
    from bulkplan.adapters.processes import is_process_gone
    from bulkplan.app.performer import Edges
    from bulkplan.core.records import ApplyContext

    store = open_store(place, reads_only=reads_only)
    who = place.provenance()
    try:
        with progress(console) as shown:
            async with (
                open_connection(place, console, shown) as connection,
                open_reader(connection, clock=place.clock) as reader,
                open_writer(connection, clock=place.clock) as writer,
            ):
                identity = await reader.fetch_identity()
                edges = Edges(
                    reader=reader,
                    writer=writer,
                    store=store,
                    clock=place.clock,
                    draw_word=draw_word,
                    is_process_gone=is_process_gone,
                    host=who.host,
                    user_id=identity.user_id,
                    progress=shown,
                    interrupt=interrupt,
                )
                yield (
                    edges,
                    ApplyContext(
                        organization_id=identity.organization_id,
                        target=place.target_name,
                        project_id=place.project.project_id,
                        provenance=who,
                        settle_timeout_s=settle_timeout_s,
                    ),
                )
    finally:
        store.close()
