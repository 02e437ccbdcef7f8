"""Leads spooled to disk: each once, sorted, whatever their number, order and names."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from bulkplan.adapters import cohort_files
from bulkplan.adapters.cohort_files import DiskSpool
from bulkplan.model.lead import FoundLead

lead_id = st.text("AZaz09_", min_size=1, max_size=6).map("lead_{}".format)
lead = st.builds(FoundLead, lead_id, st.none() | st.text(max_size=8))


@settings(max_examples=60)
@given(st.lists(st.lists(lead, max_size=20), max_size=8))
def test_what_comes_out_is_what_went_in_sorted_and_each_once(pages):
    with DiskSpool() as spool:
        for page in pages:
            spool.add(page)
        found = list(spool.leads())
    given_ids = {each.id for page in pages for each in page}
    assert [each.id for each in found] == sorted(given_ids)
    assert all(any(each in page for page in pages) for each in found)


def test_many_runs_are_merged_and_may_be_read_twice_and_grown():
    n_leads = 3 * cohort_files.RUN_LEADS + 7
    with DiskSpool() as spool:
        for start in range(0, n_leads, 200):
            spool.add(FoundLead(f"lead_{(7919 * n) % n_leads:09}") for n in range(start, min(start + 200, n_leads)))
        wanted = [f"lead_{number:09}" for number in range(n_leads)]
        assert [each.id for each in spool.leads()] == wanted
        spool.add([FoundLead("lead_x"), FoundLead(wanted[0])])
        assert [each.id for each in spool.leads()] == [*wanted, "lead_x"]


def test_names_come_back_as_they_were():
    with DiskSpool() as spool:
        spool.add([FoundLead("lead_a", "Ada\tÄ\n"), FoundLead("lead_b", "")])
        assert list(spool.leads()) == [FoundLead("lead_a", "Ada\tÄ\n"), FoundLead("lead_b", "")]


def test_a_spool_leaves_no_file_behind_not_even_of_a_killed_process(tmp_path):
    code = (
        "import os, signal\n"
        "from bulkplan.adapters.cohort_files import DiskSpool\n"
        "from bulkplan.model.lead import FoundLead\n"
        "spool = DiskSpool()\n"
        "spool.add(FoundLead(f'lead_{n}', 'Ada') for n in range(30_000))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []
