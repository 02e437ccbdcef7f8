"""A plan whose files are read while Close is asked: the same plan, sooner, and refused by the same mistakes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.plan_world import (
    IDENTITY,
    PLAN_ID,
    FakeReader,
    FakeStore,
    email_data,
    make_record,
    spec_data,
)
from support.small_catalog import NOW

from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.plan import PlanAim, make_plan
from bulkplan.app.plan_early import plan_while_reading
from bulkplan.app.workspace import FILES_A_STEP, Loading, load_workspace
from bulkplan.errors import CloseError, InvalidFilesError, NotAuthorizedError, StoreError
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.document import Reading
from bulkplan.model.project import Target

N_SPECS = 9 * FILES_A_STEP


def name_of(number: int) -> str:
    return f"spec-{number:03d}"


def data_of(number: int) -> dict:
    """Every fourth sends mail, every third waits for the one before, the others set a status on leads of their own."""
    if number % 4 == 3:
        return email_data(name_of(number))
    where = {"all": [{"field": "status", "is": "Churned"}, {"field": "name", "contains": f"segment {number}"}]}
    more = {"depends_on": [name_of(number - 1)]} if number % 3 == 2 else {}
    return spec_data(name_of(number), filter={"where": where}, **more)


@pytest.fixture
def root(tmp_path) -> Path:
    (tmp_path / "specs").mkdir()
    project = {
        "schema": "bulkplan/project/v1",
        "project_id": "ab" * 8,
        "suppress": {"field": "custom.Do Not Contact", "is": "Yes"},
        "overlaps": {"two_values": "allow", "edit_of_filter": "allow"},
    }
    (tmp_path / "bulkplan.yaml").write_text(json.dumps(project), encoding="utf-8")
    for number in range(N_SPECS):
        (tmp_path / "specs" / f"{name_of(number)}.yaml").write_text(json.dumps(data_of(number)), encoding="utf-8")
    return tmp_path


@dataclass(frozen=True)
class WatchedFiles(YamlProject):
    """A project that notes what Close had been asked whenever files were read."""

    reader: FakeReader = field(default_factory=FakeReader)
    asked_before: list[int] = field(default_factory=list)

    def read_specs(self, names) -> Reading:
        self.asked_before.append(len(self.reader.counted))
        return super().read_specs(names)


AIM = PlanAim(target_name="production", target=Target(api_key_env="CLOSE_API_KEY"), now=NOW, plan_id=PLAN_ID)


async def identity_of(answer=IDENTITY):
    await asyncio.sleep(0)
    if isinstance(answer, Exception):
        raise answer
    return answer


async def early(source, *, reader=None, store=None, identity=IDENTITY):
    return await plan_while_reading(
        Loading(source, now=NOW),
        reader=reader or FakeReader(),
        identity=identity if isinstance(identity, asyncio.Future) else asyncio.ensure_future(identity_of(identity)),
        open_store=lambda: store or FakeStore(),
        aim=AIM,
    )


async def test_it_is_the_plan_that_is_made_of_files_read_before(root):
    workspace = load_workspace(YamlProject(root), now=NOW)
    records = [make_record(run) for run in workspace.runs[::5]]
    soon, late = FakeReader(totals={"segment 1": 7}, suppressed=3), FakeReader(totals={"segment 1": 7}, suppressed=3)
    found, result = await early(YamlProject(root), reader=soon, store=FakeStore.of(*records))
    wanted = await make_plan(workspace, reader=late, store=FakeStore.of(*records), scope=AIM.by(IDENTITY))
    assert found == workspace
    assert result == wanted
    assert sorted(soon.counted) == sorted(late.counted)
    asked = [kind for kinds in soon.fetched for kind in kinds]
    assert sorted(asked) == sorted({kind for kinds in late.fetched for kind in kinds})


async def test_leads_are_counted_before_the_last_file_is_read(root):
    files = WatchedFiles(root)
    await early(files, reader=files.reader)
    assert files.asked_before[0] == 0
    assert files.asked_before[-1] > 0


async def test_nothing_is_asked_before_it_is_known_whose_key_it_is(root):
    reader, identity = FakeReader(), asyncio.get_running_loop().create_future()
    planning = asyncio.create_task(early(YamlProject(root), reader=reader, identity=identity))
    for _ in range(2000):
        await asyncio.sleep(0)
    assert (reader.fetched, reader.counted) == ([], [])
    identity.set_result(IDENTITY)
    await planning
    assert reader.fetched
    assert reader.counted


async def test_nothing_is_asked_for_what_has_run(root):
    reader, workspace = FakeReader(), load_workspace(YamlProject(root), now=NOW)
    await early(YamlProject(root), reader=reader, store=FakeStore.of(*map(make_record, workspace.runs)))
    assert (reader.counted, reader.fetched) == ([], [])


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        pytest.param(N_SPECS - 1, '"version": 1', '"version": "one"', id="the last file is wrong"),
        pytest.param(0, '"version": 1', '"version": "one"', id="the first file is wrong"),
        pytest.param(N_SPECS - 1, name_of(N_SPECS - 1), name_of(0), id="a name stands twice"),
    ],
)
@pytest.mark.parametrize("identity", [IDENTITY, NotAuthorizedError("no such key")], ids=["key", "no key"])
async def test_what_is_wrong_with_the_files_is_told_first_and_refuses_all(root, number, old, new, identity):
    file = root / "specs" / f"{name_of(number)}.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidFilesError) as told:
        await early(YamlProject(root), identity=identity)
    with pytest.raises(InvalidFilesError) as wanted:
        load_workspace(YamlProject(root), now=NOW)
    assert told.value.problems == wanted.value.problems


class LostStore(FakeStore):
    def list(self, prefix: str = "") -> list:
        raise StoreError("the state is away")


class LostNames(FakeReader):
    async def fetch_catalog(self, kinds: frozenset[CatalogKind]):
        raise CloseError("names cannot be read")


class LostCounts(FakeReader):
    async def count(self, s_query, *, results_limit=None):
        await super().count(s_query)
        raise CloseError("leads cannot be counted")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"identity": NotAuthorizedError("no such key"), "store": LostStore()}, "no such key"),
        ({"store": LostStore()}, "the state is away"),
        ({"reader": LostNames()}, "names cannot be read"),
        ({"reader": LostCounts()}, "leads cannot be counted"),
    ],
)
async def test_what_goes_wrong_while_files_are_read_is_told_as_ever(root, given, words):
    with pytest.raises((CloseError, StoreError, NotAuthorizedError), match=words):
        await early(YamlProject(root), **given)


async def test_no_count_is_begun_once_one_has_failed(root):
    reader = LostCounts()
    with pytest.raises(CloseError):
        await early(YamlProject(root), reader=reader)
    assert len(reader.counted) < N_SPECS
