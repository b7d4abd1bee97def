"""Times of a laboratory whose layout declares a time zone."""

import datetime as dt
import random
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
import pytest

from labs.imports.layout import Layout, LayoutError
from labs.imports.times import iso_text, on_site_clocks
from labs.models import Result, Specimen
from tests.cart.records import make_infused_subject, make_trial
from tests.labs.imports.xlsx_records import LAYOUT as WORKBOOKS
from tests.labs.imports.xlsx_records import MOMENT, import_bytes, number, record, workbook
from tests.labs.records import LAYOUT, import_rows, make_laboratory, row

ZONES = [
    "Europe/Brussels", "Europe/London", "America/New_York", "America/St_Johns", "America/Sao_Paulo", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Auckland", "Pacific/Chatham",
    "Pacific/Kiritimati", "Africa/Casablanca", "UTC",
]  # fmt: skip


def layout(zone, date_format="iso"):
    return Layout.from_mapping({**LAYOUT, "time_zone": zone, "date_format": date_format})


def read(texts, zone, sites):
    """What becomes of the collection times of these sites."""
    declared = layout(zone)
    frame = pl.DataFrame({"collected": texts, "time_zone": sites}).with_columns(
        iso_text(pl.col("collected"), declared).alias("moment"),
        pl.lit("").alias("receipt"),
        pl.lit("").alias("processing"),
    )
    return on_site_clocks(frame, declared)


def slow_site_time(text, zone, site):
    """Site time, skipped, shown twice: from round trips through UTC, one time at a time."""
    local = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if local.tzinfo is not None:
        return local.astimezone(ZoneInfo(site)).replace(tzinfo=None), False, False
    readings = set()
    for hours in range(-16, 17):
        for minutes in (0, 15, 30, 45):
            offset = dt.timedelta(hours=hours, minutes=minutes)
            instant = (local - offset).replace(tzinfo=dt.UTC)
            if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local:
                readings.add(instant)
    if not readings:
        return None, True, False
    return min(readings).astimezone(ZoneInfo(site)).replace(tzinfo=None), False, len(readings) > 1


@pytest.mark.parametrize("zone", ZONES)
def test_every_time_is_turned_as_a_slow_reader_turns_it(zone):
    chance = random.Random(ZONES.index(zone))
    changes = [dt.datetime(2024, 3, 10, 2), dt.datetime(2024, 3, 31, 2), dt.datetime(2024, 11, 3, 1)]  # noqa: DTZ001
    changes += [dt.datetime(2024, 10, 27, 2), dt.datetime(2024, 4, 7, 2), dt.datetime(2024, 10, 6, 2)]  # noqa: DTZ001
    texts = [
        (chance.choice(changes) + dt.timedelta(minutes=15 * chance.randrange(-8, 13))).isoformat(timespec="minutes")
        + chance.choice(["", "", "", ":30", "Z", "+05:45", "-03:30"])
        for _ in range(150)
    ]
    sites = [chance.choice(ZONES) for _ in texts]
    found = read(texts, zone, sites)
    for text, site, now in zip(texts, sites, found.iter_rows(named=True), strict=True):
        expected, skipped, twice = slow_site_time(text, zone, site)
        assert (now["clock_gap"], now["clock_twice"]) == (skipped, twice), text
        if not skipped:
            assert dt.datetime.fromisoformat(now["moment"]) == expected, (text, site)


def test_every_zone_that_can_be_declared_can_be_read_by():
    for zone in sorted(available_timezones() - {"Factory", "localtime"}):
        assert read(["2024-03-01T08:30"], zone, ["UTC"])["moment"][0].startswith("2024-0")


@pytest.mark.parametrize("zone", ["Brussels", "CEST+1", "+01:00", "europe/brussels", "Factory", 5, ["UTC"]])
def test_a_zone_has_a_name_of_the_iana_database(zone):
    with pytest.raises(LayoutError, match=r"IANA name .*\[layout-time-zone\]"):
        layout(zone)


