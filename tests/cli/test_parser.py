"""What a command line asks for, and how wrong ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkplan.cli.arguments import Args
from bulkplan.cli.command_table import COMMANDS, GROUPS
from bulkplan.cli.parser import build_parser, parse
from bulkplan.errors import UsageError

NAMES = [command.name for command in COMMANDS]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help_with_examples_of_itself(name):
    text = parse([*name.split(), "--help"]).help_text or ""
    assert text.startswith(f"usage: bulkplan {name}")
    examples = text.split("examples:\n", 1)[1]
    assert examples.strip().startswith(f"bulkplan {name}")
    assert parse(["help", *name.split()]).help_text == text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_example_in_the_help_is_a_command_line_that_is_understood(command):
    import shlex

    for line, words in command.examples:
        asked = parse(shlex.split(line)[1:])
        assert asked.command is command, words


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_says_what_it_does_and_sets_a_known_argument(command):
    for action in build_parser(command)._actions:
        assert action.help, action.dest
        assert action.dest == "help" or hasattr(Args, action.dest), action.dest


def test_the_help_of_bulkplan_lists_every_command():
    text = parse(["--help"]).help_text or ""
    for command in COMMANDS:
        assert f"  {command.name} " in text
        assert command.summary in text
    assert parse(["help"]).help_text == text
    assert parse(["help", "help"]).help_text == text


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_alone_lists_its_commands_as_a_mistake(group):
    asked = parse([group])
    assert asked.is_mistake
    assert f"bulkplan {group} " in (asked.help_text or "")
    assert not parse([group, "--help"]).is_mistake


def test_bulkplan_alone_is_a_mistake_that_prints_help():
    asked = parse([])
    assert asked.is_mistake
    assert (asked.help_text or "").startswith("usage:")


@pytest.mark.parametrize(
    "words",
    [
        ["-C", "shop", "--target", "staging", "--quiet", "plan", "--out", "p.json"],
        ["plan", "-C", "shop", "--target", "staging", "--out", "p.json", "--quiet"],
        ["--target=staging", "plan", "--quiet", "-Cshop", "--out=p.json"],
    ],
)
def test_common_options_stand_before_or_after_the_command(words):
    args = parse(words).args
    assert (args.directory, args.target, args.quiet, args.out) == (Path("shop"), "staging", True, Path("p.json"))


def test_common_options_may_stand_inside_a_command_of_two_words():
    asked = parse(["state", "--target", "staging", "show", "winback@2"])
    assert asked.command is not None
    assert (asked.command.name, asked.args.target, asked.args.run) == ("state show", "staging", "winback@2")


def test_what_is_not_given_keeps_its_default():
    args = parse(["apply"]).args
    assert (args.plan, args.auto_approve, args.settle_timeout, args.wait_timeout) == (None, False, 140.0, 3600.0)
    assert parse(["sandbox", "serve"]).args.host == "127.0.0.1"


def test_select_may_be_repeated():
    assert list(parse(["plan", "--select", "a*", "--select", "b"]).args.select) == ["a*", "b"]


def test_two_parses_share_nothing():
    parse(["plan", "--select", "a"])
    assert list(parse(["plan"]).args.select) == []


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (["plann"], '"plann"', "plan"),
        (["state", "lst"], '"state lst"', "state list"),
        (["sandbx", "serve"], '"sandbx"', "sandbox"),
        (["zzzzz"], '"zzzzz"', "bulkplan --help"),
        (["plan", "--ouput", "x"], "--ouput", "--out"),
        (["apply", "--auto-aprove"], "--auto-aprove", "--auto-approve"),
        (["--targt", "x", "plan"], "--targt", "--target"),
        (["--quite"], "--quite", "--quiet"),
        (["plan", "-x"], "-x", "bulkplan plan --help"),
        (["plan", "extra"], '"extra"', "bulkplan plan --help"),
        (["show"], "PLAN", "bulkplan show --help"),
        (["plan", "--out"], "--out", "bulkplan plan --help"),
        (["plan", "--format", "xml"], "xml", "bulkplan plan --help"),
        (["apply", "--settle-timeout", "30"], "30s", "bulkplan apply --help"),
        (["state", "settle", "winback@2"], "--ran", "bulkplan state settle --help"),
        (["state", "settle", "winback@2", "--ran", "x", "--did-not-run"], "not allowed", "--help"),
        (["sandbox", "serve", "--leads", "0"], "0", "--help"),
        (["help", "plann"], '"plann"', "plan"),
    ],
)
def test_wrong_usage_names_what_is_wrong_and_the_nearest_right_word(words, message, hint):
    with pytest.raises(UsageError) as caught:
        parse(words)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_no_option_can_be_shortened():
    with pytest.raises(UsageError):
        parse(["apply", "--auto"])


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["audit"], "audit"),
        (["audit", "--since", "7d"], "audit"),
        (["audit", "verify"], "audit verify"),
        (["audit", "-C", ".", "verify"], "audit verify"),
        (["--target", "x", "audit", "--quiet", "verify", "--format", "json"], "audit verify"),
    ],
)
def test_a_command_that_is_a_group_too_is_itself_unless_a_second_word_follows(words, name):
    asked = parse(words)
    assert asked.command is not None
    assert asked.command.name == name


def test_a_second_word_that_is_no_command_names_the_nearest():
    with pytest.raises(UsageError, match='no command "audit verfy"') as refused:
        parse(["audit", "verfy"])
    assert "audit verify" in str(refused.value.hint)
