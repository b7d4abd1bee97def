"""Ranges proposed, previewed, approved by a second person; the one before closes by itself."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from cart.models import Role
from labs.actions.reference_ranges import approve_range, preview_range, propose_range, reject_range
from labs.models import Analyte, Laboratory, ReferenceRange, Result
from tests.cart.admin.pages import add_page, member, send
from tests.cart.records import make_subject, make_trial
from tests.labs.records import import_rows, make_laboratory, row
from trialsite.audit.context import acting
from trialsite.audit.models import AuditEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_tester")]


@pytest.fixture
def trial(tmp_path):
    trial = make_trial("S-1")
    make_subject(trial)
    rows = [
        row("KUL-001", f"A{n}", f"2024-03-{n + 10}", "CD19", text) for n, text in enumerate(["5", "50", "500", "<8"])
    ]
    assert import_rows(trial.study, make_laboratory("LAB"), tmp_path, "a.csv", *rows).accepted
    return trial


def proposed(low="10", high="400", *, since="2024-01-01", actor="ann", **more):
    laboratory, analyte = Laboratory.objects.get(), Analyte.objects.get(code="CD19_ABS")
    one = ReferenceRange(
        laboratory=laboratory,
        analyte=analyte,
        valid_from=dt.date.fromisoformat(since),
        low=Decimal(low) if low else None,
        high=Decimal(high) if high else None,
        unit="cells/uL",
        source="list of 2024",
        **more,
    )
    return propose_range(one, actor=actor, reason="new list")


def approve(one, *, actor="bob"):
    return approve_range(range_id=one.pk, digest=preview_range(one).digest, actor=actor, reason="checked")


def shown(one):
    return {r["received_text"]: (r["flag_before"], r["flag_after"]) for r in preview_range(one).changed.to_dicts()}


def test_a_preview_names_every_flag_that_changes(trial):
    first = proposed()
    assert shown(first) == {"5": ("", "LOW"), "50": ("", "NORMAL"), "500": ("", "HIGH"), "<8": ("", "LOW")}
    approve(first)
    second = proposed("6", "400", since="2024-03-11")
    # The first sample was taken before; <8 may be low or normal by the new limit.
    assert shown(second) == {"<8": ("LOW", "")}
    assert preview_range(second).changed["why"].to_list() == ["censored: the interval crosses a limit"]
    assert preview_range(second).results == 4


def test_approval_closes_the_range_before_and_records_what_was_shown(trial):
    first, second = approve(proposed()), proposed("6", "400", since="2024-03-11")
    approve(second)
    first.refresh_from_db()
    assert (first.valid_to, first.state) == (dt.date(2024, 3, 10), "approved")
    second.refresh_from_db()
    assert (second.state, second.decided_by, second.changes_shown, second.valid_to) == ("approved", "bob", 1, None)
    assert AuditEvent.objects.filter(table_name="labs_referencerange", row_id=str(second.pk)).count() == 2


def test_a_correction_with_the_same_first_day_supersedes(trial):
    first = approve(proposed())
    correction = proposed("4", "400")
    assert shown(correction) == {"5": ("LOW", "NORMAL"), "<8": ("LOW", "")}
    approve(correction)
    first.refresh_from_db()
    assert first.state == "superseded"


def test_a_range_of_earlier_days_ends_where_the_next_begins(trial):
    approve(proposed())
    late = approve(proposed("20", "400", since="2020-01-01"))
    assert late.valid_to == dt.date(2023, 12, 31)


def test_two_people_decide(trial):
    with pytest.raises(ValidationError, match=r"\[range-two-people\]"):
        approve(proposed(), actor="ann")
    assert ReferenceRange.objects.get().state == "proposed"
    with (
        acting(actor="x", reason="x"),
        pytest.raises(IntegrityError, match="range_approved_by_another"),
        transaction.atomic(),
    ):
        ReferenceRange.objects.update(state="approved", decided_by="ann", decided_at=dt.datetime.now(dt.UTC))


def test_results_that_moved_since_the_preview_want_another_look(trial, tmp_path):
    one = proposed()
    digest = preview_range(one).digest
    import_rows(
        trial.study, Laboratory.objects.get(), tmp_path, "b.csv", row("KUL-001", "B1", "2024-04-01", "CD19", "9")
    )
    with pytest.raises(ValidationError, match=r"\[range-results-moved\]"):
        approve_range(range_id=one.pk, digest=digest, actor="bob", reason="checked")
    assert approve(one).state == "approved"


def test_a_decision_is_taken_once(trial):
    one = proposed()
    reject_range(range_id=one.pk, actor="bob", reason="wrong page")
    with pytest.raises(ValidationError, match=r"\[range-decided\]"):
        approve(one)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"low": "", "high": ""}, "range-empty"),
        ({"low": "9", "high": "8"}, "range-limits"),
        ({"age_from": 50, "age_to": 40}, "range-ages"),
    ],
)
def test_impossible_ranges_are_refused(trial, more, code):
    with pytest.raises(ValidationError, match=rf"\[{code}\]"):
        proposed(**more)
    assert not ReferenceRange.objects.exists()


def test_no_two_approved_ranges_hold_at_once_by_any_path(trial):
    first = approve(proposed())
    second = proposed("6", "400", since="2024-03-11")
    with acting(actor="x", reason="x"), pytest.raises(IntegrityError, match="range_one_in_force"), transaction.atomic():
        ReferenceRange.objects.filter(pk=second.pk).update(
            state="approved", decided_by="bob", decided_at=dt.datetime.now(dt.UTC)
        )
    first.refresh_from_db()
    assert first.valid_to is None


def test_withdrawn_and_superseded_values_count_by_their_newest_version(trial):
    old = Result.objects.get(received_text="5")
    Result.objects.create(
        specimen=old.specimen,
        analyte=old.analyte,
        version=2,
        received_text="55",
        value=55,
        unit=old.unit,
        supersession_reason="typed",
    )
    assert set(shown(proposed())) == {"55", "50", "500", "<8"}


def test_the_command_prints_the_totals_and_writes_the_list(trial, tmp_path, capsys):
    one = proposed()
    call_command("preview_range", one.pk, "--to", tmp_path / "list.csv")
    told = capsys.readouterr().out
    assert "4 of 4 results would have another flag" in told
    assert "none -> LOW: 2" in told
    assert len((tmp_path / "list.csv").read_text().splitlines()) == 5
    with pytest.raises(CommandError, match=r"\[unknown-range\]"):
        call_command("preview_range", 0)


def test_the_desk_proposes_shows_and_decides(trial):
    ann = member(trial, Role.DATA_MANAGER, name="ann", whole_study=True)
    bob = member(trial, Role.DATA_MANAGER, name="bob", whole_study=True)
    laboratory, analyte = Laboratory.objects.get(), Analyte.objects.get(code="CD19_ABS")
    answer = send(
        ann, add_page("labs.ReferenceRange"), laboratory=laboratory.pk, analyte=analyte.pk, low="10", high="400",
        unit="cells/uL", source="list", valid_from="2024-01-01", age_from="0",
    )  # fmt: skip
    assert answer.status_code == 302
    one = ReferenceRange.objects.get()
    assert (one.proposed_by, one.state) == ("ann", "proposed")
    address = reverse("admin:labs_referencerange_decide", args=[one.pk])
    page = bob.get(address).rendered_content
    assert "4 of 4 results" in page
    assert bob.get(address, {"format": "csv"}).content.decode().count("KUL-001") == 4
    digest = preview_range(one).digest
    mine = ann.post(address, {"decision": "approve", "digest": digest, "change_reason": "ok"})
    assert "[range-two-people]" in mine.rendered_content
    assert bob.post(address, {"decision": "approve", "digest": digest, "change_reason": "ok"}).status_code == 302
    one.refresh_from_db()
    assert (one.state, one.decided_by, one.changes_shown) == ("approved", "bob", 4)


def test_strangers_see_counts_of_no_other_study(trial):
    one = proposed()
    address = reverse("admin:labs_referencerange_decide", args=[one.pk])
    stranger = member(make_trial("S-2"), Role.DATA_MANAGER, name="eve", whole_study=True)
    page = stranger.get(address).rendered_content
    assert "KUL-001" not in page
    assert "4 of them belong to studies that you do not look after" in page
    assert member(trial, Role.COORDINATOR, name="kim").get(address).status_code == 403


def test_the_export_gives_the_flag_by_the_range_in_force_with_its_reason(trial, tmp_path):
    approve(proposed())
    approved = approve(proposed("6", "400", since="2024-03-11"))
    call_command("export_observations", "S-1", "--baseline", "last-before-first-dose", "--to", tmp_path / "o.parquet")
    rows = pl.read_parquet(tmp_path / "o.parquet").sort("collected_on")
    assert rows.select("received_text", "flag", "flag_reason", "flag_low").rows() == [
        ("5", "LOW", "", 10.0),
        ("50", "NORMAL", "", 6.0),
        ("500", "HIGH", "", 6.0),
        ("<8", "", "censored: the interval crosses a limit", 6.0),
    ]
    assert rows["flag_range"].to_list()[1:] == [approved.pk] * 3


def test_the_page_of_a_range_shows_its_digits_without_zeros(trial):
    client = member(trial, Role.DATA_MANAGER, name="ann", whole_study=True)
    page = client.get(reverse("admin:labs_referencerange_change", args=[proposed("7.50").pk])).rendered_content
    assert "7.50" in page
    assert "7.500" not in page