@pytest.mark.parametrize(
    "text", ["2024-03-01", "2024-03", "2024", "2024-02-30T08:30", "2024-03-01T24:00", "2024-03-01T08:30:60", ""]
)
def test_what_has_no_time_that_exists_stays_as_it_is(text):
    found = read([text], "America/New_York", ["Europe/Brussels"]).row(0, named=True)
    assert found["moment"] == text
    assert found["collected_as_received"] is None
    assert not found["clock_gap"]


def test_times_of_an_unknown_subject_stay_for_the_report():
    found = read(["2024-03-01T08:30-05:00"], "America/New_York", [None])
    assert found["moment"].to_list() == ["2024-03-01T08:30"]


@pytest.fixture
def trial(as_tester):
    trial = make_trial()
    make_infused_subject(trial)
    return trial


def laboratory_in(zone, *, layout=LAYOUT, **changes):
    laboratory = make_laboratory(**changes)
    laboratory.layout = {**layout, "time_zone": zone} if zone else layout
    laboratory.save()
    return laboratory


def specimens():
    return {s.accession: (s.collected, s.collected_as_received) for s in Specimen.objects.all()}


@pytest.mark.django_db
def test_a_laboratory_far_away_is_stored_on_the_clocks_of_the_site(trial, tmp_path):
    report = import_rows(
        trial.study,
        laboratory_in("America/New_York"),
        tmp_path,
        "a.csv",
        row("KUL-001", "A1", "2024-03-01T20:30", "SCL70", "8"),
        row("KUL-001", "A2", "2024-03-01T20:30+01:00", "SCL70", "8"),
        row("KUL-001", "A3", "2024-03-01", "SCL70", "8"),
        row("KUL-001", "A4", "2024-07-01T00:30:15Z", "SCL70", "8"),
    )
    assert report.accepted, report.text()
    assert specimens() == {
        "A1": ("2024-03-02T02:30", "2024-03-01T20:30 [America/New_York]"),
        "A2": ("2024-03-01T20:30", "2024-03-01T20:30+01:00"),
        "A3": ("2024-03-01", None),
        "A4": ("2024-07-01T02:30:15", "2024-07-01T00:30:15Z"),
    }
    assert str(Specimen.objects.get(accession="A1").collected_on) == "2024-03-02"


@pytest.mark.django_db
def test_of_an_hour_that_came_twice_the_earlier_is_taken_and_said(trial, tmp_path):
    report = import_rows(
        trial.study,
        laboratory_in("Europe/Brussels"),
        tmp_path,
        "a.csv",
        row("KUL-001", "A1", "2024-10-26T02:30", "SCL70", "8"),
        row("KUL-001", "A2", "2024-10-27T02:30", "SCL70", "8"),
        row("KUL-001", "A2", "2024-10-27T02:30", "ANA", "1:80"),
        row("KUL-001", "A3", "2024-10-27T02:30+01:00", "SCL70", "8"),
    )
    assert (
        "2 rows, the first in line 3, were collected in an hour that Europe/Brussels had twice; the earlier is taken "
        "[clock-twice]" in report.text()
    )
    assert specimens()["A2"] == ("2024-10-27T02:30", "2024-10-27T02:30 [Europe/Brussels] (the earlier of two)")
    assert specimens()["A3"] == ("2024-10-27T02:30", "2024-10-27T02:30+01:00")


