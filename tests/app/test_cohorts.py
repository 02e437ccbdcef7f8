"""Who, not only how many: members in saved plans, drift in them, frozen cohorts, samples and lists of leads."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace

import httpx
import pytest
from support.applying import Applying

from bulkplan.adapters.cohort_files import DiskSpool
from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.adapters.member_spool import MemberSpool
from bulkplan.app.cohorts import CohortWish
from bulkplan.core.cohort import CohortDigest
from bulkplan.core.members import MemberCollector, encoded, sorted_bytes
from bulkplan.core.result import ResultKind
from bulkplan.core.seal import dump_sealed, load_sealed, seal
from bulkplan.errors import InvalidFilesError, PlanRefusedError
from bulkplan.model.plan import ChangeKind
from bulkplan.sandbox import Echo, SandboxSettings
from bulkplan.sandbox.faults import FaultKind

MEMBERS = CohortWish(members=True, open_spool=DiskSpool)
FROZEN = "cohort: frozen\n"


def loosen(job: Applying) -> None:
    """Let a tenth of the leads of an edit come and go."""
    path = job.root / "bulkplan.yaml"
    path.write_text(path.read_text().replace("edit: {", "edit: {max_drift: 10%, "))


class Watched(Applying):
    """Keeps the searches that are sent, and does something before or after a listing of leads."""

    def __init__(self, root, **more):
        super().__init__(root, **more)
        self.searches, self.deeds = [], {}

    def between(self, number, deed, *, after=False):
        self.deeds[number, after] = deed

    def transport(self):
        return WatchedTransport(self, super().transport())


class WatchedTransport(httpx.AsyncBaseTransport):
    def __init__(self, job, inner):
        self.job, self.inner = job, inner

    async def handle_async_request(self, request):
        body = await request.aread()
        if not request.url.path.endswith("/data/search/"):
            return await self.inner.handle_async_request(request)
        self.job.searches.append(body)
        number = n_listings(self.job) if begins_listing(body) else 0
        self.job.deeds.pop((number, False), bool)()
        answer = await self.inner.handle_async_request(request)
        self.job.deeds.pop((number, True), bool)()
        return answer


def begins_listing(body):
    asked = json.loads(body)
    return asked["_limit"] > 1 and "cursor" not in asked


@pytest.fixture
def job(tmp_path):
    job = Watched(tmp_path / "project")
    job.wish = MEMBERS
    return job


def query(job, sql, *values):
    return job.sandbox.world.connection.execute(sql, values).fetchall()


def ids_of(job, label):
    sql = "SELECT l.id FROM lead AS l JOIN lead_status AS s ON s.id = l.status_id WHERE s.label = ? ORDER BY l.id"
    return [row[0] for row in query(job, sql, label)]


def turn(job, lead_ids, label):
    """Give leads another status behind our back."""
    for lead_id in lead_ids:
        query(
            job, "UPDATE lead SET status_id = (SELECT id FROM lead_status WHERE label = ?) WHERE id = ?", label, lead_id
        )


def only_row(plan):
    (change,) = plan.changes
    return change


def kinds(result):
    return {row.key.full_name: row.kind for row in result.results}


def test_a_saved_plan_knows_its_members_and_none_of_their_ids_or_names(job):
    job.write("warm-up")
    sealed = job.save()
    cohort, lead_ids = only_row(sealed.plan).cohort, ids_of(job, "Potential")
    collector, digest = MemberCollector(), CohortDigest()
    collector.add(lead_ids)
    for lead_id in lead_ids:
        digest.add(lead_id)
    assert (cohort.n_leads, cohort.members, cohort.digest) == (len(lead_ids), encoded(collector), digest.text)
    text = dump_sealed(sealed)
    assert load_sealed(text) == sealed
    names = [row[0] for row in query(job, "SELECT name FROM lead")]
    assert not [word for word in (*ids_of(job, "Potential"), *names) if word in text]


def test_a_plain_plan_only_counts(job):
    job.write("warm-up")
    job.wish = None
    row = only_row(job.plan())
    assert (row.cohort, row.sample, row.cohort_kind) == (None, (), "live")


def test_rows_that_would_not_run_are_not_looked_at(job):
    job.write("wipe", action="{type: delete}", more="guards: {max_matches: 1}\n")
    row = only_row(job.plan())
    assert row.is_blocked
    assert row.cohort is None


def test_the_same_number_of_other_leads_is_refused(job):
    job.write("warm-up", more="guards: {max_drift: 5%}\n")
    saved = job.save()
    planned, others = ids_of(job, "Potential"), ids_of(job, "Customer")
    turn(job, planned[:2], "Customer")
    turn(job, others[:2], "Potential")
    assert len(ids_of(job, "Potential")) == len(planned)
    with pytest.raises(PlanRefusedError) as caught:
        job.apply_saved(saved)
    share = f"{100 * 4 / len(planned):.1f}".removesuffix(".0")
    words = (
        f"warm-up@1: 2 entered, 2 left since the plan: 4 of the {len(planned)} planned = {share} %, the limit is 5 %"
    )
    assert words in caught.value.message
    assert job.actions() == []


@pytest.mark.parametrize(("entered", "left", "passes"), [(0, 0, True), (1, 1, True), (2, 0, True), (0, 9, False)])
def test_drift_is_who_entered_and_who_left_together(job, entered, left, passes):
    loosen(job)
    job.write("warm-up")
    saved = job.save()
    planned, others = ids_of(job, "Potential"), ids_of(job, "Customer")
    turn(job, planned[:left], "Customer")
    turn(job, others[:entered], "Potential")
    if passes:
        job.apply_saved(saved)
        assert len(job.actions()) == 1
    else:
        with pytest.raises(PlanRefusedError, match=f"{entered} entered, {left} left since the plan"):
            job.apply_saved(saved)


def test_a_plan_without_members_falls_back_to_counts(job):
    job.write("warm-up")
    job.wish = None
    saved = job.save()
    planned, others = ids_of(job, "Potential"), ids_of(job, "Customer")
    turn(job, planned[:2], "Customer")
    turn(job, others[:2], "Potential")
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}


def test_a_delete_is_done_on_exactly_the_leads_that_were_reviewed(job):
    job.write("wipe", status="Customer", action="{type: delete}")
    saved = job.save()
    leaver, newcomer = ids_of(job, "Customer")[:1], ids_of(job, "Potential")[:1]
    turn(job, leaver, "Potential")
    turn(job, newcomer, "Customer")
    with pytest.raises(PlanRefusedError, match=r"1 entered, 1 left .* the limit is 0 %"):
        job.apply_saved(saved)


def test_the_first_leads_of_an_order_are_compared_with_the_first_leads(job):
    job.write("warm-up", more="options: {results_limit: 5, sort: [name]}\nguards: {max_drift: 0%}\n")
    saved = job.save()
    assert only_row(saved.plan).cohort.n_leads == 5
    by_name = "SELECT l.id FROM lead AS l JOIN lead_status AS s ON s.id = l.status_id AND s.label = 'Potential' "
    first = [row[0] for row in query(job, by_name + "ORDER BY l.name COLLATE NOCASE")]
    turn(job, first[-1:], "Customer")  # not among the first five
    query(job, "UPDATE lead SET name = 'zzz' WHERE id = ?", first[0])
    with pytest.raises(PlanRefusedError, match=r"1 entered, 1 left since the plan: 2 of the 5 planned"):
        job.apply_saved(saved)


def test_leads_are_listed_once_more_for_a_row_that_starts_right_away(job):
    loosen(job)
    job.write("warm-up")
    saved = job.save()
    n_before = n_listings(job)
    job.apply_saved(saved)
    assert n_listings(job) - n_before == 1
    n_leads = saved.plan.changes[0].cohort.n_leads
    assert job.heard.steps[-1] == ("warm-up@1: comparing leads", n_leads, n_leads)


def test_a_row_that_waited_for_another_run_is_looked_at_again(job):
    """What the first run does moves leads into the second one's filter: not those that were reviewed."""
    job.write("first", status="Potential", action="{type: set_lead_status, status: Customer}")
    job.write("second", status="Customer", more="depends_on: [first]\nguards: {max_matches: 60}\n")
    result = job.apply_saved(job.save())
    assert kinds(result) == {"first": ResultKind.DONE, "second": ResultKind.BLOCKED}
    (blocked,) = result.of(ResultKind.BLOCKED)
    assert "entered, 0 left since the plan" in blocked.message


def n_listings(job):
    return sum(map(begins_listing, job.searches))


def test_a_cohort_that_moves_while_it_is_listed_is_listed_again(job):
    job.write("warm-up")
    job.between(1, lambda: turn(job, ids_of(job, "Customer")[:1], "Potential"))
    row = only_row(job.plan())
    assert n_listings(job) == 2
    assert row.cohort.n_leads == len(ids_of(job, "Potential"))
    assert not any("listed" in note for note in row.notes)


def test_a_cohort_that_keeps_moving_is_taken_as_it_is_and_says_so(job):
    job.write("warm-up")
    job.between(1, lambda: turn(job, ids_of(job, "Customer")[:1], "Potential"))
    job.between(2, lambda: turn(job, ids_of(job, "Customer")[:1], "Potential"), after=True)
    row = only_row(job.plan())
    assert any("Close counted" in note and "listed" in note for note in row.notes)


# --- frozen -------------------------------------------------------------------------------------


def test_a_frozen_run_touches_planned_leads_only_and_of_those_only_who_still_match(job):
    job.write("warm-up", more=FROZEN)
    saved = job.save()
    planned, newcomers = ids_of(job, "Potential"), ids_of(job, "Customer")[:5]
    turn(job, newcomers, "Potential")
    turn(job, planned[:1], "Customer")
    assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}
    contacted = set(ids_of(job, "Contacted"))
    assert set(planned[1:]) <= contacted
    assert not contacted & {planned[0], *newcomers}


