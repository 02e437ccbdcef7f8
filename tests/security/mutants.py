"""
Takes each defence of the threat model away, one after the other, and sees the tests that hold it fail.

    python tests/security/mutants.py [WORD ...]      only the mutants whose file or test has one of the words

Works in a copy of the repository. Takes some minutes; a few of these run with the other tests (`test_threat_model.py`).
"""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 300
MAX_MEMORY = 4 * 2**30
_LEFT_OUT = (".git", ".venv", "__pycache__", "*_cache", ".hypothesis", ".bulkplan", "node_modules", "dist")
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?\.py::\w+)", re.MULTILINE)
_SCAFFOLD = "bulkplan/adapters/scaffold/github"

SINKS = "tests/security/test_sinks.py::"
FILES = "tests/security/test_files.py::"
PLANS = "tests/security/test_plans.py::"
SEAL = "tests/core/test_seal.py::"


@dataclass(frozen=True)
class Mutant:
    """A file, what is changed in it (each `old` stands there once), and the tests that must fail then."""

    file: str
    edits: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]

    def text(self, root: Path = ROOT) -> str:
        """The file without its defence."""
        found = (root / self.file).read_text(encoding="utf-8")
        for old, new in self.edits:
            assert found.count(old) == 1, f"{self.file}: {old!r} stands there {found.count(old)} times"
            found = found.replace(old, new)
        return found


def without(file: str, old: str, new: str, *tests: str, also: tuple[tuple[str, str], ...] = ()) -> Mutant:
    return Mutant(file, ((old, new), *also), tests)


