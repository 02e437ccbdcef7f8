import copy
import dataclasses
import pickle

from adapters.close_fakes import KEY, connection_to

from bulkplan.adapters.secret import Secret


def test_a_secret_is_never_shown():
    secret = Secret(KEY)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret:>10}", f"{[secret]}", f"{secret!r}"]
    assert all(KEY not in text and "***" in text for text in shown)


def test_a_pickle_holds_no_secret():
    assert KEY.encode() not in pickle.dumps(Secret(KEY))
    assert pickle.loads(pickle.dumps(Secret(KEY))).reveal() == "***"  # noqa: S301 - our own bytes


def test_a_connection_shows_no_key_and_its_copy_still_works():
    connection = connection_to()
    assert KEY not in repr(connection)
    assert copy.deepcopy(connection).api_key.reveal() == KEY
    assert dataclasses.replace(connection, key_source="x").api_key.reveal() == KEY


def test_text_that_quotes_the_key_or_its_base64_loses_it():
    secret = Secret(KEY)
    credentials = secret.basic_credentials().removeprefix("Basic ")
    assert secret.hide_in(f"a {KEY} b {credentials} c") == "a *** b *** c"


def test_a_short_sandbox_key_does_not_spoil_ordinary_words():
    assert Secret("sandbox").hide_in("the sandbox says") == "the sandbox says"
