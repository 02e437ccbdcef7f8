"""Guards with one fault each: their modules loaded anew from altered source, beside the sound ones."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType

import bulkplan

ROOT = Path(bulkplan.__file__).parent
CHAIN = (
    "core.limits",
    "core.guards",
    "core.history",
    "core.planner",
    "core.cohort_rows",
    "app.layers",
    "app.recheck",
    "app.starting",
)
"""Everything that decides about guards, each after what it imports of the others."""


@dataclass(frozen=True)
class Mutant:
    """One fault: `old`, which stands once in the module's source, gives way to `new`."""

    module: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.module}: {self.old.strip()} -> {self.new.strip() or 'nothing'}"

    @property
    def source(self) -> str:
        sound = source_of(self.module)
        assert sound.count(self.old) == 1, f"{self.old!r} stands {sound.count(self.old)} times in {self.module}"
        return sound.replace(self.old, self.new)


@dataclass(frozen=True)
class Inverted:
    """One fault: a comparison means the contrary."""

    module: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: not ({self.text})"

    @property
    def source(self) -> str:
        lines = source_of(self.module).splitlines(keepends=True)
        line, end = lines[self.line - 1], self.column + len(self.text)
        assert line[self.column : end] == self.text
        lines[self.line - 1] = f"{line[: self.column]}(not ({self.text})){line[end:]}"
        return "".join(lines)


class Guarding:
    """The modules of `CHAIN`, as attributes by their last name."""

    def __init__(self, fault: Mutant | Inverted | None = None) -> None:
        names = {name: f"bulkplan.{name}" for name in CHAIN}
        before = {full: sys.modules[full] for full in names.values() if full in sys.modules}
        try:
            for name, full in names.items():
                module = ModuleType(full)
                sys.modules[full] = module
                is_faulty = fault is not None and fault.module == name
                exec(compile(fault.source, full, "exec") if is_faulty else _sound(name), module.__dict__)  # noqa: S102
                setattr(self, name.rpartition(".")[2], module)
        finally:
            for full in names.values():
                sys.modules.pop(full, None)
            sys.modules.update(before)

    def __getattr__(self, name: str) -> ModuleType:
        raise AttributeError(name)


def inverted_comparisons(*modules: str) -> Iterator[Inverted]:
    """Every comparison of the modules, turned into its contrary, one at a time."""
    for module in modules:
        source = source_of(module)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Compare) and node.lineno == node.end_lineno:
                text = ast.get_source_segment(source, node)
                yield Inverted(module, node.lineno, node.col_offset, text or "")


