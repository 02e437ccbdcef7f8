"""GitHub's REST API over HTTP: pages, refusals, limits, and what may be tried again."""

from __future__ import annotations

import time

import pytest
import stamina
from support.github_api import BOT, TOKEN, Fault, GitHubApi

from bulkplan.adapters.github import GitHub, open_github
from bulkplan.adapters.secret import Secret
from bulkplan.app.ci_comment import Draft, Placed, add_comment, keep_comment
from bulkplan.errors import GitHubError

MARKER = "<!-- bulkplan:plan:production -->"
STRANGER = {"login": "mallory", "type": "User", "id": 66}
COMMENTS = r"/issues/7/comments"


@pytest.fixture
def api():
    server = GitHubApi()
    with stamina.set_testing(True, attempts=5, cap=True):
        yield server
    server.close()


@pytest.fixture
def github(api):
    with open_github(api_url=api.url, repository=api.repository, token=Secret(TOKEN)) as opened:
        yield opened


def draft(text="now"):
    return Draft(MARKER, lambda previous: f"{MARKER}\n{text}" + (f" after {previous[-3:]}" if previous else ""))


def test_the_first_comment_is_made_and_the_next_takes_its_place(api, github):
    assert keep_comment(github, 7, draft("one")) is Placed.CREATED
    assert keep_comment(github, 7, draft("two")) is Placed.UPDATED
    assert api.bodies(7) == [f"{MARKER}\ntwo after one"]


def test_the_comment_is_found_on_whichever_page_it_is(api, github):
    api.page_size = 3
    for number in range(8):
        api.say(7, f"talk {number}", user=STRANGER)
    mine = api.say(7, f"{MARKER}\nold")
    assert keep_comment(github, 7, draft()) is Placed.UPDATED
    assert [one["body"] for one in api.comments[7] if one["id"] == mine] == [f"{MARKER}\nnow after old"]
    assert len([call for call in api.calls if call.method == "GET" and "comments" in call.path]) == 3


@pytest.mark.parametrize("body", [f"{MARKER}\nmine now", f"quoted:\n{MARKER}\nold", f" {MARKER}"])
def test_a_comment_of_somebody_else_is_never_changed_whatever_it_holds(api, github, body):
    api.say(7, body, user=STRANGER)
    assert keep_comment(github, 7, draft()) is Placed.CREATED
    assert api.bodies(7) == [body, f"{MARKER}\nnow"]


def test_our_own_comment_that_only_quotes_the_marker_is_left_alone(api, github):
    api.say(7, f"A stranger wrote {MARKER}")
    assert keep_comment(github, 7, draft()) is Placed.CREATED


def test_with_a_person_s_token_the_comments_of_the_bot_are_not_ours(api, github):
    api.user = {"login": "dana", "type": "User", "id": 5}
    api.say(7, f"{MARKER}\nold", user=BOT)
    assert keep_comment(github, 7, draft("hers")) is Placed.CREATED
    assert keep_comment(github, 7, draft("hers")) is Placed.UPDATED
    assert api.bodies(7)[0] == f"{MARKER}\nold"


def test_what_was_said_is_not_said_again(api, github):
    assert add_comment(github, 7, draft()) is Placed.CREATED
    assert add_comment(github, 7, draft()) is Placed.UNCHANGED
    assert len(api.bodies(7)) == 1


def test_a_comment_that_was_deleted_meanwhile_is_made_anew(api, github):
    api.say(7, f"{MARKER}\nold")
    api.faults.append(Fault("PATCH", "/issues/comments/", 404, message="Not Found"))
    assert keep_comment(github, 7, draft()) is Placed.CREATED


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("POST", COMMENTS, 403, message="Resource not accessible by integration"), "pull-requests: write"),
        (Fault("POST", COMMENTS, 404, message="Not Found"), "permission"),
        (Fault("POST", COMMENTS, 422, message="Validation Failed"), "summary"),
        (Fault("GET", COMMENTS, 401, message="Bad credentials"), "GITHUB_TOKEN"),
    ],
)
def test_a_refusal_is_told_with_its_reason_and_its_mend_and_not_tried_again(api, github, fault, words):
    api.faults.append(fault)
    with pytest.raises(GitHubError, match=fault.message) as caught:
        keep_comment(github, 7, draft())
    assert caught.value.status == fault.status
    assert words in str(caught.value.hint)
    assert len([call for call in api.calls if call.method == fault.method and "comments" in call.path]) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET", COMMENTS, 502, times=2),
        Fault("GET", COMMENTS, 0),
        Fault("GET", COMMENTS, 429, {"retry-after": "0"}),
        Fault("POST", COMMENTS, 403, {"retry-after": "0"}, "You have exceeded a secondary rate limit"),
        Fault(
            "POST", COMMENTS, 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "API rate limit exceeded"
        ),
    ],
    ids=["5xx", "cut", "429", "secondary", "primary"],
)
def test_what_may_pass_is_tried_again(api, github, fault):
    api.faults.append(fault)
    assert keep_comment(github, 7, draft()) is Placed.CREATED
    assert len(api.bodies(7)) == 1