MUTANTS = (
    # what is shown
    without(
        "bulkplan/core/visible.py",
        'r"^\\s*:(?=:)|##(?=\\[)"',
        'r"(?!)"',
        f"{SINKS}test_no_text_steers_a_terminal_or_a_runner",
        f"{SINKS}test_no_text_in_an_error_steers_a_terminal_or_a_runner",
    ),
    without(
        "bulkplan/core/visible.py",
        "        return _escaped(text)\n",
        "        return text\n",
        "tests/core/test_visible.py::test_what_would_not_show_is_written_out",
        "tests/cli/test_console.py::test_an_escape_in_a_name_never_reaches_the_terminal",
        f"{SINKS}test_no_text_steers_a_terminal_or_a_runner",
    ),
    without(
        "bulkplan/core/visible.py",
        "|(?<=#)#(?=\\[)",
        "",
        f"{SINKS}test_json_is_inert_as_text_and_loses_nothing",
        f"{SINKS}test_json_files_are_inert_as_text",
    ),
    without(
        "bulkplan/core/visible.py",
        'return _ADDRESS.sub("***@***", text)',
        "return text",
        "tests/e2e/test_canary.py::test_what_close_says_in_an_error_names_nobody",
    ),
    without(
        "bulkplan/cli/console.py",
        "text, code = visible(span.text), ",
        "text, code = span.text, ",
        f"{SINKS}test_no_text_steers_a_terminal_or_a_runner",
    ),
    without(
        "bulkplan/cli/console.py",
        "visible(span.text) for span in line",
        "span.text for span in line",
        f"{SINKS}test_no_text_in_an_error_steers_a_terminal_or_a_runner",
    ),
    without(
        "bulkplan/cli/console.py",
        "painted((Span(each),), colour=False) for each in",
        "each for each in",
        f"{SINKS}test_no_text_in_a_bug_or_its_traceback_steers_a_terminal_or_a_runner",
    ),
    without(
        "bulkplan/cli/console.py",
        'self.raw(visible_json(text) + "\\n")',
        'self.raw(text + "\\n")',
        f"{SINKS}test_json_is_inert_as_text_and_loses_nothing",
    ),
    without(
        "bulkplan/report/annotations.py",
        'return "%0A".join(visible(line).replace("%", "%25") for line in text.split("\\n"))',
        "return text",
        f"{SINKS}test_notes_beside_lines_are_one_command_each",
    ),
    without(
        "bulkplan/adapters/github_job.py",
        'end = f"end_{secrets.token_hex(16)}"',
        'end = "end"',
        f"{SINKS}test_no_value_sets_another_output",
    ),
    without(
        "bulkplan/report/markdown.py",
        'return _SIGNS.sub(lambda sign: f"&#{ord(sign.group())};", text)',
        "return text",
        f"{SINKS}test_no_text_is_markup_in_a_comment_or_a_summary",
        "tests/report/test_plan_markdown.py::test_a_hostile_name_is_shown_as_it_is_and_is_nothing_but_text",
    ),
    without(
        "bulkplan/report/markdown.py",
        "return _APART.join(",
        'return "".join(',
        f"{SINKS}test_no_text_is_markup_in_a_comment_or_a_summary",
    ),
    without(
        "bulkplan/report/comment.py",
        "{quote(target, safe='').replace('-', '%2D')}",
        "{target}",
        f"{SINKS}test_no_text_ends_the_marker_of_a_comment",
    ),
    without(
        "bulkplan/app/ci_comment.py",
        " if comment.author == author)",
        ")",
        "tests/adapters/test_github.py::test_a_comment_of_somebody_else_is_never_changed_whatever_it_holds",
    ),
    without(
        "bulkplan/report/html_page.py",
        'Html(escape(visible(text)).replace("##[", "##&#91;"))',
        "Html(visible(text))",
        f"{SINKS}test_no_text_is_markup_on_a_page",
        "tests/report/test_html_page.py::test_a_hostile_name_is_text_wherever_it_stands",
    ),
    without(
        "bulkplan/report/html_page.py",
        "default-src 'none'; ",
        "",
        "tests/report/test_html_page.py::test_a_page_allows_itself_no_script_and_fetches_nothing",
    ),
    without(
        "bulkplan/core/spreadsheet.py",
        'return f"\'{line}" if',
        "return line if",
        f"{SINKS}test_no_cell_of_a_table_is_a_formula",
        f"{SINKS}test_no_cell_of_a_list_of_members_is_a_formula",
    ),
    # what is read from files
    without(
        "bulkplan/adapters/yaml_nodes.py",
        "MAX_NODES = 10_000",
        "MAX_NODES = 12_000",
        "tests/adapters/test_yaml_documents.py::test_bombs_are_refused",
    ),
    without(
        "bulkplan/adapters/yaml_nodes.py",
        "MAX_ALIASES = 100\n",
        "MAX_ALIASES = 1000\n",
        "tests/adapters/test_yaml_documents.py::test_bombs_are_refused",
    ),
    without(
        "bulkplan/adapters/yaml_nodes.py",
        "MAX_DEPTH = 40",
        "MAX_DEPTH = 10**6",
        "tests/adapters/test_yaml_documents.py::test_bombs_are_refused",
    ),
    without(
        "bulkplan/adapters/yaml_files.py",
        "if not stat.S_ISREG(path.lstat().st_mode):",
        "if False:",
        f"{FILES}test_an_odd_file_of_a_project_is_a_problem_with_its_place",
        also=(("if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):", "if False:"),),
    ),
    without(
        "bulkplan/adapters/yaml_text.py",
        "MAX_FILE_BYTES = 1024 * 1024",
        "MAX_FILE_BYTES = 2 * 1024 * 1024",
        "tests/adapters/test_yaml_documents.py::test_bombs_are_refused",
    ),
    without(
        "bulkplan/core/template_rules.py",
        "        _check(tree)\n",
        "",
        "tests/core/test_template.py::test_whatever_is_not_on_the_list_is_refused",
        "tests/security/test_templates.py::test_every_walk_object_and_format_is_refused",
        "tests/security/test_templates.py::test_no_payload_reaches_an_object_or_makes_much",
    ),
    without(
        "bulkplan/core/template_rules.py",
        "MAX_SOURCE = 1000",
        "MAX_SOURCE = 10**9",
        "tests/security/test_templates.py::test_no_payload_reaches_an_object_or_makes_much",
    ),
    without(
        "bulkplan/core/template_rules.py",
        "    elif type(node) not in _PLAIN:\n",
        "    elif False:\n",
        "tests/core/test_template.py::test_whatever_is_not_on_the_list_is_refused",
    ),
    without(
        "bulkplan/adapters/yaml_files.py",
        "        if path.parent.resolve() != root and",
        "        if False and",
        f"{FILES}test_no_spelling_of_a_path_leads_out_of_the_project",
    ),
    without(
        "bulkplan/adapters/yaml_files.py",
        "return top == real or top in real.parents",
        "return True",
        "tests/adapters/test_yaml_files.py::test_a_file_outside_the_project_is_not_read",
    ),
    without(
        "bulkplan/adapters/yaml_files.py",
        "        if path.is_symlink():\n",
        "        if False:\n",
        "tests/adapters/test_yaml_files.py::test_symbolic_links_are_refused_and_not_followed",
    ),
    without(
        "bulkplan/model/spec.py",
        'Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]',
        "Name = Annotated[str, StringConstraints(max_length=80)]",
        f"{FILES}test_no_name_of_a_spec_or_fragment_is_a_path",
    ),
    without(
        "bulkplan/cli/wiring.py",
        '"state" / f"{quote(self.target_name, safe=\'\')}.db"',
        '"state" / f"{self.target_name}.db"',
        "tests/cli/test_wiring.py::test_a_target_name_cannot_lead_out_of_the_folder",
    ),
    without(
        "bulkplan/adapters/stores/framing.py",
        '.replace(".", "%2E")',
        "",
        "tests/adapters/stores/test_framing.py::"
        "test_a_path_has_no_empty_hidden_or_climbing_segment_and_only_plain_signs",
    ),
    without(
        "bulkplan/adapters/text_files.py",
        "if not stat.S_ISREG(found.st_mode):",
        "if False:",
        f"{FILES}test_an_odd_file_that_is_named_is_refused_in_words",
        also=(("file.read(found.st_size)", "file.read(2**28)"),),
    ),
    without(
        "bulkplan/cli/own_files.py",
        "if real.is_file() and real.stat().st_size and not _is_ours(real):",
        "if False:",
        f"{FILES}test_nothing_is_written_into_what_is_no_file_of_ours",
    ),
    without(
        "bulkplan/adapters/quick_names.py",
        "if path.is_symlink() or not path.is_file():",
        "if not path.is_file():",
        f"{FILES}test_completion_waits_for_no_odd_file_and_reads_none_outside",
    ),
    # plans and artefacts
    without(
        "bulkplan/adapters/github.py",
        "archive.getinfo(name)",
        "archive.infolist()[0]",
        "tests/security/test_artifacts.py::test_only_the_very_name_is_read_and_nothing_is_written",
        also=(("archive.open(name)", "archive.open(found)"),),
    ),
    without(
        "bulkplan/adapters/github.py",
        "if found.file_size > MAX_PLAN_BYTES:",
        "if False:",
        "tests/security/test_artifacts.py::test_what_unpacks_to_more_than_a_plan_is_refused",
    ),
    without(
        "bulkplan/adapters/github.py",
        "(zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError, EOFError, OSError)",
        "(KeyError,)",
        "tests/security/test_artifacts.py::test_an_archive_with_any_byte_altered_is_read_or_refused_in_words",
    ),
    without(
        "bulkplan/adapters/github.py",
        'run.event == "pull_request" and ',
        "",
        "tests/adapters/test_github.py::test_what_a_fork_left_does_not_count",
    ),
    without(
        "bulkplan/adapters/github.py",
        "if each.workflow_run.repository_id == each.workflow_run.head_repository_id",
        "if True",
        "tests/adapters/test_github.py::test_what_a_fork_left_does_not_count",
    ),
    without(
        "bulkplan/adapters/member_shelf.py",
        "digest != cohort.members_digest or ",
        "",
        "tests/adapters/test_member_shelf.py::test_an_altered_file_is_refused",
    ),
    without(
        "bulkplan/adapters/member_shelf.py",
        " or not self._kept[change.key].is_sorted()",
        "",
        "tests/adapters/test_member_shelf.py::test_members_out_of_order_are_refused_though_the_plan_has_their_digest",
    ),
    without(
        "bulkplan/core/seal.py",
        "if not hmac.compare_digest(digest.encode(), sealed.digest.encode()):",
        "if False:",
        f"{PLANS}test_no_other_digest_will_do",
    ),
    without(
        "bulkplan/core/seal.py",
        "if not hmac.compare_digest(sealed.hmac.encode(), _mac(_canonical(sealed.plan), key).encode()):",
        "if False:",
        f"{PLANS}test_no_value_of_a_signed_plan_can_be_another_whatever_its_digest_says",
        f"{PLANS}test_no_other_signature_will_do",
    ),
    without(
        "bulkplan/core/seal.py",
        "if not hmac.compare_digest(digest.encode(), sealed.digest.encode()):",
        "if False:",
        f"{SEAL}test_every_single_byte_that_is_altered_is_refused",
        also=(
            (
                "if not hmac.compare_digest(sealed.hmac.encode(), _mac(_canonical(sealed.plan), key).encode()):",
                "if False:",
            ),
        ),
    ),
    without(
        "bulkplan/core/seal.py",
        'return (f"the plan is not signed, and ${KEY_VARIABLE} is set: only signed plans are applied here",)',
        "return ()",
        f"{PLANS}test_no_other_signature_will_do",
    ),
    without(
        "bulkplan/core/seal.py",
        "if text not in (dump_sealed(sealed), _dump(sealed, only_ascii=True)):",
        "if False:",
        f"{PLANS}test_a_plan_says_each_thing_once",
    ),
    without(
        "bulkplan/core/seal.py",
        'pairs = (\n        ("organization", plan.organization_id, here.organization_id),',
        "pairs = (",
        f"{SEAL}test_each_reason_names_both_values",
    ),
    without(
        "bulkplan/core/seal.py",
        'pairs = [\n        ("organization", plan.organization_id, here.organization_id),',
        "pairs = [",
        "tests/core/test_reviewed.py::test_a_plan_for_elsewhere_does_not_count_and_says_so",
    ),
    without(
        "bulkplan/core/seal.py",
        "        *_expiry_reasons(plan, here.now),\n",
        "",
        f"{SEAL}test_each_reason_names_both_values",
    ),
    without(
        "bulkplan/core/seal.py",
        "        *_spec_reasons(plan, here),\n",
        "",
        f"{PLANS}test_another_run_cannot_take_the_place_of_a_reviewed_one",
        f"{PLANS}test_without_a_key_no_row_can_be_added",
        "tests/app/test_saved_plan.py::test_an_edited_spec_is_named",
    ),
    without(
        "bulkplan/core/seal.py",
        "        if (then.kind, then.id) not in now or now[then.kind, then.id].digest != then.digest\n",
        "        if False\n",
        "tests/app/test_saved_plan.py::test_an_edited_template_is_named",
    ),
    without(
        "bulkplan/app/saved_plan.py",
        "if change.request.kind != fresh.kind:",
        "if False:",
        f"{PLANS}test_without_a_key_a_forged_row_still_sends_only_what_its_spec_asks_for",
    ),
    without(
        "bulkplan/app/saved_plan.py",
        " or _moved_names(change, fresh[change.key])",
        "",
        f"{PLANS}test_without_a_key_a_forged_row_still_sends_only_what_its_spec_asks_for",
    ),
    without(
        "bulkplan/app/saved_plan.py",
        "        if self.is_used():\n            return await self._follow_used()\n",
        "",
        "tests/app/test_saved_plan.py::test_a_used_plan_sends_nothing_and_is_fine_when_all_of_it_ran",
    ),
    without(
        "bulkplan/app/saved_plan.py",
        "if use.plan_digest != self.sealed.digest:",
        "if False:",
        f"{PLANS}test_a_forged_plan_that_bears_the_id_of_a_used_one_sends_nothing",
    ),
    without(
        "bulkplan/core/reviewed.py",
        "            reasons.append(_not_reviewed(change, plans))\n",
        "            continue\n",
        "tests/core/test_reviewed.py::test_a_row_that_nobody_reviewed_stops_everything",
    ),
    # keys
    without(
        "bulkplan/adapters/close_connection.py",
        "if expected is None or identity.organization_id == expected:",
        "if True:",
        "tests/adapters/test_close_connection.py::test_an_identity_of_another_organization_is_refused_with_both_ids",
        "tests/adapters/test_close_reader.py::test_a_key_of_another_organization_is_refused",
    ),
    without(
        "bulkplan/adapters/close_connection.py",
        "if first_not_allowed((host,), allowed=allowed, always=(httpx.URL(DEFAULT_BASE_URL).host,)) is None:",
        "if True:",
        "tests/adapters/test_close_connection.py::test_a_host_that_only_the_project_file_names_is_given_no_key",
    ),
    without(
        "bulkplan/core/allowed_hosts.py",
        "return next(others, None)",
        "return None",
        "tests/security/test_keys.py::"
        "test_a_password_of_the_environment_goes_to_no_host_that_only_the_project_file_names",
    ),
    without(
        "bulkplan/cli/wiring.py",
        'check_host(place.target.base_url, allowed=allowed, key_source=f"${variable}")',
        "pass",
        "tests/security/test_keys.py::test_no_command_sends_the_key_to_a_host_that_only_the_project_file_names",
    ),
    without(
        "bulkplan/model/base.py",
        'frozen=True, extra="forbid"',
        'frozen=True, extra="ignore"',
        "tests/security/test_keys.py::test_neither_a_spec_nor_a_fragment_nor_the_project_says_where_keys_go",
    ),
    without(
        "bulkplan/adapters/close_connection.py",
        'if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):',
        "if False:",
        "tests/adapters/test_close_connection.py::test_a_key_is_sent_nowhere_else",
    ),
    without(
        "bulkplan/adapters/read_only.py",
        "if _origin(request.url) != self._origin:",
        "if False:",
        "tests/adapters/test_read_only.py::test_the_key_goes_to_its_own_origin_only",
    ),
    without(
        "bulkplan/adapters/close_http.py",
        "        follow_redirects=False,\n",
        "        follow_redirects=True,\n",
        "tests/adapters/test_close_errors.py::test_redirects_are_not_followed",
    ),
    without(
        "bulkplan/adapters/close_http.py",
        "httpx.AsyncHTTPTransport, verify=verify, ",
        'httpx.AsyncHTTPTransport, proxy=__import__("os").environ.get("HTTP_PROXY"), verify=verify, ',
        "tests/adapters/test_close_http.py::test_the_environment_decides_nothing",
    ),
    without(
        "bulkplan/adapters/github_http.py",
        'is_safe = parts.scheme == "https" or',
        "is_safe = True or",
        "tests/adapters/test_github.py::test_a_token_is_not_sent_to_just_any_address",
    ),
    without(
        "bulkplan/adapters/github_http.py",
        'if not url.startswith(f"{self.api_url}/"):',
        "if False:",
        "tests/adapters/test_github.py::test_a_next_page_elsewhere_is_not_followed",
    ),
    without(
        "bulkplan/adapters/github_http.py",
        'httpx.Request("GET", target, headers=_HEADERS)',
        'httpx.Request("GET", target, headers={**_HEADERS, "authorization": f"Bearer {self.token.reveal()}"})',
        "tests/adapters/test_github.py::test_a_plan_is_fetched_without_showing_the_token_to_the_store_of_files",
    ),
    without(
        "bulkplan/adapters/stores/git_program.py",
        "f\"http.{server.rstrip('/')}/.extraheader\"",
        '"http.extraheader"',
        "tests/security/test_keys.py::test_a_token_is_in_the_environment_of_git_and_never_among_its_words",
    ),
    without(
        "bulkplan/adapters/secret.py",
        "    def __repr__(self) -> str:\n        return _MASK\n",
        "    def __repr__(self) -> str:\n        return self._text\n",
        "tests/adapters/test_secret.py::test_a_secret_is_never_shown",
    ),
    without(
        "bulkplan/adapters/secret.py",
        "return (Secret, (_MASK,))",
        "return (Secret, (self._text,))",
        "tests/adapters/test_secret.py::test_a_pickle_holds_no_secret",
    ),
    without(
        "bulkplan/adapters/secret.py",
        "            text = text.replace(form, _MASK)\n",
        "            pass\n",
        "tests/adapters/test_close_errors.py::test_no_error_quotes_the_key",
    ),
    without(
        "bulkplan/core/project_checks.py",
        'if not may_hold_one and not _LIKE_A_KEY.search(problem.at.source or ""):',
        "if not may_hold_one:",
        "tests/security/test_keys.py::test_a_key_that_stands_in_a_file_by_mistake_is_not_repeated",
    ),
    without(
        "bulkplan/cli/own_files.py",
        "0o600 if is_private else 0o666",
        "0o666",
        "tests/cli/test_plan_members.py::test_a_sample_is_told_of_and_keeps_the_plan_private",
    ),
    # what may be sent, and what is answered
    without(
        "bulkplan/adapters/read_only.py",
        'return method in {"GET", "HEAD"} or (method == "POST" and path == SEARCH_PATH)',
        "return True",
        "tests/adapters/test_read_only.py::test_a_reading_client_sends_nothing_that_could_change_close",
    ),
    without(
        "bulkplan/adapters/read_only.py",
        "if _OVERRIDE in request.headers or",
        "if",
        "tests/adapters/test_read_only.py::test_a_method_override_never_passes",
    ),
    without(
        "bulkplan/adapters/read_only.py",
        "        if self._is_spent:\n            return False\n",
        "",
        "tests/adapters/test_read_only.py::test_the_transport_of_a_session_lets_one_post_through_in_its_life",
    ),
    without(
        "bulkplan/adapters/close_json.py",
        "        if len(chunk) > room:\n",
        "        if False:\n",
        "tests/adapters/test_close_json.py::test_an_endless_body_is_read_no_further_than_its_limit",
    ),
    without(
        "bulkplan/adapters/close_json.py",
        "self._stream.decompress(chunk, room + 1)",
        "self._stream.decompress(chunk)",
        "tests/security/test_answers.py::test_a_bomb_takes_no_more_memory_than_its_bound",
    ),
    without(
        "bulkplan/adapters/close_json.py",
        "if len(found) != len(pairs):",
        "if False:",
        "tests/adapters/test_close_json.py::test_what_is_no_strict_json_is_refused",
    ),
    without(
        "bulkplan/adapters/close_json.py",
        "if _is_too_deep(value):",
        "if False:",
        "tests/adapters/test_close_json.py::test_what_is_no_strict_json_is_refused",
    ),
    without(
        "bulkplan/adapters/close_reader.py",
        "if not _ID.fullmatch(action_id):",
        "if False:",
        "tests/adapters/test_close_reader.py::test_what_is_no_id_leads_to_no_other_path",
    ),
    without(
        "bulkplan/adapters/github_http.py",
        "except (ValueError, RecursionError) as error:",
        "except ValueError as error:",
        "tests/security/test_answers.py::test_an_answer_of_github_that_is_no_json_is_said_to_be_none",
    ),
    without(
        "bulkplan/adapters/close_http.py",
        "async with asyncio.timeout(self.patience.attempt_s):",
        "async with asyncio.timeout(self.patience.attempt_s * 20):",
        "tests/adapters/test_close_http.py::test_a_stalled_answer_ends_by_its_deadline",
    ),
    # what is kept
    without(
        "bulkplan/core/codec.py",
        "    if not is_whole:\n",
        "    if False:\n",
        "tests/core/test_codec.py::test_an_altered_record_is_an_error_and_never_absent",
    ),
    without(
        "bulkplan/core/chain.py",
        'if entry.get("digest") != entry_digest(entry):',
        "if False:",
        "tests/core/test_chain.py::test_any_change_of_an_entry_is_found",
    ),
    without(
        "bulkplan/core/chain.py",
        'if entry.get("previous") != previous:',
        "if False:",
        "tests/core/test_chain.py::test_entries_taken_out_put_in_or_moved_are_found",
    ),
    without(
        "bulkplan/adapters/stores/s3_packs.py",
        'self._contents.get(_md5_of(each.e_tag) or "")',
        'self._contents.get(_md5_of(each.e_tag) or "", next(iter(self._contents.values()), None))',
        "tests/adapters/stores/test_s3_packs.py::test_a_pack_that_is_damaged_costs_requests_and_tells_nothing",
    ),
    without(
        "bulkplan/adapters/stores/s3_packs.py",
        "opener.decompress(packed, max_bytes)",
        "opener.decompress(packed)",
        "tests/adapters/stores/test_s3_packs.py::test_a_pack_that_grows_beyond_its_bound_is_not_opened",
    ),
    without(
        "bulkplan/adapters/stores/s3.py",
        "contents = {} if first_hand else packs.copies(wanted)",
        "contents = packs.copies(wanted)",
        "tests/adapters/stores/test_s3_packs.py::test_an_audit_reads_each_record_itself",
    ),
    without(
        "bulkplan/adapters/stores/local.py",
        "os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)",
        "os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)",
        "tests/adapters/stores/test_local.py::test_file_and_folder_are_private_whatever_the_umask",
    ),
    without(
        "bulkplan/adapters/stores/local.py",
        "if path.stat().st_mode & 0o022:",
        "if False:",
        "tests/adapters/stores/test_local.py::test_a_file_that_others_can_write_is_refused",
    ),
    without(
        "bulkplan/adapters/member_files.py",
        "os.O_WRONLY | os.O_CLOEXEC, 0o600)",
        "os.O_WRONLY | os.O_CLOEXEC, 0o644)",
        "tests/adapters/test_member_files.py::test_the_file_is_for_its_owner_alone",
    ),
    # source and workflows
    without(
        "bulkplan/adapters/yaml_nodes.py",
        "from collections.abc import Iterator\n",
        "import pickle\nfrom collections.abc import Iterator\n",
        "tests/security/test_source.py::test_no_module_runs_data_as_code_or_trusts_what_is_not_verified",
    ),
    without(
        "bulkplan/core/seal.py",
        "if not hmac.compare_digest(digest.encode(), sealed.digest.encode()):",
        "if digest != sealed.digest:",
        "tests/security/test_source.py::test_signatures_are_compared_in_constant_time",
    ),
    without(
        f"{_SCAFFOLD}/actions/plan/plan.sh",
        "target=${INPUT_TARGET:-}",
        "target=${{ inputs.target }}",
        "tests/github/test_workflows.py::test_nothing_is_interpolated_into_a_shell",
    ),
    without(
        f"{_SCAFFOLD}/workflows/bulkplan-plan.yml",
        "    if: inputs.counting && github.event.pull_request.head.repo.full_name == github.repository\n",
        "    if: inputs.counting\n",
        "tests/github/test_workflows.py::test_no_job_that_a_fork_can_start_is_given_a_key_or_a_right_to_write",
    ),
    without(
        f"{_SCAFFOLD}/workflows/bulkplan-apply.yml",
        "    environment: ${{ inputs.environment }}\n",
        "",
        "tests/github/test_workflows.py::test_the_key_that_writes_is_read_behind_the_environment_alone",
    ),
    without(
        f"{_SCAFFOLD}/workflows/bulkplan-plan.yml",
        "\npermissions: {}\n",
        "\npermissions: write-all\n",
        "tests/github/test_workflows.py::test_rights_are_none_but_what_a_job_says",
    ),
    without(
        f"{_SCAFFOLD}/workflows/bulkplan-audit.yml",
        "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2",
        "actions/checkout@v6",
        "tests/github/test_workflows.py::test_actions_of_others_are_pinned_by_commit_and_name_their_version",
    ),
)


