"""Which target, key, store and folder a command works with."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from support.consoles import console_in_memory

from bulkplan.adapters.clock import SystemClock
from bulkplan.cli.exit_codes import exit_code
from bulkplan.cli.progress import progress
from bulkplan.cli.provenance import provenance
from bulkplan.cli.wiring import Place, choose_target, open_connection, open_store, prepare_folder
from bulkplan.errors import BulkplanError, NotAuthorizedError, StoreError, UsageError
from bulkplan.model.project import Project, SandboxSize, Target

SANDBOX = Target(sandbox=SandboxSize(leads=20, seed=1))
REAL = Target(organization_id="orga_1", api_key_env="SHOP_KEY")
PROJECT = Project(default_target="sandbox", targets={"sandbox": SANDBOX, "production": REAL})


def _place(root: Path, target: Target = SANDBOX, *, name: str = "sandbox", **environ: str) -> Place:
    return Place(root, PROJECT, name, target, SystemClock(), environ)


@pytest.mark.parametrize(
    ("flag", "environ", "chosen"),
    [
        (None, {}, "sandbox"),
        (None, {"BULKPLAN_TARGET": "production"}, "production"),
        (None, {"BULKPLAN_TARGET": ""}, "sandbox"),
        ("sandbox", {"BULKPLAN_TARGET": "production"}, "sandbox"),
    ],
)
def test_the_flag_wins_over_the_variable_and_that_over_the_project(flag, environ, chosen):
    assert choose_target(PROJECT, flag=flag, environ=environ)[0] == chosen


@pytest.mark.parametrize(
    ("flag", "environ", "said_by"),
    [("prodution", {}, "--target"), (None, {"BULKPLAN_TARGET": "prodution"}, "$BULKPLAN_TARGET")],
)
def test_an_unknown_target_names_who_said_it_and_the_nearest_one(flag, environ, said_by):
    with pytest.raises(UsageError) as caught:
        choose_target(PROJECT, flag=flag, environ=environ)
    assert said_by in caught.value.message
    assert 'did you mean "production"' in (caught.value.hint or "")


def test_the_folder_is_private_and_out_of_git(tmp_path):
    folder = prepare_folder(tmp_path)
    assert prepare_folder(tmp_path) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"


def test_the_local_store_stands_below_the_project(tmp_path):
    store = open_store(_place(tmp_path))
    store.close()
    assert (tmp_path / ".bulkplan" / "state" / "sandbox.db").is_file()


def test_a_target_name_cannot_lead_out_of_the_folder(tmp_path):
    place = _place(tmp_path, name="../../x")
    assert place.state_file.parent == tmp_path / ".bulkplan" / "state"
    assert place.world_file.parent == tmp_path / ".bulkplan" / "sandbox"


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("git", "git (refs/bulkplan/state/production of origin)"),
        ("git+backup", "git (refs/bulkplan/state/production of backup)"),
        (
            "git+ssh://git@host.example/state.git",
            "git (refs/bulkplan/state/production of ssh://***@host.example/state.git)",
        ),
        ("s3://bucket/x", "s3://bucket/x/production"),
        ("s3://bucket", "s3://bucket/production"),
        ("postgresql://dana:canary@host:5433/db?sslmode=require", "postgresql://host:5433/db (production)"),
        ("postgres://host/db", "postgresql://host/db (production)"),
    ],
)
def test_a_shared_store_is_opened_by_its_address_also_in_ci(tmp_path, state, name):
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "remote", "add", "origin", "https://host.example/x.git")
    _git(tmp_path, "remote", "add", "backup", "https://host.example/y.git")
    target = Target(organization_id="orga_1", api_key_env="SHOP_KEY", state=state)
    store = open_store(_place(tmp_path, target, name="production", CI="true", PATH=os.environ["PATH"]))
    assert store.name == name
    store.close()


def test_git_state_without_a_remote_is_refused_with_the_way_out(tmp_path):
    _git(tmp_path, "init", "-q")
    with pytest.raises(StoreError, match="shared with nobody") as caught:
        open_store(_place(tmp_path, Target(api_key_env="K", state="git"), name="production", PATH=os.environ["PATH"]))
    assert "git remote add origin" in (caught.value.hint or "")


def test_in_ci_local_state_of_a_real_organization_is_refused(tmp_path):
    with pytest.raises(BulkplanError, match="vanish") as caught:
        open_store(_place(tmp_path, REAL, name="production", CI="true"))
    for state in ("state: git", "s3://", "postgresql://"):
        assert state in (caught.value.hint or "")
    assert not (tmp_path / ".bulkplan").exists()


@pytest.mark.parametrize(
    ("target", "environ"),
    [
        (SANDBOX, {"CI": "true"}),
        (Target(api_key_env="K", base_url="http://127.0.0.1:8765/api/v1"), {"CI": "true"}),
        (REAL, {"CI": "false"}),
        (REAL, {}),
    ],
)
def test_local_state_is_fine_where_it_lasts_or_does_not_matter(tmp_path, target, environ):
    open_store(_place(tmp_path, target, **environ)).close()


async def test_a_missing_key_names_its_variable(tmp_path):
    heard = console_in_memory()
    with progress(heard.console) as shown, pytest.raises(NotAuthorizedError) as caught:
        async with open_connection(_place(tmp_path, REAL, name="production", SHOP_KEY=" "), heard.console, shown):
            pass
    assert "$SHOP_KEY" in caught.value.message
    assert "production" in caught.value.message
    assert exit_code(caught.value) == 77


async def test_the_key_comes_from_its_variable_and_is_shown_nowhere(tmp_path):
    heard = console_in_memory()
    place = _place(tmp_path, REAL, name="production", SHOP_KEY="api_canary_1234567890")
    with progress(heard.console) as shown:
        async with open_connection(place, heard.console, shown) as connection:
            assert connection.api_key.reveal() == "api_canary_1234567890"
            assert connection.key_source == "$SHOP_KEY"
            assert connection.organization_id == "orga_1"
            assert "canary" not in repr(connection)
    assert not (tmp_path / ".bulkplan").exists()


@pytest.mark.parametrize(("allowed", "is_sent"), [("", False), ("api.close.example", True)])
async def test_a_host_that_only_the_project_file_names_is_given_no_key(tmp_path, allowed, is_sent):
    target = REAL.model_copy(update={"base_url": "https://api.close.example/api/v1"})
    place = _place(tmp_path, target, name="production", SHOP_KEY="api_canary_1234567890", BULKPLAN_ALLOW_HOST=allowed)
    heard = console_in_memory()
    with progress(heard.console) as shown:
        if is_sent:
            async with open_connection(place, heard.console, shown) as connection:
                assert connection.base_url == target.base_url
            return
        with pytest.raises(NotAuthorizedError, match="which is not Close") as caught:
            async with open_connection(place, heard.console, shown):
                pass
    assert exit_code(caught.value) == 77


async def test_the_sandbox_is_made_at_first_use_and_kept(tmp_path):
    place = _place(tmp_path)
    first, second = console_in_memory(), console_in_memory()
    for heard in (first, second):
        with progress(heard.console) as shown:
            async with open_connection(place, heard.console, shown) as connection:
                assert connection.transport is not None
    assert first.err.getvalue() == "Making a sandbox with 20 leads …\n"
    assert second.err.getvalue() == ""
    assert place.world_file.is_file()


async def test_a_file_that_is_no_sandbox_is_named_with_the_way_out(tmp_path):
    place = _place(tmp_path)
    prepare_folder(tmp_path)
    place.world_file.parent.mkdir()
    place.world_file.write_text("not a database, but long enough to be looked at as one")
    heard = console_in_memory()
    with progress(heard.console) as shown, pytest.raises(BulkplanError) as caught:
        async with open_connection(place, heard.console, shown):
            pass
    assert "bulkplan sandbox reset" in (caught.value.hint or "")


def test_who_runs_it_is_the_actor_of_the_ci_run(tmp_path):
    environ = {
        "GITHUB_ACTOR": "dana",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": "acme/revops",
        "GITHUB_RUN_ID": "42",
    }
    who = provenance(tmp_path, environ)
    assert who.actor == "dana"
    assert who.ci_run_url == "https://github.example/acme/revops/actions/runs/42"
    assert who.commit is None


def test_outside_of_ci_it_is_the_user(tmp_path):
    who = provenance(tmp_path, {})
    assert who.actor
    assert who.host
    assert who.pid > 0
    assert who.ci_run_url is None
