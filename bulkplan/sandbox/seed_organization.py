"""How the organization's own things are made from the catalog: users, statuses, fields, templates, sequences, views."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from pydantic import JsonValue

from bulkplan.sandbox import seed_catalog as catalog
from bulkplan.sandbox.ids import seeded_id
from bulkplan.sandbox.seed_batch import Batch, Days
from bulkplan.sandbox.seed_views import view_seeds

FOUNDED_DAYS_AGO = 1200


@dataclass(frozen=True)
class Organization:
    """The ids a lead maker needs, by the names of the catalog, in the catalog's order."""

    users: tuple[str, ...]
    lead_statuses: Mapping[str, str]
    opportunity_statuses: Mapping[str, str]
    fields: Mapping[str, str]
    templates: tuple[str, ...]
    sequences: Mapping[str, str]
    accounts: tuple[tuple[str, str, str], ...]  # id, name and address of each sender


def add_organization(batch: Batch, random: Random, days: Days, n_leads: int, seed: int) -> Organization:
    """Gather everything but leads, and answer the ids leads refer to."""
    maker = _Maker(batch, random, days)
    users = maker.add_users()
    maker.add_meta(users[0], n_leads, seed)
    lead_statuses = maker.add_lead_statuses()
    fields = maker.add_custom_fields(users[0])
    templates = maker.add_templates(users[0])
    organization = Organization(
        users=users,
        lead_statuses=lead_statuses,
        opportunity_statuses=maker.add_pipeline(),
        fields=fields,
        templates=templates,
        sequences=maker.add_sequences(users[0], templates),
        accounts=maker.add_accounts(users),
    )
    maker.add_phone_numbers(users)
    maker.add_views(organization)
    return organization


