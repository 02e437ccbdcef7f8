"""Interactive shells on a terminal of their own, typed at as a person does."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

BEGIN = "\x01"
"""Moves to the beginning of the line (Ctrl-A)."""
_PATIENCE_S = 60.0
_START = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
_READY = {
    "bash": "bind 'set enable-bracketed-paste off'; source ./script",
    "zsh": "unset zle_bracketed_paste; bindkey -e; autoload -Uz compinit && compinit -u -D; source ./script",
}


def has(shell: str) -> bool:
    return shutil.which(shell) is not None


def make_program(folder: Path) -> None:
    """A program `bulkplan` on the path, and the completion script of each shell beside it."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "bulkplan"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bulkplan "$@"\n')
    program.chmod(0o755)


def environ(folder: Path) -> dict[str, str]:
    """The environment of a shell that finds the program."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    root = str(Path(__file__).parents[2])
    return {"PATH": path, "HOME": str(folder), "PYTHONPATH": root, "TERM": "dumb", "LC_ALL": "C.UTF-8", "PS1": "$ "}


def script(shell: str) -> str:
    from bulkplan.cli.completion_scripts import SCRIPTS

    return SCRIPTS[shell]


def completed(shell: str, folder: Path, typed: str) -> list[str]:
    """The words that the shell reads once `typed` and the tab key were pressed."""
    (folder / "script").write_text(script(shell))
    lines = [_READY[shell], f"{typed}\t{BEGIN}printf 'GOT<%s>\\n' ", "exit"]
    shown = _talk(_START[shell], folder, "".join(f"{line}\r" for line in lines))
    return re.findall(r"^GOT<(?!%s)(.*)>$", shown, flags=re.MULTILINE)


def _talk(command: list[str], folder: Path, text: str) -> str:
    """Everything that a program shows on its terminal, until it ends."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environ(folder), start_new_session=True
    )
    os.close(theirs)
    os.write(ours, text.encode())
    shown = b""
    try:
        while select.select([ours], [], [], _PATIENCE_S)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux: the other side is closed
                break
            if not piece:
                break
            shown += piece
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return shown.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def offered_by_fish(folder: Path, typed: str) -> list[str]:
    """What fish offers at the end of a line."""
    (folder / "script").write_text(script("fish"))
    done = subprocess.run(
        ["fish", "--no-config", "-c", "source script; complete -C $argv[1]", typed],
        cwd=folder,
        env=environ(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]
