"""How a bulk action lives: created, loading, processing, done; paused and resumed."""

import math
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest
from support.sandbox_client import EVERY_LEAD, SLOW, SandboxClient

from bulkplan.sandbox import OpenQuestions, SandboxSettings

DAY = 86_400


@pytest.fixture
def slow(open_client):
    return open_client(settings=SLOW)


def edit(client, **body):
    return client.start("edit", type="set_lead_status", lead_status_id=client.status_id("Bad Fit"), **body)


def change(client, action, status, expect=200):
    answer = client.send("PUT", f"/bulk_action/edit/{action['id']}/", {"status": status})
    assert answer.status == expect, answer.body
    return answer.json()


def progress(action):
    return action["status"], action["n_leads"], action["n_leads_processed"]


def template_id(client):
    return client.value("SELECT id FROM email_template ORDER BY position")


def n_changed(client):
    return client.value("SELECT count(*) FROM lead WHERE status_id = ?", client.status_id("Bad Fit"))


def test_counts_are_null_until_loaded_and_then_grow(slow):
    action = edit(slow)
    assert progress(action) == ("created", None, 0)
    assert progress(slow.finish(action, 1)) == ("loading", None, 0)
    assert progress(slow.finish(action, 1)) == ("processing", 60, 0)
    assert progress(slow.finish(action, 2.5)) == ("processing", 60, 25)
    assert n_changed(slow) >= 25
    assert progress(slow.finish(action, 60)) == ("done", 60, 60)
    assert n_changed(slow) == 60


def test_a_late_look_sees_the_same_end(slow):
    action = slow.finish(edit(slow), 3600)
    assert progress(action) == ("done", 60, 60)
    assert (action["n_objects"], action["n_objects_processed"]) == (60, 60)


def test_any_request_moves_actions_on(slow):
    edit(slow)
    slow.clock.advance(3600)
    slow.get("/me/")
    assert n_changed(slow) == 60


def test_the_matched_set_is_fixed_at_loading(slow):
    action = edit(slow)
    slow.finish(action, 2)
    late = slow.ok("POST", "/lead/", {"name": "Late"})
    assert slow.finish(action)["n_leads"] == 60
    assert slow.get(f"/lead/{late['id']}/")["status_label"] == "Potential"


