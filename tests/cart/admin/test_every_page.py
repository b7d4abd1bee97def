"""Every registered page: it opens, its queries do not grow with its rows, others' rows stay away."""

import pytest
from django.contrib import admin
from django.urls import reverse

from cart.admin.desk import DeskAdmin
from tests.cart.admin.pages import fields_of, member
from tests.cart.records import make_subject, make_trial
from trialsite.site import GROUPS

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
LABELS = [model._meta.label for model in REGISTERED]


def address(model, page):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


@pytest.mark.parametrize("model", REGISTERED, ids=LABELS)
def test_list_and_entry_page_open_for_a_superuser(superuser, model):
    assert superuser.get(address(model, "changelist")).status_code == 200
    assert superuser.get(address(model, "changelist"), {"q": "x"}).status_code == 200
    answer = superuser.get(address(model, "add"))
    assert answer.status_code in (200, 403)


def test_every_record_stands_in_one_group_of_the_desk():
    grouped = [label for _, _, labels in GROUPS for label in labels]
    assert sorted(grouped) == LABELS


def test_every_page_is_scoped_audited_and_without_delete(superuser):
    for model in REGISTERED:
        page = admin.site._registry[model]
        assert isinstance(page, DeskAdmin), model
        assert "delete_selected" not in (page.actions or ())
        assert superuser.get(
            reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_delete", args=[1])
        ).status_code in (302, 403), model


def test_every_foreign_key_is_chosen_by_search():
    for model in REGISTERED:
        page = admin.site._registry[model]
        if model._meta.app_label not in ("cart", "labs") or not page.autocomplete_fields:
            continue
        shown = {name for _, options in page.fieldsets or () for name in _flat(options["fields"])}
        for field in model._meta.concrete_fields:
            if field.remote_field is not None and field.name in shown and field.editable and page.form.base_fields:
                assert field.name in page.autocomplete_fields or model._meta.label == "labs.Result", (model, field)


def _flat(fields):
    for name in fields:
        yield from (name if isinstance(name, tuple) else (name,))


def test_another_studys_subject_is_absent_and_cannot_be_opened(trial):
    other = make_trial("T-2")
    theirs = make_subject(other, "OTHER-1")
    carol = member(trial, name="carol2")
    listed = carol.get(reverse("admin:cart_subject_changelist")).content.decode()
    assert "OTHER-1" not in listed
    assert "T-2" not in listed
    opened = carol.get(reverse("admin:cart_subject_change", args=[theirs.pk]), follow=True).content.decode()
    assert "OTHER-1" not in opened
    choices = carol.get(
        reverse("admin:autocomplete"),
        {"term": "OTHER", "app_label": "cart", "model_name": "lot", "field_name": "subject"},
    ).json()
    assert choices["results"] == []


@pytest.mark.parametrize("page", ["change", "history", "move"])
@pytest.mark.parametrize("key", ["abc", "%00", "-1", "1/eligibility"])
def test_page_of_what_is_no_key_is_not_found(coordinator, key, page):
    assert coordinator.get(f"/admin/cart/visit/{key}/{page}/", follow=True).status_code == 404


@pytest.mark.parametrize("name", ["subject", "visit"])
@pytest.mark.parametrize("value", ["abc", "9" * 30, "-1"])
def test_form_that_is_filled_in_by_no_key_begins_without_it(coordinator, name, value):
    answer = coordinator.get(f"/admin/cart/skinscore/add/?{name}={value}&assessed_on=2024-03-01")
    assert answer.status_code == 200
    assert fields_of(answer)[name] == ""
    assert fields_of(answer)["assessed_on"] == "2024-03-01"


@pytest.mark.parametrize(
    "address",
    ["cart/subject/?status__exact=%00", "autocomplete/?app_label=cart&model_name=visit&field_name=subject&term=%00"],
)
def test_nul_in_an_address_is_told(coordinator, address):
    answer = coordinator.get(f"/admin/{address}")
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()
