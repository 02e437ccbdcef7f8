"""Which ID a name in a spec stands for: exact ID, exact name, else the one name that differs only in case."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from bulkplan.core.near import did_you_mean, join_words
from bulkplan.errors import Path, Problem
from bulkplan.model.catalog import Catalog, CustomField, SmartView, Status, Template, User
from bulkplan.model.catalog import Sequence as CloseSequence

Item_co = TypeVar("Item_co", covariant=True)
MAX_LISTED = 5


class Known(NamedTuple, Generic[Item_co]):
    """One thing in the catalog: its ID, what people call it (first the name to show), and the thing itself."""

    id: str
    names: tuple[str, ...]
    item: Item_co

    @property
    def name(self) -> str:
        """The name to show."""
        return self.names[0] if self.names else self.id


class Noun(NamedTuple):
    """What to call a kind of thing in messages, and how its IDs begin."""

    singular: str
    plural: str
    prefixes: tuple[str, ...]


_ID_REST = re.compile(r"[A-Za-z0-9]+")
LEAD_STATUS = Noun("lead status", "lead statuses", ("stat_",))
OPPORTUNITY_STATUS = Noun("opportunity status", "opportunity statuses", ("stat_",))
CUSTOM_FIELD = Noun("custom field", "custom fields", ("cf_", "lcf_"))
TEMPLATE = Noun("e-mail template", "e-mail templates", ("tmpl_",))
SEQUENCE = Noun("sequence", "sequences", ("seq_",))
USER = Noun("user", "users", ("user_",))
SMART_VIEW = Noun("smart view", "smart views", ("save_",))


def is_id(word: str, prefixes: Iterable[str]) -> bool:
    """Whether a word has the form of an ID: one of the prefixes, then letters and digits."""
    return any(word.startswith(prefix) and _ID_REST.fullmatch(word, len(prefix)) for prefix in prefixes)


def find(word: str, known: Sequence[Known[Item_co]], *, noun: Noun, path: Path) -> Known[Item_co] | Problem:
    """
    Find the one thing that `word` names.

    Returns:
        The thing, or a problem at `path`: nothing is named so (with the nearest names), or several things are (with
        their IDs, so that one can be chosen).
    """
    word = word.strip()
    for is_named in (_has_id, _has_name, _has_name_in_any_case):
        matches = [thing for thing in known if is_named(thing, word)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            return _ambiguous(word, matches, noun=noun, path=path)
    return _missing(word, known, noun=noun, path=path)


def _has_id(thing: Known[Item_co], word: str) -> bool:
    return thing.id == word


def _has_name(thing: Known[Item_co], word: str) -> bool:
    return word in thing.names


def _has_name_in_any_case(thing: Known[Item_co], word: str) -> bool:
    return word.casefold() in {name.casefold() for name in thing.names}


def name_or_id(id_: str, known: Sequence[Known[Item_co]], *, noun: Noun) -> str:
    """How a spec names a thing: by the first of its names that means nothing else, else by its ID."""
    names = next((thing.names for thing in known if thing.id == id_), ())
    for name in names:
        found = find(name, known, noun=noun, path=())
        if isinstance(found, Known) and found.id == id_ and name.strip() == name and not is_id(name, noun.prefixes):
            return name
    return id_


def _ambiguous(word: str, matches: Sequence[Known[Item_co]], *, noun: Noun, path: Path) -> Problem:
    ids = [thing.id for thing in matches]
    more = f" (and {len(ids) - MAX_LISTED} more)" if len(ids) > MAX_LISTED else ""
    return Problem(
        f'{len(ids)} {noun.plural} are named "{word}"',
        hint=f"write the ID of the one that is meant: {join_words(ids[:MAX_LISTED], last='or')}{more}",
        path=path,
    )


def _missing(word: str, known: Sequence[Known[Item_co]], *, noun: Noun, path: Path) -> Problem:
    names = [thing.name for thing in known]
    if is_id(word, noun.prefixes):
        return Problem(f"no {noun.singular} has the ID {word}", hint=_some_of(names, noun), path=path)
    all_names = [name for thing in known for name in thing.names]
    return Problem(
        f'no {noun.singular} is named "{word}"',
        hint=did_you_mean(word, all_names) or _some_of(names, noun),
        path=path,
    )


def _some_of(names: Sequence[str], noun: Noun) -> str:
    if not names:
        return f"the organization has no {noun.plural}, or the API key may not see them"
    return f"{noun.plural}: {list_some(names)}"


def list_some(names: Sequence[str], limit: int = 8) -> str:
    """Some names, separated by commas; says how many are left out."""
    distinct = list(dict.fromkeys(names))
    rest = len(distinct) - limit
    return ", ".join(distinct[:limit]) + (f", … ({rest} more)" if rest > 0 else "")


def known_statuses(statuses: Iterable[Status]) -> tuple[Known[Status], ...]:
    """Statuses by label."""
    return tuple(Known(status.id, (status.label,), status) for status in statuses)


def known_fields(fields: Iterable[CustomField]) -> tuple[Known[CustomField], ...]:
    """Custom fields by name."""
    return tuple(Known(field.id, (field.name,), field) for field in fields)


def known_sequences(catalog: Catalog) -> tuple[Known[CloseSequence], ...]:
    """Sequences by name."""
    return tuple(Known(sequence.id, (sequence.name,), sequence) for sequence in catalog.sequences)


def known_users(catalog: Catalog) -> tuple[Known[User], ...]:
    """Users by full name and by e-mail address."""
    return tuple(
        Known(user.id, tuple(name for name in (user.full_name, user.email) if name), user) for user in catalog.users
    )


def find_lead_status(word: str, catalog: Catalog, path: Path) -> Known[Status] | Problem:
    """A lead status by label or ID."""
    return find(word, known_statuses(catalog.lead_statuses), noun=LEAD_STATUS, path=path)


def find_opportunity_status(word: str, catalog: Catalog, path: Path) -> Known[Status] | Problem:
    """An opportunity status by label or ID."""
    return find(word, known_statuses(catalog.opportunity_statuses), noun=OPPORTUNITY_STATUS, path=path)


def find_lead_field(word: str, catalog: Catalog, path: Path) -> Known[CustomField] | Problem:
    """A custom field of leads by name or ID; `custom.` in front is allowed."""
    return find(word.removeprefix("custom."), known_fields(catalog.lead_fields), noun=CUSTOM_FIELD, path=path)


def find_user(word: str, catalog: Catalog, path: Path) -> Known[User] | Problem:
    """A user by full name, e-mail address or ID."""
    return find(word, known_users(catalog), noun=USER, path=path)


def find_template(word: str, catalog: Catalog, path: Path) -> Known[Template] | Problem:
    """An e-mail template that can be sent: an archived one stands aside for a live one of its name, else is refused."""
    known = tuple(Known(template.id, (template.name,), template) for template in catalog.templates)
    live = [thing for thing in known if not thing.item.is_archived]
    archived = [thing for thing in known if thing.item.is_archived and _answers_to(thing, word)]
    if archived and not any(_answers_to(thing, word) for thing in live):
        return Problem(
            f'the e-mail template "{archived[0].name}" is archived',
            hint="restore it in Close, or name another",
            path=path,
        )
    return find(word, live, noun=TEMPLATE, path=path)


def _answers_to(thing: Known[Template], word: str) -> bool:
    return word.strip() == thing.id or word.strip().casefold() == thing.name.casefold()


def find_sequence(word: str, catalog: Catalog, path: Path) -> Known[CloseSequence] | Problem:
    """A sequence by name or ID."""
    return find(word, known_sequences(catalog), noun=SEQUENCE, path=path)


def find_active_sequence(word: str, catalog: Catalog, path: Path) -> Known[CloseSequence] | Problem:
    """A sequence that takes new contacts. Source: Close API, Sequences (`active`, `paused`, `draft`)."""
    found = find_sequence(word, catalog, path)
    if isinstance(found, Known) and found.item.status not in (None, "active"):
        return Problem(
            f'the sequence "{found.name}" is not active, its status is {found.item.status}',
            hint="start it in Close, or name an active one",
            path=path,
        )
    return found


def find_smart_view(word: str, catalog: Catalog, path: Path) -> Known[SmartView] | Problem:
    """A smart view of leads with a structured query, by name or ID."""
    known = tuple(Known(view.id, (view.name,), view) for view in catalog.smart_views)
    leads = tuple(thing for thing in known if thing.item.type == "lead")
    found = find(word, leads, noun=SMART_VIEW, path=path)
    if isinstance(found, Problem):
        other = find(word, known, noun=SMART_VIEW, path=path)
        if isinstance(other, Problem) or other in leads:
            return found
        return Problem(
            f'the smart view "{other.name}" selects {other.item.type}s, not leads',
            hint="bulk actions take leads: name a smart view of leads",
            path=path,
        )
    if found.item.s_query is None:
        return Problem(
            f'the smart view "{found.name}" is an old text search, which a bulk action cannot take',
            hint="save it again in Close with the filter builder, or write the filter in the spec",
            path=path,
        )
    return found
