"""The PostgreSQL store: short transactions on the primary, and no guess about a COMMIT that nobody answered."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import psycopg
import pytest
from adapters.stores.conformance import KEY, ServiceLaws
from adapters.stores.faults import Fault

from bulkplan.adapters.stores.postgres import PostgresStore
from bulkplan.errors import StoreError
from bulkplan.model.store import PutResult, Slot


class TestPostgresKeepsTheLaws(ServiceLaws):
    @pytest.fixture
    def lab(self, postgres_lab):
        return postgres_lab


@pytest.fixture
def lab(postgres_lab):
    return postgres_lab


@pytest.fixture
def store(lab):
    store = lab.open()
    yield store
    store.close()


def _impatient(lab, timeout_s=0.3):
    return PostgresStore.open(lab.url, target="main", timeout_s=timeout_s)


def test_a_connection_that_was_ended_meanwhile_is_made_again(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bulkplan'")
    assert store.put(KEY, "two", expected_version=1) is PutResult.STORED
    lab.proxy.cut()
    assert store.get(KEY) == Slot(KEY, 2, "two")


def test_a_commit_without_an_answer_is_unsure_and_found_by_reading_back(lab, store):
    store.put("run/first@1", "text", expected_version=0)
    lab.arm(Fault.LOSE_REPLY)
    assert store.put(KEY, "one", expected_version=0) is PutResult.UNSURE
    assert store.get(KEY) == Slot(KEY, 1, "one")


@pytest.mark.parametrize(
    ("said", "result", "found"),
    [
        (b"INSERT", PutResult.STORED, Slot(KEY, 1, "one")),  # tried again on a new connection: it surely had no effect
        (b"COMMIT", PutResult.UNSURE, None),
    ],
)
def test_a_server_that_falls_silent_is_waited_for_only_so_long(lab, store, said, result, found):
    store.put("run/first@1", "text", expected_version=0)
    impatient = _impatient(lab)
    impatient.get(KEY)
    lab.proxy.arm(Fault.MUTE, said)
    assert impatient.put(KEY, "one", expected_version=0) is result
    assert store.get(KEY) == found
    impatient.close()


def test_a_row_that_somebody_holds_is_waited_for_only_so_long(lab, store):
    store.put(KEY, "one", expected_version=0)
    impatient = _impatient(lab)
    with psycopg.connect(lab.server.url(lab.database)) as holder:
        holder.execute("SELECT * FROM bulkplan.slot FOR UPDATE")
        assert impatient.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert "statement timeout" in impatient.trouble
    assert impatient.put(KEY, "two", expected_version=1) is PutResult.STORED
    impatient.close()


@pytest.mark.parametrize("setting", ["default_transaction_read_only = on", "statement_timeout = 1"])
def test_settings_of_the_database_cannot_make_it_store_by_halves(lab, store, setting):
    store.put(KEY, "one", expected_version=0)
    lab.run(f'ALTER DATABASE "{lab.database}" SET {setting}')
    other = lab.open()
    assert other.get(KEY) == Slot(KEY, 1, "one")
    stored = other.put(KEY, "two", expected_version=1)
    assert stored is (PutResult.UNAVAILABLE if "read_only" in setting else PutResult.STORED)
    assert (other.get(KEY).text == "two") == (stored is PutResult.STORED)
    other.close()


def test_an_acknowledged_write_is_on_disk_whatever_the_database_says(lab, store):
    store.put("run/first@1", "text", expected_version=0)
    lab.run(f'ALTER DATABASE "{lab.database}" SET synchronous_commit = off')
    lab.run(_trigger("IF current_setting('synchronous_commit') <> 'on' THEN RAISE EXCEPTION 'lazy'; END IF;"))
    other = lab.open()
    assert other.put(KEY, "one", expected_version=0) is PutResult.STORED
    other.close()


def test_a_full_disk_stores_nothing(lab, store):
    store.put(KEY, "one", expected_version=0)
    lab.run(_trigger("RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100';"))
    assert store.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
    assert "No space left" in store.trouble
    assert store.get(KEY) == Slot(KEY, 1, "one")


def _trigger(body):
    return (
        f"CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {body} RETURN NEW; END$$;"
        "CREATE TRIGGER harm BEFORE INSERT OR UPDATE ON bulkplan.slot FOR EACH ROW EXECUTE FUNCTION harm()"
    )


def test_a_commit_that_no_standby_confirmed_is_unsure(lab, store):
    store.put(KEY, "one", expected_version=0)
    _set_synchronous_standbys(lab, "nobody")
    try:
        results = []
        waiting = threading.Thread(target=lambda: results.append(store.put(KEY, "two", expected_version=1)))
        waiting.start()
        while not lab.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"):
            assert waiting.is_alive()
        waiting.join()
    finally:
        _set_synchronous_standbys(lab, "")
    assert results == [PutResult.UNSURE]
    assert "synchronous replication" in store.trouble


def _set_synchronous_standbys(lab, names):
    lab.run(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    lab.run("SELECT pg_reload_conf()")
    while lab.run("SHOW synchronous_standby_names") != [(names,)]:
        """The server hears of it a moment later."""


def test_a_standby_is_refused(lab, store, unused_port):
    store.put(KEY, "one", expected_version=0)
    lab.server.standby(unused_port)
    try:
        url = f"postgresql://bulkplan@127.0.0.1:{unused_port}/{lab.database}"
        replica = PostgresStore.open(url, target="main")
        with pytest.raises(StoreError, match="standby"):
            replica.get(KEY)
        assert replica.put(KEY, "two", expected_version=1) is PutResult.UNAVAILABLE
        replica.close()
        both = f"postgresql://bulkplan@127.0.0.1:{unused_port},127.0.0.1:{lab.server.port}/{lab.database}"
        primary = PostgresStore.open(f"{both}?target_session_attrs=primary", target="main")
        assert primary.get(KEY) == Slot(KEY, 1, "one")
        primary.close()
    finally:
        lab.server.stop("standby")


def test_a_user_without_rights_is_told_so_and_makes_nothing(lab):
    lab.run("DO $$ BEGIN CREATE ROLE guest LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    guest = lab.open(url=lab.server.url(lab.database, user="guest"))
    assert guest.list() == []
    assert guest.lineage() == ""
    assert guest.put(KEY, "one", expected_version=0) is PutResult.UNAVAILABLE
    assert "permission denied" in guest.trouble
    owner = lab.open()
    owner.put(KEY, "one", expected_version=0)
    with pytest.raises(StoreError, match="permission denied") as caught:
        guest.get(KEY)
    assert "rights" in caught.value.hint
    guest.close()
    owner.close()


def test_a_database_that_is_not_there_is_an_error(lab):
    store = lab.open(url=lab.server.url("no_such"))
    with pytest.raises(StoreError, match="no_such"):
        store.list()
    assert store.put(KEY, "one", expected_version=0) is PutResult.UNAVAILABLE


def test_the_password_is_shown_nowhere(lab, store):
    lab.stop()
    with pytest.raises(StoreError) as caught:
        store.get(KEY)
    store.put(KEY, "one", expected_version=0)
    shown = f"{store.name} {store.trouble} {caught.value.message} {caught.value.hint}"
    assert "canary" not in shown
    assert store.name == f"postgresql://127.0.0.1:{lab.proxy.port}/{lab.database} (main)"
    lab.start()


@pytest.mark.parametrize(
    "url", ["postgresql://u:canary@[host/db", "postgresql://h/db?canary=1", "postgresql://u:%zzcanary@h/db"]
)
def test_an_address_that_makes_no_sense_is_not_quoted(url):
    with pytest.raises(StoreError, match="makes no sense") as caught:
        PostgresStore.open(url, target="main")
    assert "canary" not in f"{caught.value.message} {caught.value.hint}"


def test_without_the_extra_it_says_what_to_install():
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from bulkplan.errors import MissingExtraError\n"
        "try: import bulkplan.adapters.stores.postgres\n"
        "except MissingExtraError as error: sys.exit(error.message)"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}  # noqa: PTH109 - a text
    told = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, env=environ)
    assert told.stderr == 'This store needs: pip install "bulkplan[postgres]"\n'