def copy_of_repository(folder: Path) -> Path:
    """The repository without its history and its tools, to be changed."""
    return shutil.copytree(ROOT, folder / "copy", ignore=shutil.ignore_patterns(*_LEFT_OUT))


def survivors(mutant: Mutant, copy: Path) -> list[str]:
    """The tests that do not fail without the defence, run in the copy."""
    place = copy / mutant.file
    sound = place.read_text(encoding="utf-8")
    place.write_text(mutant.text(copy), encoding="utf-8")
    try:
        failed = _failed(mutant.tests, copy)
    finally:
        place.write_text(sound, encoding="utf-8")
    return [test for test in mutant.tests if test not in failed]


def _bounded() -> None:
    """Without a defence against bombs, they go off."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))


def _failed(tests: tuple[str, ...], copy: Path) -> set[str]:
    try:
        return set(_FAILED.findall(_run(tests, copy).stdout))
    except subprocess.TimeoutExpired:
        return set(tests)


def _run(tests: tuple[str, ...], copy: Path) -> subprocess.CompletedProcess[str]:
    from e2e.project import environ

    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rfE", "-p", "no:cacheprovider", *tests],
        cwd=copy,
        env=environ(PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="1", PYTHONWARNINGS="default"),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        preexec_fn=_bounded,
        check=False,
    )


def main(words: list[str]) -> int:
    chosen = [each for each in MUTANTS if not words or any(word in f"{each.file} {each.tests}" for word in words)]
    n_survived, began = 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = copy_of_repository(Path(folder))
        ended = _run(tuple(sorted({test for mutant in chosen for test in mutant.tests})), copy)
        if ended.returncode:
            print(f"not all pass with every defence in its place:\n{ended.stdout}")  # noqa: T201
            return 1
        for mutant in chosen:
            survived = survivors(mutant, copy)
            n_survived += bool(survived)
            mark = "SURVIVED" if survived else "killed"
            print(f"{mark:9}{mutant.file}: {mutant.edits[0][0].strip()[:70]!r} {survived or ''}", flush=True)  # noqa: T201
    took = time.monotonic() - began
    print(f"{len(chosen) - n_survived} of {len(chosen)} mutants killed, in {took:.0f} s")  # noqa: T201
    return 1 if n_survived else 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    sys.exit(main(sys.argv[1:]))
