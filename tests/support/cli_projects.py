"""A small project in the folder where a test of the command line runs, and nothing of the surroundings in its way."""

from __future__ import annotations

import io


def enter_project(folder, monkeypatch, *, spec):
    """Write a project of one spec, with a sandbox of 60 leads, and stand in it, where nobody can be asked."""
    (folder / "specs").mkdir()
    (folder / "bulkplan.yaml").write_text(
        "schema: bulkplan/project/v1\ntargets:\n  sandbox: {sandbox: {leads: 60, seed: 7}}\n"
    )
    (folder / "specs" / "mark.yaml").write_text(spec, encoding="utf-8")
    monkeypatch.chdir(folder)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