def test_a_limit_that_lasts_too_long_is_not_waited_for(api, github):
    reset = str(int(time.time()) + 3000)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    api.faults.append(Fault("GET", COMMENTS, 403, headers, "API rate limit exceeded", times=9))
    with pytest.raises(GitHubError, match="rate limit"):
        keep_comment(github, 7, draft())
    assert api.faults[0].times == 8


@pytest.mark.parametrize("status", [0, 502])
@pytest.mark.parametrize("is_made", [True, False], ids=["made", "not made"])
def test_a_comment_whose_answer_got_lost_stands_there_once(api, github, status, is_made):
    api.faults.append(Fault("POST", COMMENTS, status, after=is_made))
    assert keep_comment(github, 7, draft()) is Placed.CREATED
    assert api.bodies(7) == [f"{MARKER}\nnow"]


@pytest.mark.parametrize("url", ["http://github.example/api", "https://user:word@github.example", "nonsense"])
def test_a_token_is_not_sent_to_just_any_address(url):
    with (
        pytest.raises(GitHubError, match="cannot be used"),
        open_github(api_url=url, repository="acme/crm", token=Secret(TOKEN)),
    ):
        pass


def test_a_next_page_elsewhere_is_not_followed(api, github):
    other = GitHubApi()
    for url in (
        f"{other.url}/repos/acme/crm/issues/7/comments?page=2",
        f"{api.url}.evil.test/x",
        "//evil.test",
        api.url,
    ):
        with pytest.raises(GitHubError, match="another server"):
            github.caller.follow(url)
    assert other.calls == api.calls == []
    other.close()


def test_the_token_stands_in_no_error(api):
    api.token = "ghs_another"
    with (
        pytest.raises(GitHubError) as caught,
        open_github(api_url=api.url, repository=api.repository, token=Secret(TOKEN)) as github,
    ):
        keep_comment(github, 7, draft())
    assert TOKEN not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"


def test_a_plan_is_fetched_without_showing_the_token_to_the_store_of_files(api, github: GitHub):
    found = api.leave(
        "bulkplan-plan-x", {"plan.json": "{}", "../evil": "x"}, head_sha="a" * 40, at="2026-11-26T11:00:00Z"
    )
    assert github.artifact_text(found, "plan.json") == ("{}", None)
    assert api.calls[-1].authorization is None


def test_what_a_fork_left_does_not_count(api, github):
    at = "2026-11-26T11:00:00Z"
    api.leave("plan", {}, head_sha="a" * 40, at=at, head_repository_id=2)
    api.leave("plan", {}, head_sha="a" * 40, at=at, expired=True)
    assert github.artifacts("plan") == ()
    ours = api.leave("plan", {}, head_sha="a" * 40, at=at)
    assert [each.id for each in github.artifacts("plan")] == [ours]
    for run in ({"event": "workflow_dispatch"}, {"head_sha": "b" * 40}, {"head_repository": {"full_name": "eve/crm"}}):
        odd = api.leave("plan", {}, head_sha="a" * 40, at=at, run=run)
        assert not github.is_pull_request_run(api.artifacts[-1]["workflow_run"]["id"], head_sha="a" * 40), odd


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"text"])
def test_an_artefact_that_is_no_archive_is_an_error_in_words(api, github, content):
    found = api.leave("plan", {"plan.json": "{}"}, head_sha="a" * 40, at="2026-11-26T11:00:00Z")
    api.files[found] = content
    with pytest.raises(GitHubError, match=r"holds no plan\.json"):
        github.artifact_text(found, "plan.json")
