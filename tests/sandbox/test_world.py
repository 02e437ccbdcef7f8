"""A world is made whole or not at all, and is shared by threads and processes."""

import re
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from bulkplan.sandbox.clock import SteppedClock, format_moment, parse_moment
from bulkplan.sandbox.world import World, WorldError

NOON = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


def open_world(path, **options):
    return World.open(path, **{"leads": 5, "clock": SteppedClock(NOON), **options})


def n_leads(world):
    (counted,) = world.connection.execute("SELECT count(*) FROM lead").fetchone()
    return counted


def test_a_world_file_is_made_once_and_then_opened(tmp_path):
    path = tmp_path / "deep" / "world.sqlite3"
    first = open_world(path)
    first.connection.execute("DELETE FROM lead WHERE rowid = 1")
    first.close()
    again = open_world(path, leads=99, seed=8)
    assert n_leads(again) == 4
    assert again.organization_id == first.organization_id
    again.close()


def test_a_world_file_is_for_its_owner_alone(tmp_path):
    world = open_world(tmp_path / "world.sqlite3")
    assert (tmp_path / "world.sqlite3").stat().st_mode & 0o777 == 0o600
    world.close()


def test_a_making_that_fails_leaves_nothing_behind(tmp_path):
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_world(tmp_path / "world.sqlite3", progress=stop)
    assert list(tmp_path.iterdir()) == []
    world = open_world(tmp_path / "world.sqlite3")
    assert n_leads(world) == 5
    world.close()


def test_a_killed_making_leaves_no_half_world(tmp_path):
    path = tmp_path / "world.sqlite3"
    script = (
        "import os, sys; from pathlib import Path; from bulkplan.sandbox.world import World\n"
        "World.open(Path(sys.argv[1]), leads=5, progress=lambda done, total: done and os.kill(os.getpid(), 9))"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert killed.returncode == -9
    assert not path.exists()
    world = open_world(path)
    assert n_leads(world) == 5
    world.close()


def test_of_two_makers_the_first_wins(tmp_path):
    path = tmp_path / "world.sqlite3"
    others = []

    def be_overtaken(done, total):
        if done and not others:
            others.append(open_world(path, leads=3, seed=1))

    world = open_world(path, progress=be_overtaken)
    assert n_leads(world) == 3
    assert world.organization_id == others[0].organization_id
    for each in (world, *others):
        each.close()
    assert [each.name for each in tmp_path.iterdir()] == ["world.sqlite3"]


def test_progress_runs_from_nothing_to_all():
    seen = []
    World.open(None, leads=2500, progress=lambda done, total: seen.append((done, total))).close()
    assert seen == [(0, 2500), (1000, 2500), (2000, 2500), (2500, 2500)]


def test_a_file_that_is_no_world_is_refused_and_kept(tmp_path):
    text, database = tmp_path / "text", tmp_path / "database"
    text.write_text("Dear diary, " * 100, encoding="utf-8")
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE diary (day TEXT)")
    connection.close()
    for path in (text, database):
        before = path.read_bytes()
        with pytest.raises(WorldError, match=re.escape(str(path))):
            open_world(path)
        assert path.read_bytes() == before


def test_a_world_of_another_version_is_refused_with_the_way_out(tmp_path):
    path = tmp_path / "world.sqlite3"
    world = open_world(path)
    world.connection.execute("PRAGMA user_version = 99")
    world.close()
    with pytest.raises(WorldError, match="of version 99") as caught:
        open_world(path)
    assert caught.value.hint == "delete it to start anew"


@pytest.mark.parametrize("name", ["", "file/world.sqlite3"])
def test_a_place_where_no_world_can_be_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WorldError):
        open_world(tmp_path / name)


def test_a_negative_number_of_leads_is_refused():
    with pytest.raises(WorldError, match="-1 leads"):
        World.open(None, leads=-1)


def test_a_transaction_that_fails_changes_nothing():
    world = open_world(None)

    def fail():
        with world.transaction() as outer:
            outer.execute("DELETE FROM lead")
            with world.transaction():
                raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert n_leads(world) == 5
    world.close()


def test_two_processes_see_one_truth(tmp_path):
    path = tmp_path / "world.sqlite3"
    one, other = open_world(path), open_world(path)
    with one.transaction() as connection:
        connection.execute("DELETE FROM lead WHERE rowid = 1")
    assert n_leads(other) == 4
    one.advance(3600)
    assert other.now() == NOON + timedelta(hours=1)
    for each in (one, other):
        each.close()


def test_threads_take_turns(tmp_path):
    world = open_world(tmp_path / "world.sqlite3")

    def advance():
        for _ in range(20):
            world.advance(1)

    threads = [threading.Thread(target=advance) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert world.now() == NOON + timedelta(seconds=80)
    world.close()


def test_deleting_a_lead_leaves_nothing_of_it():
    world = open_world(None, leads=50)
    with world.transaction() as connection:
        connection.execute("DELETE FROM lead")
    tables = ("contact", "contact_email", "address", "activity", "opportunity", "opportunity_status_period", "task")
    for table in (*tables, "custom_value", "sequence_subscription", "contact_phone"):
        assert world.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # noqa: S608
    world.close()


def test_new_ids_are_a_prefix_and_43_letters_and_digits():
    world = open_world(None)
    made = {world.new_id("lead_") for _ in range(100)}
    assert len(made) == 100
    assert all(re.fullmatch(r"lead_[0-9A-Za-z]{43}", each) for each in made)
    world.close()


def test_a_stepped_clock_stands_still_until_it_is_advanced():
    clock = SteppedClock(NOON)
    world = World.open(None, leads=0, clock=clock)
    assert world.now() == world.now() == NOON
    clock.advance(1.5)
    world.advance(0.5)
    assert world.now() == NOON + timedelta(seconds=2)
    world.close()


def test_moments_are_written_so_that_text_order_is_time_order():
    early, late = NOON, NOON + timedelta(microseconds=1)
    assert format_moment(early) == "2026-11-22T12:30:00.000000+00:00"
    assert format_moment(early) < format_moment(late)
    assert parse_moment(format_moment(late)) == late
