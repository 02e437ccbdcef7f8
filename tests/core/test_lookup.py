"""Which runs `--select` means."""

from __future__ import annotations

import pytest
from support.plan_world import spec_data, wanted_run

from bulkplan.core.lookup import selected
from bulkplan.errors import UsageError

RUNS = [
    wanted_run(spec_data("winback"), variant="EMEA"),
    wanted_run(spec_data("winback"), variant="APAC"),
    wanted_run(spec_data("tag-churned", version=2)),
]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ((), ["winback[EMEA]@1", "winback[APAC]@1", "tag-churned@2"]),
        (("winback",), ["winback[EMEA]@1", "winback[APAC]@1"]),
        (("winback[EMEA]",), ["winback[EMEA]@1"]),
        (("*churned",), ["tag-churned@2"]),
        (("tag-churned@2", "*[APAC]"), ["winback[APAC]@1", "tag-churned@2"]),
    ],
)
def test_patterns_mean_names_variants_and_keys(patterns, found):
    assert [str(run.key) for run in selected(RUNS, patterns)] == found


def test_a_pattern_that_means_nothing_is_an_error_with_near_matches():
    with pytest.raises(UsageError) as caught:
        selected(RUNS, ("tag-chuned",))
    assert "tag-chuned" in caught.value.message
    assert "tag-churned" in caught.value.hint
