"""The kinds of state that an apply is killed over, each empty and its own for every project."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from e2e.project import KEY_VARIABLE, Project

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
        name = f"served-{project.project_id}"
        place = getattr(self, f"_{self.kind}")(project)
        target = f"{{base_url: {self.base_url}, api_key_env: {KEY_VARIABLE}, state: {place}}}"
        project.configure({name: target})

    def _local(self, _: Project) -> str:
        return "local"

    def _git(self, project: Project) -> str:
        """A repository that pushes to a bare one beside it."""
        remote = project.root.parent / f"{project.root.name}.git"
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