@cache
def source_of(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


@cache
def _sound(module: str) -> CodeType:
    return compile(source_of(module), f"bulkplan.{module}", "exec")


WRITTEN = (
    # a guard is not asked
    *(
        Mutant("core.guards", f"        {judge},\n", "")
        for judge in (
            "_judge_most(matches, layers)",
            "_judge_percent(matches, layers)",
            "_judge_fewest(matches, layers)",
            "_judge_deviation(matches, layers, facts)",
            "_judge_sort(matches, layers, facts)",
        )
    ),
    # a refusal passes, or a pass is a refusal
    Mutant("core.guards", 'model_copy(update={"is_ok": False, ', 'model_copy(update={"is_ok": True, '),
    Mutant("core.guards", "        is_ok=True,\n", "        is_ok=False,\n"),
    # what is measured is something else
    Mutant("core.guards", "if matches.total <= limit.number:", "if matches.limited <= limit.number:"),
    Mutant("core.guards", "share(matches.total, matches.of_leads)", "share(matches.limited, matches.of_leads)"),
    Mutant("core.guards", "share(abs(matches.total - usual), usual)", "share(matches.total - usual, usual)"),
    Mutant("core.guards", "median_low(facts.earlier)", "max(facts.earlier)"),
    Mutant("core.guards", "members.moved if members else abs(now - planned)", "abs(now - planned)"),
    Mutant("core.guards", "abs(now - planned)\n    is_percent", "now - planned\n    is_percent"),
    # bounds are one off
    Mutant("core.guards", "if matches.total <= limit.number:", "if matches.total < limit.number:"),
    Mutant("core.guards", "if matches.total >= limit.number:", "if matches.total > limit.number:"),
    Mutant("core.guards", "if moved <= allowed_drift(planned, limit):", "if moved < allowed_drift(planned, limit):"),
    Mutant("core.guards", "MIN_EARLIER_RUNS = 3", "MIN_EARLIER_RUNS = 4"),
    Mutant("core.guards", "MIN_EARLIER_RUNS = 3", "MIN_EARLIER_RUNS = 2"),
    # an order that nobody chose will do
    Mutant("core.guards", "if facts.is_sorted or layers.has_sort:", "if True:"),
    Mutant("core.guards", "(None, [], [DEFAULT_SORT])", "(None, [])"),
    # a layer is ignored
    *(
        Mutant("core.limits", f'{layer}(layers, "{guard}")', "None")
        for layer in ("_project", "_spec")
        for guard in (
            "max_matches",
            "max_percent",
            "min_matches",
            "max_deviation",
            "max_drift",
            "require_sort_with_limit",
        )
    ),
    Mutant(
        "core.limits",
        '_written(layers.project, guard, "project", layers)',
        '_written(layers.spec, guard, "spec", layers)',
    ),
    Mutant(
        "core.limits",
        '_written(layers.spec, guard, "spec", layers)',
        '_written(layers.project, guard, "project", layers)',
    ),
    # the loosest layer wins
    Mutant(
        "core.limits",
        "own if own.number < outer.number else outer, (outer",
        "own if own.number > outer.number else outer, (outer",
    ),
    Mutant(
        "core.limits", "own if own.number > outer.number else outer\n", "own if own.number < outer.number else outer\n"
    ),
    Mutant("core.limits", "own if allowed_drift(planned, own) < allowed_drift(planned, outer) else outer", "own"),
    Mutant(
        "core.limits",
        'or Limit("max_drift", DEFAULT_MAX_DRIFT[layers.family], "default")',
        'or _spec(layers, "max_drift") or Limit("max_drift", DEFAULT_MAX_DRIFT[layers.family], "default")',
    ),
    Mutant("core.limits", 'limit and limit.value == "true"', "limit"),
    # defaults are others
    *(
        Mutant(
            "core.limits",
            f'Mapping[Family, {kind}] = {{"email": {limit}',
            f'Mapping[Family, {kind}] = {{"email": {other}',
        )
        for kind, limit, other in (
            ("int", "1000", "1001"),
            ("str", '"25%"', '"26%"'),
            ("str", '"5%"', '"6%"'),
            ("bool", "True", "False"),
        )
    ),
    Mutant("core.limits", "PERCENT_FROM_LEADS = 1000", "PERCENT_FROM_LEADS = 1001"),
    Mutant("core.limits", "0 if layers.has_schedule else 1", "1 if layers.has_schedule else 0"),
    Mutant("core.limits", "planned * limit.number / 100", "planned * limit.number / 10"),
    # history is that of others, or older
    Mutant("core.history", "record.key.full_name == key.full_name and ", ""),
    Mutant("core.history", " and record.key != key", ""),
    Mutant("core.history", " and record.status is RecordStatus.DONE", ""),
    Mutant("core.history", "reverse=True", "reverse=False"),
    Mutant("core.history", " if asked is None or count < asked", ""),
    Mutant("core.history", "counts.approved if counts.n_leads is None else counts.n_leads", "counts.approved"),
    # a plan does not heed its guards
    Mutant("core.planner", "if not verdict.is_ok)\n    judged", "if verdict.is_ok)\n    judged"),
    Mutant("core.planner", '"blocked_by": refusing, ', ""),
    Mutant("core.planner", "matches.total == 0 and all(verdict.is_ok for verdict in verdicts)", "matches.total == 0"),
    Mutant(
        "core.planner",
        "with_ceiling(request, max(1, matches.limited))",
        "with_ceiling(Request(kind=request.kind, body={**request.body, 'results_limit': None}), matches.total)",
    ),
    Mutant("core.planner", "drift_allowance(matches.total, layers)", "matches.total"),
    Mutant("core.planner", "facts_of(request, row.earlier_counts)", "facts_of(request, ())"),
    Mutant("core.cohort_rows", '"min_matches", "max_deviation"})', '"min_matches"})'),
    Mutant("core.cohort_rows", 'frozenset({"max_matches", ', "frozenset({"),
    Mutant(
        "core.cohort_rows",
        "blocked = (*(verdict.guard for verdict in fresh.values() if not verdict.is_ok), *others)",
        "blocked = others",
    ),
    Mutant("core.cohort_rows", "facts_of(request, change.earlier_counts)", "facts_of(request, ())"),
    # the project file is not read, or the wrong part of it
    Mutant("app.layers", "project=by_family[family]", "project=Guards()"),
    Mutant("app.layers", "spec=wanted.spec.guards", "spec=Guards()"),
    Mutant("app.layers", '"delete": workspace.project.guards.delete', '"delete": workspace.project.guards.edit'),
    Mutant("app.layers", "has_sort=bool(wanted.spec.options.sort)", "has_sort=True"),
    Mutant("app.layers", "has_schedule=wanted.spec.schedule is not None", "has_schedule=True"),
    # nothing is asked a second time, or not on fresh data
    Mutant("app.recheck", "        if refused:\n", "        if False:\n"),
    Mutant(
        "app.recheck",
        "await self.verdicts(change, counted_after) if not verdict.is_ok",
        "await self.verdicts(change, counted_after) if verdict.is_ok",
    ),
    Mutant("app.recheck", "(*judge(fresh, layers, facts), judge_drift", "(*(), judge_drift"),
    Mutant("app.recheck", ", judge_drift(planned.total, found, layers, members=members))", ",)"),
    Mutant("app.recheck", "found = (await self._reader.count(query_of(request))).total", "found = 214"),
    Mutant("app.recheck", "if count is None or count.asked_at <= counted_after:", "if count is None:"),
    Mutant("app.recheck", "of_leads=await self._all_leads()", "of_leads=planned.of_leads"),
    Mutant("app.recheck", "facts_of(request, change.earlier_counts)", "facts_of(request, ())"),
    Mutant(
        "app.recheck",
        "limited = found if change.asked_limit is None else min(found, change.asked_limit)",
        "limited = found",
    ),
    Mutant(
        "app.recheck",
        "if change.asked_limit is None else min(found, change.asked_limit)",
        'if False else min(found, request.body["results_limit"])',
    ),
    Mutant(
        "app.starting",
        "checked = await unless_given_up(rechecking, self.edges.interrupt)",
        "rechecking.close(); checked = Rechecked(self.recheck.planned(change), counted_after)",
    ),
    Mutant("app.starting", "0.0 if ticket.line.has_begun else REUSED_S", "REUSED_S"),
)
"""Faults that somebody might make, each in one place."""
