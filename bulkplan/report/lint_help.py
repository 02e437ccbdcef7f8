"""The rules of `lint` for reading: each with its reason, a bad and a good example, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bulkplan.core.lint.rule import Example, Needs, Rule

_INTRODUCTION = """\
# Rules of `bulkplan lint`

<!-- Made from the rules themselves; a test holds it to them. -->

`bulkplan lint` looks at what is valid, and yet should be looked at twice. It reads files, and the state where that is
a file on this machine; `--online` also asks Close and a state elsewhere. It exits 1 when an error stands (`--strict`:
a warning too), 65 when the files are invalid.

A rule that does not hold is switched off where it does not, by slug or ID, with the reason:

```yaml
lint:
  ignore:
    no-ceiling: the list is kept by hand and has eleven leads
```

in a spec for that spec, in `bulkplan.yaml` for all of them. Findings that are ignored are counted, and `-v` shows them
with their reasons; a reason that nothing needs any more is a finding itself. `bulkplan.yaml` also says which rules
weigh more or less here: `lint: {severity: {missing-owner: error}}`. No part of `lint` belongs to the meaning of a spec:
changing it runs nothing again.
"""
_NEEDS: Mapping[Needs, str] = {
    "files": "files",
    "state": "files and state",
    "close": "Close (`--online`)",
}


def rules_page(rules: Sequence[Rule]) -> str:
    """All rules on one page."""
    table = [
        "| rule | ID | severity | when |",
        "|---|---|---|---|",
        *(f"| [`{rule.slug}`](#{rule.slug}) | {rule.id} | {rule.severity} | {rule.summary} |" for rule in rules),
    ]
    return "\n".join([_INTRODUCTION, *table, "", *(_section(rule) for rule in rules)]).rstrip() + "\n"


def rule_markdown(rule: Rule) -> str:
    """Why a rule is there, how it looks, and how it looks mended."""
    return f"{rule.why}\n\n{_example('Told', rule.bad)}\n\n{_example('Not told', rule.good)}"


def _section(rule: Rule) -> str:
    head = f"## {rule.slug}\n\n{rule.id}, {rule.severity}, looks at {_NEEDS[rule.needs]}: {rule.summary}."
    return f"{head}\n\n{rule_markdown(rule)}\n"


def _example(title: str, example: Example) -> str:
    """The files of an example under a line that says what it shows."""
    when = f", where {example.words}" if example.words else ", when this ran" if example.ran else ""
    parts = [f"{title}{when}:"]
    if example.ran:
        parts += [_yaml(example.ran), "and now the file says:" if example.spec else "and now the file is gone."]
    if example.spec:
        parts.append(_yaml(example.spec))
    if example.project:
        parts.append(_yaml("# bulkplan.yaml\n" + example.project))
    if example.fragment:
        parts.append(_yaml("# filters/quiet.yaml\n" + example.fragment))
    return "\n\n".join(parts)


def _yaml(text: str) -> str:
    return f"```yaml\n{text.rstrip()}\n```"