@pytest.mark.django_db
def test_an_hour_that_was_skipped_is_refused_by_the_zone_of_the_layout(trial, tmp_path):
    laboratory = laboratory_in("America/New_York", quarantine=True)
    laboratory.layout["columns"] = {**laboratory.layout["columns"], "received": "VISIT"}
    del laboratory.layout["columns"]["visit"]
    laboratory.save()
    report = import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "a.csv",
        row("KUL-001", "A1", "2024-03-10T02:30", "SCL70", "8"),
        # Skipped in Brussels, and no matter there.
        row("KUL-001", "A2", "2024-03-31T02:30", "SCL70", "8", visit="2024-03-31T02:45"),
        row("KUL-001", "A3", "2024-03-10T02:30-05:00", "SCL70", "8"),
        row("KUL-001", "A4", "2024-03-09T02:30", "SCL70", "8", visit="2024-03-10T02:30"),
    )
    assert (report.totals.applied, report.totals.quarantined) == (2, 2)
    assert report.findings.select("line", "column", "rule", "expected").rows() == [
        (2, "COLLECTED", "clock-gap", "a time that exists in America/New_York"),
        (5, "VISIT", "clock-gap", "a time that exists in America/New_York"),
    ]
    assert specimens()["A2"][0] == "2024-03-31T08:30"
    assert Specimen.objects.get(accession="A2").received == "2024-03-31T08:45"


@pytest.mark.django_db
def test_without_a_zone_times_are_the_sites_and_offsets_are_refused(trial, tmp_path):
    laboratory = laboratory_in("", quarantine=True)
    report = import_rows(
        trial.study,
        laboratory,
        tmp_path,
        "a.csv",
        row("KUL-001", "A1", "2024-03-01T20:30", "SCL70", "8"),
        row("KUL-001", "A2", "2024-03-01T20:30+01:00", "SCL70", "8"),
        row("KUL-001", "A3", "2024-03-31T02:30", "SCL70", "8"),
    )
    assert specimens() == {"A1": ("2024-03-01T20:30", None)}
    assert report.findings.select("line", "rule", "expected").rows() == [
        (3, "date-format", "YYYY-MM-DD or YYYY-MM-DDThh:mm"),
        (4, "clock-gap", "a time that exists in Europe/Brussels"),
    ]


@pytest.mark.django_db
def test_consent_and_the_future_are_judged_on_the_clocks_of_the_site(trial, tmp_path):
    from cart.models import Consent, Subject

    # The first consent counts.
    signed = {"version": "1", "signed_on": dt.date(2024, 3, 2)}
    Consent.objects.update_or_create(subject=Subject.objects.get(), defaults=signed)
    laboratory = laboratory_in("America/New_York", quarantine=True)
    rows = [row("KUL-001", f"A{hour}", f"2024-03-01T{hour}:30", "SCL70", "8") for hour in (17, 18)]
    report = import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows)
    assert report.findings.select("line", "rule").rows() == [(2, "before-consent")]
    assert specimens()["A18"][0] == "2024-03-02T00:30"


@pytest.mark.django_db
def test_cumulative_files_with_a_zone_read_only_what_differs(trial, tmp_path):
    laboratory = laboratory_in("America/New_York", layout={**LAYOUT, "delivery": "cumulative"})
    rows = [row("KUL-001", f"A{n}", f"2024-03-{n:02d}T20:30", "SCL70", "8") for n in range(1, 8)]
    import_rows(trial.study, laboratory, tmp_path, "a.csv", *rows[:6])
    report = import_rows(trial.study, laboratory, tmp_path, "b.csv", *rows[1:])
    totals = report.totals
    assert (totals.applied, totals.duplicate, totals.vanished) == (1, 5, 1)
    assert Result.objects.count() == 7


@pytest.mark.django_db
def test_cells_that_excel_holds_as_dates_are_times_of_the_zone(trial, tmp_path):
    laboratory = laboratory_in("America/New_York", layout=WORKBOOKS)
    content = workbook(
        record(collected=number("45352.854166666664", MOMENT)), record(accession="A2", collected="2024-03-01T20:30Z")
    )
    report = import_bytes(trial.study, laboratory, tmp_path, content)
    assert report.accepted, report.text()
    assert specimens() == {
        "A1": ("2024-03-02T02:30", "2024-03-01T20:30 [America/New_York]"),
        "A2": ("2024-03-01T21:30", "2024-03-01T20:30Z"),
    }
