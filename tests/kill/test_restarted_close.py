"""Close goes away in the middle of an action and comes back: apply follows on."""

from __future__ import annotations

from e2e.project import spec, until
from e2e.served import copied
from kill.servers import server


def test_a_close_that_is_restarted_mid_action_is_followed_on(make_project, small_world, tmp_path):
    with server(copied(small_world, tmp_path / "served"), "--leads-per-second", "12") as (process, served):
        project = make_project("project", served.target)
        project.write("specs/mark.yaml", spec("mark"))
        with project.started("apply", "--auto-approve") as apply:
            until(lambda: served.starts() == 1, "the action is started")
            until(lambda: project.status("--no-refresh")["mark@1"]["state"] == "submitted", "it is recorded")
            process.kill()
            process.start()
            outcome = project.ended(apply)
        assert outcome.code == 0, outcome
        run = project.status("--no-refresh")["mark@1"]
        assert (run["state"], run["verification"]["is_ok"]) == ("done", True)
        assert run["counts"]["n_leads_processed"] == run["counts"]["approved"]
        assert len(served.actions()) == 1
