"""The options of `sandbox serve`: what they mean, and what is said of those that mean nothing."""

import pytest

from bulkplan.cli.parser import parse
from bulkplan.cli.sandbox_options import questions_help, read_faults, read_settings
from bulkplan.errors import UsageError
from bulkplan.sandbox import FaultKind, OpenQuestions, RateLimit
from bulkplan.sandbox.settings import AS_OBSERVED, UNLIMITED


def settings(*words):
    return read_settings(parse(["sandbox", "serve", *words]).args)


def test_without_options_the_careful_answers_and_the_observed_limits_hold():
    found = settings()
    assert (found.open_questions, found.rate_limits) == (OpenQuestions(), AS_OBSERVED)
    assert (found.takes_bearer_tokens, found.control, found.api_keys) == (False, False, ())


def test_every_question_can_be_answered_otherwise():
    found = settings(
        "--question", "pause_by_put=no", "--question", "max_list_limit=50", "--question", "pause_lifetime_s=1.5"
    ).open_questions
    assert (found.pause_by_put, found.max_list_limit, found.pause_lifetime_s) == (False, 50, 1.5)
    for name in OpenQuestions.__dataclass_fields__:
        assert name in questions_help()


def test_limits_tokens_and_keys_are_set():
    found = settings("--rate-limit", "20/1", "--oauth", "--api-key", "k", "--leads-per-second", "5", "--control")
    assert found.rate_limits.default == found.rate_limits.search == RateLimit(20, 1.0)
    assert (found.takes_bearer_tokens, found.api_keys, found.leads_per_second, found.control) == (
        True,
        ("k",),
        5.0,
        True,
    )
    assert settings("--rate-limit", "none").rate_limits == UNLIMITED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--question", "pause_by_putt=no"), "pause_by_putt"),
        (("--question", "pause_by_put"), "NAME=VALUE"),
        (("--question", "pause_by_put=perhaps"), "perhaps"),
        (("--question", "max_list_limit=many"), "many"),
        (("--question", "max_list_limit=0"), "above 0"),
        (("--question", "pause_lifetime_s=nan"), "above 0"),
        (("--rate-limit", "20"), "20"),
        (("--rate-limit", "0/1"), "0/1"),
    ],
)
def test_a_wrong_option_is_a_usage_error_with_a_way_out(words, said):
    with pytest.raises(UsageError, match=said) as caught:
        settings(*words)
    assert caught.value.hint


def test_faults_are_rules_of_json():
    one, two = read_faults(['{"kind": "status", "status": 502}', '[{"kind": "drop", "path": "/lead/*"}]'])
    assert (one.kind, one.status) == (FaultKind.STATUS, 502)
    assert (two.kind, two.path) == (FaultKind.DROP, "/lead/*")
    for words in ("{", '{"kind": "earthquake"}', "7", '{"kind": "drop", "nth": "x"}'):
        with pytest.raises(UsageError, match="--fault"):
            read_faults([words])
