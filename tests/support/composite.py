"""Runs a composite action as a runner does: its steps, their environment files, its expressions, its outputs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(==|!=|&&|\|\||!|\(|\)|,)|([A-Za-z_][\w.-]*))")
_COMMAND = re.compile(r"::([a-z-]+)(?: [^:]*)?::(.*)")


@dataclass
class Finished:
    """How an action ended: its outputs, what its steps printed, and the commands that the runner would obey."""

    code: int = 0
    outputs: dict[str, str] = field(default_factory=dict)
    printed: str = ""
    commands: list[str] = field(default_factory=list)
    summary: str = ""
    used: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Actions of others that it used, with their inputs."""


@dataclass
class Runner:
    """
    A runner with its folders. `environ` is what every step sees; `github` is the context of that name.

    `start` begins a step's process (`subprocess.run` unless a test wants to send it a signal).
    """

    root: Path
    workspace: Path
    environ: Mapping[str, str]
    github: dict
    secrets: Mapping[str, str] = field(default_factory=dict)
    start: Callable[..., subprocess.CompletedProcess] = subprocess.run

    def run(self, action: Path, inputs: Mapping[str, str], **env: str) -> Finished:
        """Run an action to its end; `env` is that of the step that uses it, where secrets stand."""
        spec = YAML(typ="safe").load((action / "action.yml").read_text(encoding="utf-8"))
        temp = self.root / "temp"
        temp.mkdir(parents=True, exist_ok=True)
        context = {"github": self.github, "runner": {"temp": str(temp)}, "inputs": {}, "steps": {}}
        context["secrets"] = self.secrets
        for name, each in spec["inputs"].items():
            context["inputs"][name] = inputs.get(name, fill(str(each.get("default", "")), context))
        finished = Finished()
        for number, step in enumerate(spec["runs"]["steps"]):
            wanted = step.get("if", "success()")
            if not _is_true(evaluate(wanted, {**context, "failed": finished.code != 0})):
                continue
            if "uses" in step:
                finished.used.append((step["uses"], {k: fill(str(v), context) for k, v in step["with"].items()}))
                continue
            self._step(step, number, action, context, finished, env)
        for name, each in spec.get("outputs", {}).items():
            finished.outputs[name] = fill(str(each["value"]), context)
        return finished

    def _step(self, step: dict, number: int, action: Path, context: dict, finished: Finished, env: dict) -> None:
        folder = self.root / f"step-{number}"
        folder.mkdir(exist_ok=True)
        files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH", "GITHUB_ENV")}
        for path in files.values():
            path.write_text("")
        script = folder / "script.sh"
        script.write_text(step["run"])
        done = self.start(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                **self.environ,
                **env,
                **{name: fill(str(value), context) for name, value in step.get("env", {}).items()},
                **{name: str(path) for name, path in files.items()},
                "RUNNER_TEMP": context["runner"]["temp"],
                "GITHUB_ACTION_PATH": str(action),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        finished.printed += done.stdout
        finished.commands += obeyed(done.stdout)
        finished.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        finished.code = finished.code or done.returncode
        context["steps"][step.get("id", f"step{number}")] = {
            "outputs": read_outputs(files["GITHUB_OUTPUT"].read_text())
        }


def obeyed(printed: str) -> list[str]:
    """The workflow commands of a step's output that a runner obeys: none between stop-commands and its word."""
    found, word = [], None
    for line in printed.splitlines():
        match = _COMMAND.match(line.lstrip())
        if word is not None:
            word = None if line.strip() == f"::{word}::" else word
        elif match and match[1] == "stop-commands":
            word = match[2]
        elif match or "##[" in line:
            found.append(line)
    return found


def read_outputs(text: str) -> dict[str, str]:
    """What a step wrote to its file of outputs, in both forms."""
    outputs, lines = {}, iter(text.splitlines())
    for line in lines:
        if "<<" in line.partition("=")[0]:
            name, _, end = line.partition("<<")
            outputs[name] = "\n".join(iter(lambda end=end: _until(lines, end), None))
        else:
            name, _, value = line.partition("=")
            outputs[name] = value
    return outputs


def _until(lines, end: str) -> str | None:
    line = next(lines)
    return None if line == end else line


def fill(text: str, context: dict) -> str:
    """A text with its expressions filled in."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _text(evaluate(match[1], context)), text, flags=re.DOTALL)


def evaluate(text: str, context: dict):
    """The value of an expression. Source: GitHub Actions, "Evaluate expressions"; only what our actions use."""
    tokens = [match.groups() for match in _TOKEN.finditer(text.strip().removeprefix("${{").removesuffix("}}"))]
    value = _either(tokens, context)
    assert not tokens, f"not understood: {text}"
    return value


def _either(tokens, context):
    value = _both(tokens, context)
    while tokens and tokens[0][1] == "||":
        tokens.pop(0)
        other = _both(tokens, context)
        value = value if _is_true(value) else other
    return value


def _both(tokens, context):
    value = _compared(tokens, context)
    while tokens and tokens[0][1] == "&&":
        tokens.pop(0)
        other = _compared(tokens, context)
        value = other if _is_true(value) else value
    return value


def _compared(tokens, context):
    value = _one(tokens, context)
    if tokens and tokens[0][1] in ("==", "!="):
        sign = tokens.pop(0)[1]
        return (_text(value) == _text(_one(tokens, context))) is (sign == "==")
    return value


def _one(tokens, context):
    text, sign, name = tokens.pop(0)
    if text is not None:
        return text.replace("''", "'")
    if sign == "!":
        return not _is_true(_one(tokens, context))
    if sign == "(":
        value = _either(tokens, context)
        assert tokens.pop(0)[1] == ")"
        return value
    if tokens and tokens[0][1] == "(":
        del tokens[:2]
        return {"always": True, "success": not context.get("failed"), "cancelled": False}[name]
    if name in ("true", "false"):
        return name == "true"
    value = context
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _is_true(value) -> bool:
    return value not in (None, False, "", 0)


def _text(value) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
