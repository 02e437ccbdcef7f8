"""The kinds of state that an apply is killed over, each empty and its own for every project."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from e2e.project import KEY_VARIABLE, Project

from bulkplan.adapters.stores.git import GitStore
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.model.record import Record
from bulkplan.model.run import RunKey
from bulkplan.ports import Store

KINDS = ("local", "git", "s3", "postgres")


@dataclass
class States:
    """Gives projects a state of one kind. Servers are shared: each project has a place of its own in them."""

    kind: str
    base_url: str
    server: str = ""
    """Where the service listens: an S3 endpoint, or a PostgreSQL URL."""
    n_given: int = 0

    def give(self, project: Project) -> None:
        """Configure a project with one target whose state is of this kind."""
        self.n_given += 1
        name = _target(project)
        place = getattr(self, f"_{self.kind}")(project)
        target = f"{{base_url: {self.base_url}, api_key_env: {KEY_VARIABLE}, state: {place}}}"
        project.configure({name: target})

    def record(self, project: Project, key: str) -> Record | None:
        """The record of a run key, read by another process than the one that wrote it."""
        with self.opened(project) as store:
            slot = store.get(run_slot_key(RunKey.parse(key)))
        return load_record(slot) if slot else None

    def keep(self, project: Project, record: Record) -> None:
        """Let a project begin with this record."""
        first = record.model_copy(update={"version": 1})
        with self.opened(project) as store:
            assert store.put(run_slot_key(record.key), dump_record(first), expected_version=0) == "stored"

    @contextmanager
    def opened(self, project: Project) -> Iterator[Store]:
        """The store of a project's target."""
        store = self._open(project, _target(project))
        try:
            yield store
        finally:
            store.close()

    def git_remote(self, project: Project) -> Path:
        """The bare repository that a project's git state is pushed to."""
        return project.root.parent / f"{project.root.name}.git"

    def _open(self, project: Project, target: str) -> Store:
        if self.kind == "local":
            return LocalStore.open(project.root / ".bulkplan" / "state" / f"{quote(target, safe='')}.db")
        if self.kind == "git":
            return GitStore.open(project.root, target=target, environ=project.environ)
        if self.kind == "s3":
            from bulkplan.adapters.stores.s3 import S3Store

            return S3Store.open(self._s3(project), target=target, environ=project.environ)
        from bulkplan.adapters.stores.postgres import PostgresStore

        return PostgresStore.open(self.server, target=target)

    def _local(self, _: Project) -> str:
        return "local"

    def _git(self, project: Project) -> str:
        """A repository that pushes to a bare one beside it."""
        remote = self.git_remote(project)
        project.environ.update(GIT_CONFIG_NOSYSTEM="1", HOME=str(project.root.parent))
        for words in (["init", "-q", "--bare", str(remote)], ["init", "-q"], ["remote", "add", "origin", str(remote)]):
            subprocess.run(["git", *words], cwd=project.root, env=project.environ, check=True)
        return "git"

    def _s3(self, project: Project) -> str:
        project.environ.update(
            AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y", AWS_REGION="us-east-1", AWS_ENDPOINT_URL=self.server
        )
        return f"s3://bulkplan-tests/{project.project_id}"

    def _postgres(self, _: Project) -> str:
        return self.server


def _target(project: Project) -> str:
    return f"served-{project.project_id}"