def add_outgoing(batch: Batch, random: Random, days: Days, *, owner: tuple[str, str, str]) -> None:
    """Gather templates, sequences and one sending account for an owner: id, name and address."""
    maker = _Maker(batch, random, days)
    owner_id, name, address = owner
    templates = maker.add_templates(owner_id)
    maker.add_sequences(owner_id, templates)
    maker.add_account(owner_id, "google", 0, ((name, address),))


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _Maker:
    """One step per kind of thing; the order of steps decides the ids."""

    def __init__(self, batch: Batch, random: Random, days: Days) -> None:
        self._batch = batch
        self._random = random
        self._founded = days.stamp(FOUNDED_DAYS_AGO)
        self._today = days.stamp(0)

    def _id(self, prefix: str) -> str:
        return seeded_id(prefix, self._random)

    def add_meta(self, owner: str, n_leads: int, seed: int) -> None:
        """Say whose world this is, and how it was made."""
        self._batch.add("meta", "organization_id", self._id("orga_"))
        self._batch.add("meta", "organization_name", catalog.ORGANIZATION_NAME)
        self._batch.add("meta", "owner_user_id", owner)
        self._batch.add("meta", "seed", str(seed))
        self._batch.add("meta", "n_leads", str(n_leads))
        self._batch.add("meta", "date_created", self._today)
        self._batch.add("meta", "clock_offset_seconds", "0.0")

    def add_users(self) -> tuple[str, ...]:
        """Add the users; the first is the admin."""
        ids = tuple(self._id("user_") for _ in catalog.USERS)
        for position, (user_id, (first, last)) in enumerate(zip(ids, catalog.USERS, strict=True)):
            address = f"{first.lower()}@example.com"
            self._batch.add("user", user_id, position, address, first, last, None, self._founded, self._founded)
            role = "admin" if position == 0 else "user"
            granted: list[JsonValue] = list(catalog.PERMISSIONS if role == "admin" else catalog.PERMISSIONS[1:3])
            self._batch.add("membership", self._id("memb_"), user_id, role, _json(granted))
        return ids

    def add_lead_statuses(self) -> Mapping[str, str]:
        """Add the lead statuses; the first is the default."""
        ids = {label: self._id("stat_") for label in catalog.LEAD_STATUSES}
        for position, (label, status_id) in enumerate(ids.items()):
            self._batch.add("lead_status", status_id, position, label)
        return ids

    def add_pipeline(self) -> Mapping[str, str]:
        """Add the one pipeline with its statuses."""
        pipeline_id = self._id("pipe_")
        self._batch.add("pipeline", pipeline_id, 0, catalog.PIPELINE, self._founded, self._founded)
        ids = {label: self._id("stat_") for label, _ in catalog.OPPORTUNITY_STATUSES}
        for position, (label, kind) in enumerate(catalog.OPPORTUNITY_STATUSES):
            self._batch.add("opportunity_status", ids[label], pipeline_id, position, label, kind)
        return ids

    def add_custom_fields(self, owner: str) -> Mapping[str, str]:
        """Add the custom fields and say which objects carry them."""
        ids = {field.name: self._id("cf_") for field in catalog.CUSTOM_FIELDS}
        for position, field in enumerate(catalog.CUSTOM_FIELDS):
            self._batch.add(
                "custom_field",
                ids[field.name],
                position,
                field.name,
                field.description,
                field.type,
                _json(list(field.choices)) if field.choices else None,
                int(field.accepts_multiple_values),
                int(len(field.objects) > 1),
                *(owner, owner, self._founded, self._founded),
            )
            for object_type in field.objects:
                self._batch.add("custom_field_object", ids[field.name], object_type)
        return ids

    def add_templates(self, owner: str) -> tuple[str, ...]:
        """Add the e-mail templates, and answer their ids in order (names may be double)."""
        ids = tuple(self._id("tmpl_") for _ in catalog.TEMPLATES)
        for position, (template_id, template) in enumerate(zip(ids, catalog.TEMPLATES, strict=True)):
            self._batch.add(
                "email_template",
                *(template_id, position, template.name, template.subject, template.body, int(template.is_archived)),
                *(owner, owner, self._founded, self._founded),
            )
        return ids

    def add_sequences(self, owner: str, templates: tuple[str, ...]) -> Mapping[str, str]:
        """Add the sequences with their steps."""
        template_ids = {template.name: key for template, key in zip(catalog.TEMPLATES, templates, strict=True)}
        ids = {sequence.name: self._id("seq_") for sequence in catalog.SEQUENCES}
        for position, sequence in enumerate(catalog.SEQUENCES):
            steps: list[JsonValue] = [
                self._step(kind, days, template_ids.get(name) if name else None) for kind, days, name in sequence.steps
            ]
            self._batch.add(
                "sequence",
                *(ids[sequence.name], position, sequence.name, sequence.status, "Europe/Berlin", _json(steps)),
                *(owner, owner, self._founded, self._founded),
            )
        return ids

    def _step(self, kind: str, days: int, template_id: str | None) -> JsonValue:
        return {
            "id": self._id("seqstep_"),
            "step_type": kind,
            "delay": days * 86_400,
            "email_template_id": template_id,
            "required": kind == "call",
            "threading": "old_thread" if kind == "email" and days else None,
        }

    def add_accounts(self, users: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
        """Add the sending accounts, each with its user's own identity first."""
        senders = []
        for position, (user, kind, more) in enumerate(catalog.CONNECTED_ACCOUNTS):
            first, last = catalog.USERS[user]
            own = (f"{first} {last}", f"{first.lower()}@example.com")
            senders.append((self.add_account(users[user], kind, position, (own, *more)), *own))
        return tuple(senders)

    def add_account(self, user_id: str, kind: str, position: int, identities: tuple[tuple[str, str], ...]) -> str:
        """Add one sending account; answers its id. The first identity is its own name and address."""
        account_id = self._id("emailacct_")
        listed: list[JsonValue] = [{"name": name, "email": address} for name, address in identities]
        self._batch.add(
            "connected_account",
            *(account_id, position, kind, identities[0][1], _json(listed), user_id, self._founded, self._founded),
        )
        return account_id

    def add_phone_numbers(self, users: tuple[str, ...]) -> None:
        """Add the organization's own phone numbers."""
        for position, (label, number, formatted, user) in enumerate(catalog.PHONE_NUMBERS):
            self._batch.add(
                "phone_number",
                *(self._id("phon_"), position, number, formatted, label, "internal", int(user is None)),
                *(None if user is None else users[user], "US", self._founded, self._founded),
            )

    def add_views(self, organization: Organization) -> None:
        """Add the smart views; their queries stand wrapped, as Close stores them."""
        for position, view in enumerate(view_seeds(organization.fields, organization.lead_statuses)):
            wrapped: JsonValue = {"query": view.node, "results_limit": None, "sort": []}
            self._batch.add(
                "smart_view",
                *(self._id("save_"), position, view.name, view.type, view.legacy_query),
                *(
                    None if view.node is None else _json(wrapped),
                    0,
                    organization.users[0],
                    self._founded,
                    self._founded,
                ),
            )
