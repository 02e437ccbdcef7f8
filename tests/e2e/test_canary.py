"""A canary in every lead: it sings in no plan, comment, page, log, state or error, unless a flag asks for names."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from e2e.project import API_KEY, KEY_VARIABLE, leaks
from e2e.served import Served, serve

from bulkplan.cli.main import run

CANARY = "kanarienvogel"
STATUSES = ("Churned", "Customer", "Potential", "Bad Fit")
PROJECT = """\
schema: bulkplan/project/v1
project_id: "7f3c0c1e2b9d4a60"
targets: {{real: {target}}}
default_target: real
suppress: {{field: custom.Do Not Contact, is: "Yes"}}
senders: {{user-1@example.com: {{daily_limit: 5}}}}
"""
SPECS = """\
schema: bulkplan/v1
name: winback
version: 1
filter: {where: {all: [{field: status, is: Churned}, {has: contact, where: {field: email, exists: true}}]}}
action: {type: email, template: Win-back 2026, sender: user-1@example.com, contact_preference: contact}
guards: {max_percent: 100%}
---
schema: bulkplan/v1
name: onboard
version: 1
filter: {where: {field: status, is: Customer}}
action: {type: sequence_subscribe, sequence: Trial onboarding, sender: user-1@example.com}
guards: {max_percent: 100%}
---
schema: bulkplan/v1
name: mark
version: 1
cohort: frozen
filter: {where: {field: status, is: Potential}}
action: {type: set_lead_status, status: Customer}
guards: {max_percent: 100%}
---
schema: bulkplan/v1
name: purge
version: 1
filter: {where: {field: status, is: Bad Fit}}
action: {type: delete}
guards: {max_percent: 100%}
"""
FORMATS = ("text", "json", "markdown", "html")


@dataclass
class Heard:
    """Runs commands, and keeps all that they said."""

    capfd: pytest.CaptureFixture[str]
    said: str = ""

    def __call__(self, *words: str, code: int | None = 0) -> str:
        """What the command printed; it must end with `code`, where one is given."""
        found = run([*words])
        out, err = self.capfd.readouterr()
        assert code in (None, found), (words, found, err)
        self.said += out + err
        return out + err

    def is_silent(self) -> bool:
        """Whether neither words nor files hold a canary, or the API key."""
        files = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
        texts = {"stdout and stderr": self.said.encode(), **{str(path): content for path, content in files.items()}}
        singing = [name for name, content in texts.items() if CANARY in content.decode("utf-8", "replace").lower()]
        assert singing == []
        assert [name for name, content in texts.items() if leaks(content, ())] == []
        return True


def _lead(number: int) -> dict:
    address = f"{CANARY}.{number}@leads.example"
    contact = {
        "id": f"cont_{number:03}",
        "name": f"Karla {CANARY.title()} {number}",
        "title": f"Head of {CANARY}",
        "emails": [{"email": address, "type": "office", "is_unsubscribed": number % 5 == 0}],
        "phones": [{"phone": "+49301234567", "type": "office"}],
        "urls": [{"url": f"https://{CANARY}.example/{number}", "type": "url"}],
    }
    return {
        "id": f"lead_{number:03}",
        "name": f"{CANARY.title()} {number} GmbH",
        "description": f"a {CANARY}",
        "url": f"https://{CANARY}.example",
        "status_label": STATUSES[number % 4],
        "contacts": [contact],
        "custom": {"Do Not Contact": "Yes" if number % 7 == 0 else "No"},
    }


@pytest.fixture(scope="module")
def aviary(tmp_path_factory):
    """A served sandbox of 40 leads, all of them canaries."""
    folder = tmp_path_factory.mktemp("aviary")
    export = folder / "leads.json"
    export.write_text(json.dumps([_lead(number) for number in range(40)]), encoding="utf-8")
    with serve(
        folder / "world.db", "--from", str(export), "--leads-per-second", "100000", "--rate-limit", "none"
    ) as served:
        yield served


@pytest.fixture
def tell(aviary, tmp_path, monkeypatch, capfd) -> Heard:
    """Runs commands in a project whose target is the aviary."""
    aviary.heal()
    (tmp_path / "specs").mkdir()
    (tmp_path / "bulkplan.yaml").write_text(PROJECT.format(target=aviary.target))
    (tmp_path / "specs" / "all.yaml").write_text(SPECS)
    monkeypatch.chdir(tmp_path)
    for name in ("CI", "BULKPLAN_TARGET", "BULKPLAN_PLAN_KEY", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(KEY_VARIABLE, API_KEY)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/ops")
    (tmp_path / "event.json").write_text("{}")
    monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    monkeypatch.setenv("GITHUB_OUTPUT", "outputs.txt")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return Heard(capfd)


def test_no_form_of_a_plan_names_a_lead(tell):
    tell("validate")
    tell("plan", "--out", "plan.json", "--payload")
    for form in FORMATS:
        assert "winback" in tell("plan", "--format", form)
        assert "winback" in tell("show", "plan.json", "--format", form)
    tell("plan", "--members", "members.csv")
    tell("ci", "summary", "plan.json")
    tell("ci", "outputs", "plan.json")
    assert "winback" in Path("summary.md").read_text()
    tell("explain", "winback")
    tell("lint", "--online", code=None)
    assert tell.is_silent()


def test_names_are_where_a_flag_asks_for_them_and_addresses_nowhere(tell):
    sampled = tell("plan", "--sample", "2", "--out", "sampled.json", "--select", "mark")
    assert CANARY.title() in sampled
    assert CANARY.title() in Path("sampled.json").read_text()
    for form in ("text", "json", "html"):
        assert CANARY.title() in tell("show", "sampled.json", "--format", form)
    comment = tell("show", "sampled.json", "--format", "markdown")
    assert CANARY not in comment.lower()
    assert "left out here: personal data" in comment
    tell("ci", "summary", "sampled.json")
    assert CANARY not in Path("summary.md").read_text().lower()
    tell("plan", "--members", "named.csv", "--with-names", "--select", "mark")
    assert CANARY.title() in Path("named.csv").read_text()
    everything = tell.said + Path("sampled.json").read_text() + Path("named.csv").read_text()
    assert "leads.example" not in everything
    assert "Karla" not in everything


def test_what_runs_is_recorded_without_names(tell):
    tell("plan", "--out", "plan.json", "--select", "mark", "--select", "winback")
    tell("apply", "plan.json", "--report", "report.json")
    tell("apply", "plan.json")
    tell("apply", "--auto-approve", "--select", "onboard")
    tell("status")
    tell("status", "--format", "json")
    tell("state", "list")
    tell("state", "show", "winback")
    tell("state", "show", "mark", "--format", "json")
    tell("state", "export", "--out", "export.json")
    for form in ("text", "json", "csv", "html", "markdown"):
        assert tell("audit", "--format", form)
    tell("audit", "verify")
    tell("plan", "--detailed-exitcode", "--select", "mark")
    assert tell.is_silent()


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (SPECS.replace("{field: status, is: Bad Fit}", "{field: status, is_not: Churned}"), 3),
        (SPECS.replace("is: Bad Fit", "is: Bad Fitt"), 65),
        (SPECS.replace("field: status, is: Bad Fit", "field: custom.Do Not Contract, is: x"), 65),
        (SPECS.replace("Win-back 2026", "Win-bak"), 65),
        (SPECS.replace("user-1@example.com", "user-2@example.com"), 65),
        (SPECS.replace("type: delete", "type: delet"), 65),
    ],
)
def test_no_refusal_and_no_error_names_a_lead(tell, spec, code):
    Path("specs/all.yaml").write_text(spec.replace("100%", "30%") if code == 3 else spec)
    tell("plan", "--select", "purge" if code == 3 else "*", code=code)
    assert tell.is_silent()


FAULTS = [
    ({"kind": "status", "status": 400, "body": {"error": f"bad lead {CANARY}.3@leads.example, key {API_KEY}"}}, 1),
    ({"kind": "status", "status": 422, "body": {"field-errors": {"email": f"<{CANARY}.3@leads.example> is taken"}}}, 1),
    ({"kind": "status", "status": 403, "body": {"message": f"not for {CANARY}.3@leads.example"}}, 77),
    ({"kind": "status", "status": 500, "body": {"odd": [f"{CANARY}.3@leads.example"]}, "times": None}, 75),
    ({"kind": "html", "times": None}, 1),
]


@pytest.mark.parametrize(("fault", "code"), FAULTS)
def test_what_close_says_in_an_error_names_nobody(tell, aviary: Served, fault, code):
    aviary.fault(fault.pop("kind"), method="POST", path="/data/search/*", **fault)
    tell("plan", "-v", "--select", "mark", code=code)
    assert tell.is_silent()


def test_a_run_that_close_refuses_is_recorded_without_the_address_that_it_names(tell, aviary: Served):
    body = {"error": f"{CANARY}.3@leads.example cannot be written to"}
    aviary.fault("status", method="POST", path="/bulk_action/email/*", status=400, body=body)
    Path("specs/all.yaml").write_text(SPECS.replace("name: winback", "name: refused"))
    said = tell("apply", "--auto-approve", "--select", "refused", code=1)
    assert "***@*** cannot be written to" in " ".join(said.split())
    assert "***@***" in tell("state", "show", "refused")
    tell("status")
    assert tell.is_silent()
