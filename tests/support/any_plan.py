"""Any plan at all, for properties of its forms: odd kinds, sizes and counts, and names that want to be markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import strategies as st

from bulkplan.model.plan import (
    Change,
    ChangeKind,
    FieldChange,
    Forecast,
    FunnelStep,
    MarkerCheck,
    Matches,
    Overlap,
    Plan,
    SampledLead,
    Verdict,
)
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey, SpecSource
from bulkplan.model.spec import ActionType

HOSTILE = (
    "a|b",
    "`code`",
    "```\n</details>",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "@team/all please",
    "fixes #123 and owner/repo#4, GH-7",
    "</details></summary>",
    "<!-- hidden",
    "[text](https://evil.test/x)",
    "![pixel](//evil.test/p.png)",
    "https://evil.test and www.evil.test",
    "mail me@evil.test",
    "**bold** _it_ ~~gone~~ ==x==",
    "\\| \\` \\<b>",
    "&lt;b&gt; &amp;",
    "\u202egnp.exe\u202c \u200b\u2066x",
    "\x1b[31mred\x1b[0m\x9b1m",
    "# title\n- item\n1. one\n> quote\n    code",
    "| a | b |\n|---|---|",
    ":tada: $x$ $$y$$",
    "deadbeef1 0123456789abcdef0123456789abcdef01234567",
    "[^1]: note",
    "'\"><b style=x>",
    "\ud800 lone",
    "{{ 7*7 }} {% raw %}",
    "]]> --> */ </style>",
)
"""Names that would be something else than a name, somewhere."""

TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.text("ab_*`|<>@#:/.\\&[]()~$ \n", max_size=40))
COUNT = st.integers(0, 3_000_000)
_JSON = st.recursive(st.none() | st.booleans() | COUNT | TEXT, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
_BODY = st.dictionaries(TEXT, _JSON, max_size=4)
_KEYS = st.builds(
    RunKey,
    st.from_regex("[a-z0-9]{1,9}(-[a-z0-9]{1,9})?", fullmatch=True),
    st.integers(1, 999),
    st.none() | TEXT.filter(lambda text: text and not set(text) & set("[]")),
    st.none() | st.just("2026-W47"),
)
_SIZED = st.builds(
    lambda limited, more, rest, suppressed: Matches(
        total=limited + more, limited=limited, suppressed=suppressed, of_leads=limited + more + rest
    ),
    COUNT,
    COUNT,
    COUNT,
    st.none() | COUNT,
)


def _some(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(strategy, max_size=2).map(tuple)


CHANGES = st.builds(
    Change,
    key=_KEYS,
    kind=st.sampled_from(ChangeKind),
    reason=TEXT,
    action_type=st.sampled_from(get_args(ActionType)),
    summary=TEXT,
    filter_words=st.none() | TEXT,
    description=st.none() | TEXT,
    owner=st.none() | TEXT,
    source=st.none() | st.builds(SpecSource, file=TEXT, line=st.integers(1, 999), digest=st.just("sha256:0")),
    is_undoable=st.booleans(),
    undo_words=st.none() | TEXT,
    depends_on=_some(TEXT),
    matches=st.none() | _SIZED,
    verdicts=_some(
        st.builds(
            Verdict,
            set_at=st.none() | TEXT,
            measured=TEXT,
            limit=TEXT,
            message=st.none() | TEXT,
            mend=st.none() | TEXT,
        )
    ),
    blocked_by=_some(TEXT),
    sample=_some(st.builds(SampledLead, id=TEXT, name=st.just("Canary Person"))),
    funnel=_some(st.builds(FunnelStep, words=TEXT, leads=COUNT, contacts=st.none() | COUNT)),
    forecast=st.none() | st.builds(Forecast, messages=COUNT, words=TEXT),
    overlaps=_some(st.builds(Overlap, with_=_KEYS, n_leads=COUNT, rule=TEXT, message=TEXT, mend=st.none() | TEXT)),
    differences=_some(st.builds(FieldChange, path=TEXT, before=_JSON, after=_JSON)),
    compared_with=st.none() | TEXT,
    request=st.none() | st.builds(Request, body=_BODY, names=st.dictionaries(TEXT, TEXT, max_size=2)),
    asked_limit=st.none() | COUNT,
    hint=st.none() | TEXT,
    notes=_some(TEXT),
)
_MOMENTS = st.integers(0, 10_000_000).map(lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
PLANS = st.builds(
    Plan,
    plan_id=TEXT,
    tool_version=TEXT,
    target=TEXT,
    organization_id=TEXT,
    organization_name=st.none() | TEXT,
    commit=st.none() | TEXT,
    now=_MOMENTS,
    expires_at=_MOMENTS,
    total_leads=st.none() | COUNT,
    marker=st.none() | st.builds(MarkerCheck, is_neutral=st.booleans(), without_marker=COUNT, with_marker=COUNT),
    suppression=st.none() | TEXT,
    changes=st.lists(CHANGES, max_size=6).map(tuple),
)