def test_limit_and_sort_decide_who_is_taken(slow):
    sort = [
        {"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}}
    ]
    action = slow.finish(edit(slow, sort=sort, results_limit=7))
    assert (action["n_leads"], action["sort"], action["results_limit"]) == (7, sort, 7)
    taken = slow.events(object_type="lead", action="updated")
    known = [
        i
        for (i,) in slow.rows(
            "SELECT lead_id FROM bulk_target WHERE bulk_action_id = ? ORDER BY position", action["id"]
        )
    ]
    assert known == slow.lead_ids()[::-1][:7]
    assert {event["object_id"] for event in taken} <= set(known)


def test_an_action_without_leads_is_done(slow):
    assert progress(slow.finish(edit(slow, results_limit=0), 2)) == ("done", 0, 0)


def test_actions_run_side_by_side(slow):
    first, second = edit(slow), edit(slow, results_limit=20)
    slow.clock.advance(3)
    assert progress(slow.finish(first, 0)) == ("processing", 60, 10)
    assert progress(slow.finish(second, 0)) == ("processing", 20, 10)


def test_with_endless_speed_an_action_is_done_at_the_next_look(open_client):
    client = open_client(settings=SandboxSettings(leads_per_second=math.inf, loading_seconds=0.0))
    assert client.finish(edit(client), 0)["status"] == "done"


@pytest.mark.parametrize(("seconds", "n_done"), [(0, 0), (1, 0), (4, 20)])
def test_a_paused_action_stands_still_until_it_is_resumed(slow, seconds, n_done):
    action = edit(slow)
    slow.finish(action, seconds)
    paused = change(slow, action, "paused")
    assert (paused["status"], paused["n_leads_processed"]) == ("paused", n_done)
    assert slow.finish(action, DAY) == paused
    assert change(slow, action, "resuming")["status"] == "resuming"
    assert slow.finish(action, 0)["status"] in ("processing", "loading")
    assert slow.finish(action, 2)["n_leads_processed"] == (n_done + 20 if n_done else 0)
    assert progress(slow.finish(action)) == ("done", 60, 60)


def test_pausing_twice_is_pausing_once(slow):
    action = edit(slow)
    assert change(slow, action, "paused") == change(slow, action, "paused")
    kinds = [event["action"] for event in slow.events(object_type="bulk_action.edit", object_id=action["id"])]
    assert kinds.count("paused") == 1


def test_what_is_done_can_be_neither_paused_nor_resumed(slow):
    action = slow.finish(edit(slow))
    assert "cannot be paused" in change(slow, action, "paused", expect=400)["error"]
    assert "cannot be resumed" in change(slow, action, "resuming", expect=400)["error"]


@pytest.mark.parametrize(("days", "expect"), [(6.9, 200), (7.1, 400)])
def test_a_pause_can_be_ended_for_seven_days(slow, days, expect):
    action = edit(slow)
    change(slow, action, "paused")
    slow.clock.advance(days * DAY)
    change(slow, action, "resuming", expect=expect)


@pytest.mark.parametrize("body", [{}, {"status": "done"}, {"status": None}, {"status": ["paused"]}])
def test_no_other_status_can_be_asked_for(slow, body):
    slow.refused("PUT", f"/bulk_action/edit/{edit(slow)['id']}/", body)


def test_the_method_of_pausing_is_a_switch(open_client, slow):
    slow.refused("POST", f"/bulk_action/edit/{edit(slow)['id']}/", {"status": "paused"}, status=405)
    other = open_client(settings=SandboxSettings(open_questions=OpenQuestions(pause_by_put=False)))
    path = f"/bulk_action/edit/{edit(other)['id']}/"
    other.refused("PUT", path, {"status": "paused"}, status=405)
    assert other.ok("POST", path, {"status": "paused"})["status"] == "paused"


def test_an_action_can_neither_be_deleted_nor_found_under_another_kind(slow):
    action = edit(slow)
    slow.refused("DELETE", f"/bulk_action/edit/{action['id']}/", status=405)
    slow.refused("GET", f"/bulk_action/delete/{action['id']}/", status=404)


def test_the_list_is_newest_first_and_paged(slow):
    made = [edit(slow, results_limit=n)["id"] for n in range(5)]
    page = slow.get("/bulk_action/edit/", _limit=2, _skip=1)
    assert [item["id"] for item in page["data"]] == made[::-1][1:3]
    assert page["has_more"] is True
    assert set(slow.get("/bulk_action/edit/", _fields="id,status")["data"][0]) == {"id", "status"}
    slow.refused("GET", "/bulk_action/edit/", query={"_limit": 101})
    assert slow.get("/bulk_action/delete/")["data"] == []


def test_the_life_of_an_action_is_in_the_event_log(slow):
    action = edit(slow)
    slow.finish(action)
    events = slow.events(object_type="bulk_action.edit", object_id=action["id"])
    assert [event["action"] for event in events] == ["completed", "updated", "created"]
    created = events[-1]
    assert created["data"] == action
    assert created["meta"] == {"request_method": "POST", "request_path": "/api/v1/bulk_action/edit/"}
    assert slow.events(object_type="bulk_action.edit", action="created") == [created]
    assert created["request_id"].startswith("req_")
    assert slow.events(request_id=created["request_id"]) == [created]


def test_deleted_leads_are_skipped_and_counted(slow):
    action = edit(slow)
    slow.finish(action, 2)
    for lead_id in slow.lead_ids()[:3]:
        slow.ok("DELETE", f"/lead/{lead_id}/")
    assert progress(slow.finish(action)) == ("done", 60, 60)


def test_a_world_file_keeps_an_action_going(open_client, tmp_path):
    client = open_client(tmp_path / "world.db", settings=SLOW)
    action = edit(client)
    client.finish(action, 4)
    client.sandbox.close()
    again = open_client(tmp_path / "world.db", settings=SLOW, clock=client.clock)
    assert progress(again.get(f"/bulk_action/edit/{action['id']}/")) == ("processing", 60, 20)
    assert progress(again.finish(action)) == ("done", 60, 60)


def _look(path, clock, barrier):
    client = SandboxClient(path, settings=SLOW, clock=clock)
    barrier.wait()
    for _ in range(20):
        client.clock.advance(0.5)
        client.get("/me/")
    client.sandbox.close()


@pytest.mark.slow
def test_several_processes_do_the_work_once(open_client, tmp_path):
    client = open_client(tmp_path / "world.db", settings=SLOW)
    mail = client.start("email", template_id=template_id(client), contact_preference="lead")
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    others = [context.Process(target=_look, args=(tmp_path / "world.db", client.clock, barrier)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0, 0]
    done = client.finish(mail)
    sent = client.rows("SELECT lead_id, count(*) FROM activity WHERE bulk_email_action_id = ? GROUP BY 1", mail["id"])
    assert done["status"] == "done"
    assert len(sent) == done["n_objects"]
    assert {n for _, n in sent} == {1}


KILLED = """
import os, pathlib, signal, sys
from support.sandbox_client import SLOW, SandboxClient

client = SandboxClient(pathlib.Path(sys.argv[1]), settings=SLOW)
client.clock.advance(4)

is_writing = False

def kill_before(statement):
    global is_writing
    is_writing = is_writing or statement == "BEGIN IMMEDIATE"
    if is_writing and sys.argv[2] in statement:
        os.kill(os.getpid(), signal.SIGKILL)

client.sandbox.world.connection.set_trace_callback(kill_before)
client.get("/me/")
"""


@pytest.mark.parametrize("statement", ["INSERT INTO bulk_target", "INSERT INTO event", "SET is_processed", "COMMIT"])
def test_a_killed_process_neither_loses_nor_doubles_anything(open_client, tmp_path, statement):
    client = open_client(tmp_path / "world.db", settings=SLOW)
    mail = client.start("email", template_id=template_id(client), contact_preference="lead")
    run = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "world.db"), statement],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        check=False,
    )
    assert run.returncode == -signal.SIGKILL
    done = client.finish(mail)
    sent = client.rows("SELECT lead_id, count(*) FROM activity WHERE bulk_email_action_id = ? GROUP BY 1", mail["id"])
    assert (done["status"], len(sent)) == ("done", done["n_objects"])
    assert {n for _, n in sent} == {1}


def test_a_query_may_be_left_out_where_that_means_everyone(open_client):
    client = open_client(settings=SandboxSettings(open_questions=OpenQuestions(s_query_is_required=False)))
    body = {"type": "set_lead_status", "lead_status_id": client.status_id("Bad Fit")}
    action = client.ok("POST", "/bulk_action/edit/", body)
    assert action["s_query"] == EVERY_LEAD
    assert client.finish(action)["n_leads"] == 60
