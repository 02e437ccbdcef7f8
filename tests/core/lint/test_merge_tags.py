"""Which placeholders of a template can be empty for a lead."""

from __future__ import annotations

import pytest
from support.small_catalog import CATALOG

from bulkplan.core.lint.merge_tags import tags_of
from bulkplan.model.catalog import Template
from bulkplan.model.where import FieldCondition, Has


def _tags(text):
    return tags_of(Template(id="tmpl_1", name="T", subject="Hello", body=text), CATALOG)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{{ lead.description }}", "description"),
        ("{{lead.display_name}}", "name"),
        ("{{ lead.address.city }}", "city"),
        ("{{ lead.custom.Industry }}", "custom.cf_industry"),
        ('{{ lead.custom["Industry"] }}', "custom.cf_industry"),
    ],
)
def test_a_field_of_the_lead_is_asked_for(text, field):
    (tag,) = _tags(text)
    assert tag.empty == FieldCondition(field=field, exists=False)


def test_a_field_of_a_contact_is_asked_of_every_contact():
    (tag,) = _tags("Hi {{ contact.first_name }}, {{ contact.first_name }}")
    assert tag.empty == Has(has="contact", where=FieldCondition(field="name", exists=False))
    assert tag.is_some_contact


@pytest.mark.parametrize("text", ['{{ contact.title | default: "there" }}', "no placeholder", "{{ }}"])
def test_what_has_a_default_or_is_none_is_left_alone(text):
    assert _tags(text) == ()


@pytest.mark.parametrize("text", ["{{ lead.custom.Nothing }}", "{{ contact.custom.Nothing }}"])
def test_a_custom_field_that_nobody_knows_is_told(text):
    (tag,) = _tags(text)
    assert (tag.is_unknown, tag.empty) == (True, None)


def test_what_is_the_same_for_every_lead_is_not_asked():
    assert [tag.empty for tag in _tags("{{ user.first_name }} {{ organization.name }}")] == [None, None]
