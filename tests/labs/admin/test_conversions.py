"""Pages of factors: proposed, shown, decided by another person; refusals are sentences."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from cart.models import Role
from labs.actions.conversions import preview_conversion
from labs.models import Analyte, AssayVersion, BridgingFactor, ConversionFactor, Laboratory
from tests.cart.admin.pages import add_page, change_page, member, send
from tests.cart.records import make_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial(tmp_path):
    trial = make_trial("S-1")
    make_subject(trial)
    rows = [row("KUL-001", f"A{n}", "2024-03-10", "NAIVE", text) for n, text in enumerate(["5", "<8"])]
    assert import_rows(trial.study, make_laboratory("LAB"), tmp_path, "a.csv", *rows).accepted
    analyte = Analyte.objects.get(code="NAIVE_PCT")
    analyte.standard_unit = "1"
    analyte.save()
    return trial


def people(trial):
    return [member(trial, Role.DATA_MANAGER, name=name, whole_study=True) for name in ("ann", "bob")]


def propose(client, **changes):
    analyte = Analyte.objects.get(code="NAIVE_PCT")
    fields = {"analyte": analyte.pk, "from_unit": "%", "source": "UCUM", "valid_from": "2024-01-01", **changes}
    return send(client, add_page("labs.ConversionFactor"), **fields)


def address(one):
    return reverse(f"admin:labs_{one._meta.model_name}_decide", args=[one.pk])


def test_the_desk_proposes_shows_and_decides(trial):
    ann, bob = people(trial)
    assert propose(ann).status_code == 302
    one = ConversionFactor.objects.get()
    assert (one.proposed_by, one.state, one.factor, one.to_unit) == ("ann", "proposed", Decimal("0.01"), "1")
    page = bob.get(address(one)).rendered_content
    assert "2 of 2 results would have another standard value" in page
    assert "&lt;0.08" in page
    assert bob.get(address(one), {"format": "csv"}).content.decode().count("KUL-001") == 2
    decision = {"decision": "approve", "digest": preview_conversion(one).digest, "change_reason": "ok"}
    assert "[factor-two-people]" in ann.post(address(one), decision).rendered_content
    assert bob.post(address(one), decision).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.decided_by, one.changes_shown) == ("approved", "bob", 2)
    assert "0.01" in bob.get(change_page(one)).rendered_content
    assert bob.get(address(one)).status_code == 302


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"from_unit": "µg/L"}, "unit-not-ucum"),
        ({"from_unit": "{CU}"}, "not-commensurable"),
        ({"factor": "0.1"}, "factor-disagrees"),
        ({"from_ucum": "(" * 40}, "unit-not-ucum"),
        ({"from_unit": "1"}, "factor-same-unit"),
    ],
)
def test_a_factor_that_cannot_be_is_refused_on_the_page(trial, changes, code):
    ann, _ = people(trial)
    answer = propose(ann, **changes)
    assert answer.status_code == 200
    assert f"[{code}]" in answer.rendered_content
    assert not ConversionFactor.objects.exists()


def test_a_standard_unit_that_is_no_code_is_refused_on_the_page(trial):
    ann, _ = people(trial)
    analyte = Analyte.objects.get(code="CD19_ABS")
    answer = send(ann, change_page(analyte), standard_unit="10E9/L", change_reason="SI")
    assert "Powers of ten are written 10*9/L" in answer.rendered_content
    assert send(ann, change_page(analyte), standard_unit="10*9/L", change_reason="SI").status_code == 302
    analyte.refresh_from_db()
    assert analyte.standard_unit == "10*9/L"


def test_a_bridge_is_proposed_and_rejected_on_its_page(trial):
    ann, bob = people(trial)
    analyte = Analyte.objects.get(code="NAIVE_PCT")
    other = AssayVersion.objects.create(
        laboratory=Laboratory.objects.create(code="NEW", name="New"),
        analyte=analyte, kit="Kit B", unit="%", valid_from=dt.date(2020, 1, 1),
    )  # fmt: skip
    first = AssayVersion.objects.get(analyte=analyte, laboratory__code="LAB")
    fields = {"from_assay": first.pk, "to_assay": other.pk, "method": "ratio", "slope": "1.5", "samples": "20"}
    answer = send(ann, add_page("labs.BridgingFactor"), **fields, source="comparison", valid_from="2024-01-01")
    assert answer.status_code == 302
    one = BridgingFactor.objects.get()
    # No factor leads from % to the standard unit yet.
    assert "0 of 2 results would have" in bob.get(address(one)).rendered_content
    decision = {"decision": "reject", "digest": "x", "change_reason": "too few samples"}
    assert bob.post(address(one), decision).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.decided_by) == ("rejected", "bob")


def test_strangers_see_counts_of_no_other_study(trial):
    ann, _ = people(trial)
    propose(ann)
    one = ConversionFactor.objects.get()
    stranger = member(make_trial("S-2"), Role.DATA_MANAGER, name="eve", whole_study=True)
    page = stranger.get(address(one)).rendered_content
    assert "KUL-001" not in page
    assert "2 of them belong to studies that you do not look after" in page
    assert member(trial, Role.COORDINATOR, name="kim").get(address(one)).status_code == 403