def test_newcomers_are_no_drift_of_a_frozen_run_and_leavers_are(job):
    job.write("warm-up", more=FROZEN + "guards: {max_drift: 0}\n")
    saved = job.save()
    planned = ids_of(job, "Potential")
    turn(job, ids_of(job, "Customer")[:5], "Potential")
    turn(job, planned[:1], "Customer")
    with pytest.raises(PlanRefusedError, match=f"0 entered, 1 left since the plan: 1 of the {len(planned)} planned"):
        job.apply_saved(saved)


def test_a_frozen_run_says_so_and_is_frozen_without_a_file_too(job):
    job.wish = None
    job.write("warm-up", more=FROZEN)
    row = only_row(job.plan())
    n_leads = len(ids_of(job, "Potential"))
    assert row.cohort_kind == "frozen"
    assert f"frozen: only the {n_leads} leads of this plan" in row.filter_words
    assert (row.cohort.n_leads, row.cohort.members) == (n_leads, None)
    text = json.dumps(row.request.body)
    assert all(lead_id in text for lead_id in ids_of(job, "Potential"))
    assert row.request.body["results_limit"] == n_leads


def test_a_frozen_run_with_a_limit_takes_the_first_leads_of_its_order(job):
    job.write("warm-up", more=FROZEN + "options: {results_limit: 4, sort: [-name]}\n")
    by_name = "SELECT l.id FROM lead AS l JOIN lead_status AS s ON s.id = l.status_id AND s.label = 'Potential' "
    first = {row[0] for row in query(job, by_name + "ORDER BY l.name COLLATE NOCASE DESC LIMIT 4")}
    assert kinds(job.apply(job.plan())) == {"warm-up": ResultKind.DONE}
    assert first == first & set(ids_of(job, "Contacted"))
    assert only_counts(job) == [4]


def only_counts(job):
    return [json.loads(body)["results_limit"] for _, _, body in job.actions()]


def test_suppression_holds_for_a_frozen_run(job):
    (job.root / "bulkplan.yaml").write_text(
        (job.root / "bulkplan.yaml").read_text() + "suppress: {field: name, word_starts_with: a}\n"
    )
    job.write("news", action="{type: email, template: Win-back 2026, sender: dana@example.com}", more=FROZEN)
    row = only_row(job.plan())
    clauses = row.request.body["s_query"]["queries"]
    assert clauses[0]["queries"][1]["negate"] is True
    assert len(clauses[1]["queries"]) == row.matches.total


