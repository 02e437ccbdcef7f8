"""Every mistake that people make in a project file."""

# ruff: noqa: E501 - in the table of mistakes each has one row
from __future__ import annotations

import pytest
from support.spec_texts import document, place

from bulkplan.core.loopback import is_loopback
from bulkplan.core.project_checks import base_url_fault, load_project_document, warn_of_project

HEAD = "schema: bulkplan/project/v1\n"
REAL = "organization_id: orga_x, api_key_env: KEY"


def test_a_full_project_is_read():
    project, problems = load_project_document(
        document(
            HEAD
            + "project_id: 7f3c0c1e2b9d4a60\ndefault_target: production\ntargets:\n  sandbox: {sandbox: {leads: 10, seed: 1}}\n"
            f"  production: {{{REAL}, state: git, timezone: Europe/Berlin}}\n"
            '  local: {api_key_env: KEY, base_url: "http://127.0.0.1:8000/api/v1"}\n'
            "suppress: {any: [{field: custom.Do Not Contact, is: true}]}\n"
            "guards: {delete: {max_matches: 0}, email: {max_percent: 1%}}\nrequire_saved_plan: true\n"
        )
    )
    assert not problems
    assert list(project.targets) == ["sandbox", "production", "local"]
    assert project.guards.delete.max_matches == 0


CORPUS = [
    ("require_saved_plan: true", "1:1-19", "schema is missing", "bulkplan/project/v1"),
    ("schema: bulkplan/v1", "1:9-20", "expected bulkplan/project/v1", "schema: bulkplan/project/v1"),
    ("schema: bulkplan/project/v2", "1:9-28", "does not know the format", "newer bulkplan"),
    (HEAD + "senders: {Dana: {daily_limit: 5}}", "2:11-15", '"Dana" is no e-mail address', "bare address"),
    (HEAD + "senders: {d@x.de: {daily_limit: 0}}", "2:33-34", "daily_limit must be at least 1", "1 or more"),
    (HEAD + "senders: {d@x.de: {daily_limit: 5}, D@x.de: {daily_limit: 5}}", "2:37-43", "stands here twice", "delete"),
    (HEAD + "senders: {d@x.de: {}}", "2:11-17", "daily_limit is missing", ""),
    (HEAD + "project_id: XYZ", "2:13-16", "not a project ID", "openssl rand -hex 8"),
    (HEAD + "project_id: 12345678", "2:13-21", "project_id must be text", '"12345678"'),
    (HEAD + "tragets: {}", "2:1-8", 'unknown key "tragets"', '"targets"'),
    (HEAD + "targets: {}", "2:1-8", "targets is empty", "sandbox"),
    (HEAD + "targets:", "2:1-8", "targets has no value", ""),
    (HEAD + "default_target: prod", "2:17-21", 'no target "prod"', "sandbox"),
    (HEAD + f"targets: {{p: {{{REAL}}}}}", "2:1-8", "default_target is missing", "default_target: p"),
    (HEAD + f"default_target: produktion\ntargets: {{production: {{{REAL}}}}}", "2:17-27", "no target", '"production"'),
    (
        HEAD + "default_target: p\ntargets: {p: {organization_id: orga_x}}",
        "3:11-12",
        "neither a sandbox nor",
        "api_key_env",
    ),
    (
        HEAD + "targets: {sandbox: {sandbox: {}, api_key_env: X}}",
        "2:34-45",
        "is a sandbox, so it has no api_key_env",
        "delete",
    ),
    (HEAD + "targets: {sandbox: {sandbox: {leads: 0}}}", "2:38-39", "at least 1", ""),
    (HEAD + "targets: {sandbox: {sandbox: true}}", "2:30-34", "sandbox must be a mapping", ""),
    (HEAD + "default_target: p\ntargets: {p: {api_key_env: X}}", "3:11-12", "organization_id is missing", "orga_"),
    (
        HEAD + "default_target: p\ntargets: {p: {organization_id: x, api_key_env: X}}",
        "3:32-33",
        "not the ID of an organization",
        "orga_",
    ),
    (
        HEAD + f"default_target: p\ntargets: {{p: {{{REAL}, state: gti}}}}",
        "3:65-68",
        'no state store is named "gti"',
        "s3://",
    ),
    (HEAD + f"default_target: p\ntargets: {{p: {{{REAL}, timezone: CEST+1}}}}", "3:68-74", "no timezone", ""),
    (
        HEAD + f"default_target: p\ntargets: {{p: {{{REAL}, base_url: 'http://api.close.com'}}}}",
        "3:68-90",
        "unencrypted",
        "https",
    ),
    (HEAD + "guards: {emial: {}}", "2:10-15", "unknown key", '"email"'),
    (HEAD + "guards: {email: {max_matches: 1, min_matches: 2}}", "2:47-48", "larger than max_matches", ""),
    (HEAD + "guards: {email: {max_percent: 0.1}}", "2:31-34", "max_percent is a percentage", "10%"),
    (HEAD + "suppress: {}", "2:11-13", "empty condition", "delete it"),
    (HEAD + "suppress: {field: a, is: 1, gt: 2}", "2:29-31", "do not go together", ""),
    (HEAD + "suppress: {fild: a}", "2:12-16", "no condition", '"field"'),
    (HEAD + "require_saved_plan: yes", "2:21-24", "true or false", "write true"),
    (HEAD + 'suppress: {field: a, is: "{{ vars.x }}"}', "2:1-9", "holds an expression", "specs and fragments only"),
    ("- a", "1:1-4", "mapping of keys", "schema"),
]


