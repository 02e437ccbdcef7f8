"""Rules on what Close says: templates, smart views and senders that do not do what the spec thinks."""

from __future__ import annotations

from collections.abc import Iterator

from bulkplan.core.lint.rule import CloseFacts, EmptyTag, Example, Hit, Rule, World
from bulkplan.errors import Problem
from bulkplan.model.run import RunKey


def _facts(world: World) -> Iterator[tuple[Hit, CloseFacts, RunKey]]:
    """What Close says about each run; the hit only holds the document."""
    for view in world.specs:
        for run in view.runs:
            if world.close is not None and (facts := world.close.get(run.key)) is not None:
                yield Hit(view.document, Problem("")), facts, run.key


def _not_in_close(world: World) -> Iterator[Hit]:
    for at, facts, _ in _facts(world):
        for problem in facts.problems:
            is_project = problem.path[:1] == ("suppress",)
            yield Hit(world.workspace.project_document if is_project else at.document, problem)


def _user_views(world: World) -> Iterator[Hit]:
    for at, facts, _ in _facts(world):
        for name in facts.user_views:
            message = f'the smart view "{name}" selects other leads for each user: here those of the API key'
            hint = "name the users in the smart view instead of “me”, or write its conditions as where"
            yield Hit(at.document, Problem(message, hint, ("filter",), on_key=True))


def _empty_tags(world: World) -> Iterator[Hit]:
    for at, facts, key in _facts(world):
        for tag in facts.empty_tags:
            if tag.n_empty:
                hint = f"give it a default in the template ({_with_default(tag.tag)}), or leave these leads out"
                yield Hit(at.document, Problem(f"{key}: {_words(tag)}", hint, ("action", facts.mail_key)))


def _words(tag: EmptyTag) -> str:
    share = f"{tag.n_empty:,} of {tag.n_leads:,} leads"
    for_whom = f"a contact of up to {share}" if tag.is_some_contact else share
    return f"{tag.tag} in “{tag.template}” is empty for {for_whom}"


def _with_default(tag: str) -> str:
    return tag.replace(" }}", ' | default: "…" }}')


def _unknown_tags(world: World) -> Iterator[Hit]:
    for at, facts, _ in _facts(world):
        for unknown in facts.unknown_tags:
            message = f"{unknown.tag} in “{unknown.template}” names no custom field, so it is empty for every lead"
            yield Hit(at.document, Problem(message, "mend the template in Close", ("action", facts.mail_key)))


def _senders(world: World) -> Iterator[Hit]:
    for at, facts, _ in _facts(world):
        if facts.sender_without_user is not None:
            message = f"{facts.sender_without_user} belongs to nobody who is still a user of the organization"
            yield Hit(at.document, Problem(message, "name the account of a user who is", ("action", "sender")))


_MAIL = "action:\n  type: email\n  template: Win-back 2026{mark}\n  sender: Dana Reyes <dana@example.com>\n"

RULES = (
    Rule(
        "BP701",
        "error",
        "a name that Close does not know, or that cannot be used",
        "A status, field, template, sequence, user, smart view or sender that is missing, ambiguous, archived or not "
        "active: plan refuses the spec for the same reason.",
        Example("filter:\n  where: {field: status, is: Chruned}  # not-in-close\n"),
        Example("filter:\n  where: {field: status, is: Churned}\n"),
        _not_in_close,
        "close",
    ),
    Rule(
        "BP702",
        "warning",
        "a smart view selects other leads for each user",
        "Such a view asks for “me”. The run takes the leads of whoever owns the API key, which in CI is most often "
        "nobody.",
        Example("filter:  # user-dependent-smart-view\n  smart_view: My open leads\n", words="the view asks for “me”"),
        Example("filter:\n  smart_view: Renewals in the next 60 days\n", words="the view names what it takes"),
        _user_views,
        "close",
    ),
    Rule(
        "BP703",
        "warning",
        "a placeholder of the template is empty for part of the leads",
        "“Hi ,” is what such a lead reads. Counted are leads of the cohort without a value; of contacts, leads of "
        "which at least one contact has none. Placeholders with a default are fine.",
        Example(_MAIL.format(mark="  # empty-merge-tag"), words="some contacts have no {{ contact.title }}"),
        Example(_MAIL.format(mark=""), words='the template says {{ contact.title | default: "colleague" }}'),
        _empty_tags,
        "close",
    ),
    Rule(
        "BP704",
        "warning",
        "a placeholder of the template names no custom field",
        "The field was renamed or deleted. The placeholder is empty in every mail.",
        Example(_MAIL.format(mark="  # unknown-merge-tag"), words="{{ lead.custom.Produkt }}, and no such field"),
        Example(_MAIL.format(mark=""), words="{{ lead.custom.Plan }}, and a field Plan"),
        _unknown_tags,
        "close",
    ),
    Rule(
        "BP705",
        "warning",
        "the sending account belongs to no user of the organization",
        "Its owner has left: nobody reads the replies, and Close may refuse to send.",
        Example(
            "action:\n  type: email\n  template: Win-back 2026\n  sender: old@example.com  # sender-without-user\n",
            words="the user of this account has left",
        ),
        Example(_MAIL.format(mark=""), words="Dana is a user"),
        _senders,
        "close",
    ),
)