def test_a_frozen_run_that_ran_is_done_and_its_next_version_shows_no_ids(job):
    job.write("warm-up", more=FROZEN)
    job.apply(job.plan())
    assert only_row(job.plan()).kind is ChangeKind.NO_OP
    turn(job, ids_of(job, "Customer")[:3], "Potential")
    path = job.root / "specs" / "warm-up.yaml"
    path.write_text(path.read_text().replace("version: 1", "version: 2"))
    row = only_row(job.plan())
    assert (row.kind, row.differences, row.compared_with) == (ChangeKind.RUN, (), "warm-up@1")


def test_a_live_run_that_is_frozen_after_it_ran_is_a_conflict_of_one_difference(job):
    job.write("warm-up")
    job.apply(job.plan())
    job.write("warm-up", more=FROZEN)
    row = only_row(job.plan())
    assert row.kind is ChangeKind.CONFLICT
    assert [(change.path, change.after) for change in row.differences] == [("cohort", "frozen")]


def test_more_leads_than_a_request_can_hold_are_an_error_at_the_key(tmp_path):
    job = Applying(tmp_path / "large", n_leads=3_100)
    job.write("all", more=FROZEN + "guards: {max_matches: 5000, max_percent: 100%}\n")
    path = job.root / "specs" / "all.yaml"
    path.write_text(path.read_text().replace("{where: {field: status, is: Potential}}", "{all_leads: true}"))
    with pytest.raises(InvalidFilesError) as caught:
        job.plan()
    (problem,) = caught.value.problems
    assert (problem.at.file, problem.at.line, problem.at.column) == ("specs/all.yaml", 6, 1)
    assert "3,100" in problem.message
    path.write_text(path.read_text() + "options: {results_limit: 3000}\n")
    assert only_row(job.plan()).cohort.n_leads == 3_000


def test_the_largest_frozen_run_is_found_again_when_its_answer_is_lost(tmp_path):
    """Each listing of actions repeats its query, here with everything written out."""
    settings = SandboxSettings(control=True, echo=Echo.NORMALIZED, leads_per_second=1e6)
    job = Applying(tmp_path / "large", n_leads=3_000, settings=settings)
    job.write("all", more=FROZEN + "guards: {max_matches: 5000, max_percent: 100%}\n")
    path = job.root / "specs" / "all.yaml"
    path.write_text(path.read_text().replace("{where: {field: status, is: Potential}}", "{all_leads: true}"))
    job.fail(FaultKind.LOSE_ANSWER)
    assert kinds(job.apply(job.plan())) == {"all": ResultKind.DONE}
    assert len(job.actions()) == 1


# --- samples and lists --------------------------------------------------------------------------


def test_a_sample_shows_the_first_leads_of_the_request_by_name(job):
    job.wish = CohortWish(sample=3)
    job.write("warm-up", more="options: {sort: [-name]}\n")
    row = only_row(job.plan())
    sql = (
        "SELECT l.id, l.name FROM lead AS l JOIN lead_status AS s ON s.id = l.status_id AND s.label = 'Potential' "
        "ORDER BY l.name COLLATE NOCASE DESC LIMIT 3"
    )
    assert [(lead.id, lead.name) for lead in row.sample] == [tuple(found) for found in query(job, sql)]
    assert row.cohort is None
    assert any("personal data" in note for note in row.notes)


def test_a_sample_takes_no_more_leads_than_the_run(job):
    job.wish = CohortWish(sample=50)
    job.write("warm-up", more="options: {results_limit: 2, sort: [name]}\n")
    assert len(only_row(job.plan()).sample) == 2


@dataclass
class Lists:
    rows: list = field(default_factory=list)

    def write(self, key, leads):
        self.rows += [(str(key), lead.id, lead.name) for lead in leads]