@pytest.mark.parametrize(("text", "where", "message", "hint"), CORPUS)
def test_a_mistake_is_told_once_at_its_place_with_its_mend(text, where, message, hint):
    _, (problem,) = load_project_document(document(text))
    assert place(problem) == where
    assert message in problem.message
    assert hint in (problem.hint or "")


@pytest.mark.parametrize("key", ["api_5mGc0Xexample.4tZlive", "api_5mGc0Xexample"])
def test_a_key_written_into_the_file_is_refused_and_never_repeated(key):
    text = HEAD + f"default_target: p\ntargets: {{p: {{organization_id: orga_x, api_key_env: {key}}}}}"
    _, problems = load_project_document(document(text))
    assert problems
    assert key not in repr(problems)


def test_a_password_in_an_address_is_refused_and_never_repeated():
    text = (
        HEAD
        + f"default_target: p\ntargets: {{p: {{{REAL}, base_url: 'https://u:hunter2@api.close.com', state: 'pg://u:hunter2@h'}}}}"
    )
    _, problems = load_project_document(document(text))
    assert len(problems) == 2
    assert "hunter2" not in repr(problems)


@pytest.mark.parametrize(
    ("base_url", "is_fine"),
    [
        ("https://api.close.com/api/v1", True),
        ("https://close.example.com:8443/api", True),
        ("http://localhost:8000/api/v1", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000/api", True),
        ("http://127.1.2.3/", True),
        ("http://api.close.com/api/v1", False),
        ("http://localhost.example.com/", False),
        ("http://127.0.0.1.example.com/", False),
        ("https://user@api.close.com/", False),
        ("https://user:secret@api.close.com/", False),
        ("https://api.close.com/?x=1", False),
        ("https://api.close.com/#x", False),
        ("https://api.close.com/?", False),
        ("ftp://api.close.com/", False),
        ("api.close.com", False),
        ("https://", False),
        ("https://api.close.com:port/", False),
        ("https://[::1", False),
        ("", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_key_goes_over_https_to_a_plain_address(base_url, is_fine):
    assert (base_url_fault(base_url) is None) == is_fine


def test_loopback_is_this_machine_alone():
    assert is_loopback("localhost")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")
    assert not is_loopback("localhost.evil.example")


@pytest.mark.parametrize(
    "state",
    [
        "local",
        "git",
        "git+upstream",
        "git+ssh://git@host/x.git",
        "git+git@host:x.git",
        "git+/srv/state.git",
        "s3://bucket",
        "s3://bucket/a/b",
        "postgresql://host/db",
        "postgres:///db?host=/run/postgresql",
        "postgresql://a:5432,b:5433/db?target_session_attrs=primary",
    ],
)
def test_every_form_of_state_is_understood(state):
    _, problems = load_project_document(document(HEAD + f"targets: {{sandbox: {{sandbox: {{}}, state: '{state}'}}}}"))
    assert not problems


def test_a_missing_project_id_is_a_warning_for_real_organizations_only():
    real = document(HEAD + f"default_target: p\ntargets: {{p: {{{REAL}}}}}")
    (warning,) = warn_of_project(real, load_project_document(real)[0])
    assert "openssl rand -hex 8" in (warning.hint or "")
    sandbox = document(HEAD)
    assert not warn_of_project(sandbox, load_project_document(sandbox)[0])


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("gti", 'no state store is named "gti"'),
        ("git+", 'no state store is named "git"'),
        ("git+--upload-pack=x", "no state store"),
        ("git+ext::sh -c x", "no state store"),
        ("git+ext::sh", "names a program"),
        ("git+https://me:canary@host/x.git", "holds a password"),
        ("s3://AKIA:canary@bucket/x", "more than a bucket"),
        ("s3://bucket/x?canary=1", "more than a bucket"),
        ("mysql://host/canary", 'named "mysql"'),
    ],
)
def test_what_no_store_understands_is_refused_and_its_secrets_are_not_quoted(state, message):
    text = HEAD + f"targets: {{sandbox: {{sandbox: {{}}, state: '{state}'}}}}"
    _, (problem,) = load_project_document(document(text))
    assert message in problem.message
    assert "canary" not in f"{problem.message} {problem.hint} {problem.at.source}"


@pytest.mark.parametrize("state", ["postgresql://me:canary@host/db", "postgresql://host/db?user=x&password=canary"])
def test_a_password_in_the_project_file_is_a_warning_that_does_not_quote_it(state):
    written = document(HEAD + f"targets: {{sandbox: {{sandbox: {{}}, state: '{state}'}}}}")
    project, problems = load_project_document(written)
    (warning,) = warn_of_project(written, project)
    assert not problems
    assert "PGPASSWORD" in (warning.hint or "")
    assert warning.at is not None
    assert "canary" not in f"{warning.message} {warning.hint} {warning.at.source}"
