import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.adapters.close_limits import MAX_WAIT_S, RateLimit, group_of, parse_rate_limit, wait_asked_s


@pytest.mark.parametrize(
    ("header", "limit"),
    [
        ("limit=100, remaining=50, reset=5", RateLimit(100, 50, 5)),
        ("limit=160; remaining=0; reset=7.25", RateLimit(160, 0, 7.25)),
        ("Limit = 16,remaining=3 ,RESET=0.5", RateLimit(16, 3, 0.5)),
        ("reset=3", RateLimit(None, None, 3)),
        ("limit=a, remaining=-5, reset=nan", RateLimit(None, None, None)),
        ("reset=1.2.3", RateLimit(None, None, None)),
        ("reset=99999999999999", RateLimit(None, None, MAX_WAIT_S)),
        ("", RateLimit(None, None, None)),
    ],
)
def test_the_header_is_read_in_all_its_forms(header, limit):
    assert parse_rate_limit(header) == limit


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"ratelimit": "reset=1.5", "retry-after": "2"}, 2),
        ({"ratelimit": "limit=1, remaining=0, reset=8", "retry-after": "3"}, 8),
        ({"retry-after": "4"}, 4),
        ({"ratelimit": "reset=5", "retry-after": "soon"}, 5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, MAX_WAIT_S),
        ({}, None),
    ],
)
def test_the_larger_wait_that_makes_sense_is_taken(headers, wait):
    assert wait_asked_s(headers) == wait


@given(st.text(), st.text())
def test_junk_in_headers_never_fails(limit, after):
    wait = wait_asked_s({"ratelimit": limit, "retry-after": after})
    assert wait is None or 0 <= wait <= MAX_WAIT_S


@pytest.mark.parametrize(
    ("path", "group"),
    [
        ("/me/", "GET me"),
        ("/bulk_action/edit/", "GET bulk_action/edit"),
        ("/bulk_action/edit/bulkedit_0A1/", "GET bulk_action/edit"),
        ("/bulk_action/sequence_subscription/bulkseqsub_A/", "GET bulk_action/sequence_subscription"),
        ("/lead/lead_7Zx/", "GET lead"),
        ("/custom_field_schema/lead/", "GET custom_field_schema/lead"),
    ],
)
def test_a_group_is_method_and_path_without_ids(path, group):
    assert group_of("GET", path) == group