@pytest.mark.parametrize("with_names", [False, True])
def test_every_lead_of_every_run_is_listed_in_the_order_of_the_rows(job, with_names):
    lists = Lists()
    job.wish = CohortWish(members=True, sink=lists, with_names=with_names, open_spool=DiskSpool)
    job.write("a-first", status="Customer")
    job.write("b-next")
    job.write("c-blocked", status="Customer", action="{type: delete}", more="guards: {max_matches: 1}\n")
    job.plan()
    wanted = [("a-first@1", each) for each in ids_of(job, "Customer")]
    wanted += [("b-next@1", each) for each in ids_of(job, "Potential")]
    assert [row[:2] for row in lists.rows] == wanted
    assert all(bool(row[2]) is with_names for row in lists.rows)


def test_without_the_flags_no_lead_is_asked_for_by_name(job):
    for wish in (None, MEMBERS, CohortWish(members=True, sink=Lists())):
        job.wish = wish
        job.write("warm-up", more=FROZEN)
        seal(job.plan(), key=None)
    assert job.searches
    assert not any(b"name" in json.dumps(json.loads(body).get("_fields")).encode() for body in job.searches)


def test_members_in_a_forged_plan_are_no_traceback(job):
    job.write("warm-up")
    plan = job.plan()
    row = only_row(plan)
    for members in ("?", "AAAA", ""):
        cohort = row.cohort.model_copy(update={"members": members})
        forged = plan.model_copy(update={"changes": (row.model_copy(update={"cohort": cohort}),)})
        with pytest.raises(PlanRefusedError, match="altered"):
            load_sealed(dump_sealed(seal(forged, key=None)))


def test_progress_counts_leads_to_the_end(job):
    steps = []

    class Progress:
        def step(self, label, done, total):
            steps.append((label, done, total))

    job.write("warm-up")
    job.write("others", status="Customer")
    job.plan_progress = Progress()
    job.plan()
    fetched = [step[1:] for step in steps if step[0] == "fetching leads"]
    n_leads = len(ids_of(job, "Potential")) + len(ids_of(job, "Customer"))
    assert (fetched[0], fetched[-1]) == ((0, n_leads), (n_leads, n_leads))


# --- large --------------------------------------------------------------------------------------


@pytest.fixture
def shelf(job):
    """Where members lie beside a plan that holds those of two leads at most."""
    with MemberShelf() as shelf:
        job.wish = CohortWish(members=True, open_spool=DiskSpool, open_members=MemberSpool, keeper=shelf, max_in_plan=2)
        yield shelf


def test_the_members_of_a_large_cohort_lie_beside_the_plan(job, shelf):
    job.write("warm-up")
    row = only_row(job.plan())
    assert row.cohort.members is None
    assert any("those of more lie in a file beside it" in note for note in row.notes)
    collector = MemberCollector()
    collector.add(ids_of(job, "Potential"))
    kept = b"".join(sorted_bytes(shelf.get(row.key)))
    assert kept == b"".join(sorted_bytes(collector))
    assert row.cohort.members_digest == f"sha256:{hashlib.sha256(kept).hexdigest()}"


@pytest.mark.parametrize("is_beside", [True, False])
def test_drift_of_a_large_cohort_is_told_in_members_where_they_lie_beside_the_plan(job, shelf, is_beside):
    job.write("warm-up")
    saved = job.save()
    turn(job, ids_of(job, "Potential")[:2], "Customer")
    turn(job, ids_of(job, "Customer")[-2:], "Potential")
    if is_beside:
        with pytest.raises(PlanRefusedError, match="2 entered, 2 left since the plan"):
            job.apply_saved(saved, kept=shelf.get)
    else:
        assert kinds(job.apply_saved(saved)) == {"warm-up": ResultKind.DONE}


def test_large_cohorts_are_compared_with_each_other_without_a_request(job, shelf):
    job.write("warm-up")
    job.write("gone", action="{type: delete}", more="guards: {max_matches: 60}\n")
    n_leads, before = len(ids_of(job, "Potential")), len(job.searches)
    job.wish = replace(job.wish, keeper=None)
    asked = job.plan()
    n_asked = len(job.searches) - before
    job.wish = replace(job.wish, keeper=shelf)
    known = job.plan()
    assert len(job.searches) - before - n_asked == n_asked - 1
    for plan in (asked, known):
        assert [[overlap.n_leads for overlap in row.overlaps] for row in plan.changes] == [[n_leads], [n_leads]]
