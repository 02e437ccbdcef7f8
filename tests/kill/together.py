"""Many appliers of one project, made of one process that has loaded everything, and let go at the same moment."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.project import Outcome, Project

TOGETHER = """
import json, os, sys
from pathlib import Path
from bulkplan.cli.main import run
import bulkplan.cli.commands.apply, bulkplan.adapters.close_reader, bulkplan.adapters.close_writer, bulkplan.app.plan

folder, roots = Path(sys.argv[1]), json.loads(sys.argv[2])
ready, go = os.pipe()
children = []
for number, root in enumerate(roots, start=1):
    child = os.fork()
    if not child:
        os.close(go)
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / f"{number}.{name}", os.O_CREAT | os.O_WRONLY, 0o600), stream)
        os.chdir(root)
        os.read(ready, 1)
        code = run([word.replace("NUMBER", str(number)) for word in sys.argv[3:]])
        sys.stdout.flush()
        os._exit(code)
    children.append(child)
os.close(go)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
print(json.dumps(codes))
"""
"""A process that has loaded everything makes as many of itself as are wanted; all begin when the last one is there."""


def together(project: Project, said: Path, roots: list[Path], *words: str) -> list[Outcome]:
    """
    How the program ended, started at once in each of `roots`.

    `NUMBER` in a word is which of them it is, from 1. `said` is a folder for what they print, made here.
    """
    said.mkdir()
    told = project.run(
        str(said), json.dumps([str(root) for root in roots]), *words, program=("-c", TOGETHER), timeout_s=100
    )
    assert told.code == 0, told
    outcomes = [
        Outcome(code, (said / f"{number}.out").read_text(), (said / f"{number}.err").read_text())
        for number, code in enumerate(json.loads(told.out), start=1)
    ]
    project.outcomes.extend(outcomes)
    return outcomes
