"""The program as it is started: what it loads, what it prints where, and with which code it ends."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bulkplan import __version__
from bulkplan.cli.main import run

HEAVY = {"pydantic", "httpx", "rich", "jinja2", "deepdiff", "ruamel", "asyncio", "stamina"}


def _loaded_by(*words: str) -> set[str]:
    """The modules that are loaded when a command line has run in a fresh interpreter."""
    code = (
        "import sys; sys.argv[1:] = sys.argv[2:]\n"
        "from bulkplan.__main__ import main\n"
        "main()\n"
        "print(' '.join(sorted({name.split('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "-", *words], capture_output=True, text=True, check=True, env=_environ()
    )
    return set(done.stderr.splitlines()[-1].split())


def _environ(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BULKPLAN", "COVERAGE", "CI"))}
    return {**kept, "PYTHONUTF8": "1", **more}


def _bulkplan(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bulkplan", *words],
        capture_output=True,
        text=True,
        env=_environ(**environ),
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_the_version_is_answered_without_loading_anything(flag):
    done = _bulkplan(flag)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"bulkplan {__version__}\n", "")
    assert not _loaded_by(flag) & {*HEAVY, "argparse"}


@pytest.mark.parametrize("words", [["--help"], ["plan", "--help"], ["plann"]])
def test_help_and_usage_errors_load_no_library(words):
    assert not _loaded_by(*words) & HEAVY


def test_bulkplan_alone_prints_help_on_stderr_and_is_wrong_usage(capfd):
    assert run([]) == 64
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("usage: bulkplan")


def test_help_goes_to_stdout(capfd):
    assert run(["help", "plan"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("usage: bulkplan plan")
    assert err == ""


def test_wrong_usage_is_64_with_a_hint(capfd):
    assert run(["plan", "--ouput", "x"]) == 64
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "error: bulkplan plan has no option --ouput\nhint: did you mean --out? See bulkplan plan --help\n"


def test_a_closed_stdout_is_an_error_in_words():
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -m bulkplan schema plan >&-', sys.executable],
        capture_output=True,
        text=True,
        env=_environ(),
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "error: the output could not be written: it is closed\n")
