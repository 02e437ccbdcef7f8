"""Dependencies first, else as the files say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.plan_world import spec_data, wanted_run

from bulkplan.core.ordering import ordered


def names(*specs):
    return [str(run.key) for run in ordered([wanted_run(spec_data(name, depends_on=list(on))) for name, on in specs])]


def test_runs_keep_the_order_of_the_files():
    assert names(("b", ()), ("a", ()), ("c", ())) == ["b@1", "a@1", "c@1"]


def test_a_run_stands_behind_what_it_depends_on_and_the_rest_stays():
    assert names(("a", ("c",)), ("b", ()), ("c", ()), ("d", ("a",))) == ["b@1", "c@1", "a@1", "d@1"]


def test_a_run_waits_for_every_variant():
    tag = spec_data("tag", for_each={"region": ["eu", "us"]})
    runs = [wanted_run(spec_data("mail", depends_on=["tag"])), *(wanted_run(tag, variant=v) for v in ("eu", "us"))]
    assert [run.key.full_name for run in ordered(runs)] == ["tag[eu]", "tag[us]", "mail"]


def test_unknown_names_and_cycles_lose_no_run():
    assert names(("a", ("nobody",)), ("b", ("c",)), ("c", ("b",))) == ["a@1", "b@1", "c@1"]


@given(st.lists(st.sets(st.integers(0, 7)), min_size=1, max_size=8))
def test_every_dependency_comes_before(edges):
    specs = [(f"s{i}", [f"s{j}" for j in sorted(on) if j < i]) for i, on in enumerate(edges)]
    order = names(*reversed(specs))
    for name, on in specs:
        assert all(order.index(f"{other}@1") < order.index(f"{name}@1") for other in on)
