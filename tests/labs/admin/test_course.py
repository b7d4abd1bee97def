"""The course on the subject's page, and the plot it is made of."""

import re
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cart.admin.day_plot import Plot, PlotPoint, Shade, render_plot
from cart.models import ConcomitantTherapy, Role
from labs.models import Analyte, AssayVersion, ReferenceRange, Result, Specimen
from tests.cart.admin.pages import change_page, member
from tests.cart.records import DAY_ZERO, make_infused_subject

SVG = "{http://www.w3.org/2000/svg}"


def marks(svg, tag, kind):
    return [node for node in ElementTree.fromstring(svg).iter(SVG + tag) if kind in node.get("class", "").split()]


POINTS = [
    PlotPoint(-10, 400, text="400 CU"),
    PlotPoint(30, 120),
    PlotPoint(60, 10, "<", text="<10 CU"),
    PlotPoint(90, 5120, ">"),
    PlotPoint(45, 300, usable=False),
]


def test_plot_draws_each_kind_of_value_with_its_own_mark():
    svg = render_plot(Plot("ata", "Anti-topo I", "CU", POINTS, log_scale=True, lloq=[10], cutoff=[20]))
    assert len(marks(svg, "circle", "f0")) == 2
    assert len(marks(svg, "path", "open")) == 2
    assert len(marks(svg, "path", "unusable")) == 1
    assert len(marks(svg, "line", "limit")) == 1
    assert len(marks(svg, "line", "cutoff")) == 1
    assert len(marks(svg, "line", "zero")) == 1


def test_line_leaves_out_values_that_are_not_evaluated():
    svg = render_plot(Plot("ata", "A", "CU", POINTS))
    (line,) = marks(svg, "polyline", "series")
    assert len(line.get("points").split()) == 4


def test_confounder_is_shaded_and_named():
    svg = render_plot(Plot("ata", "A", "CU", POINTS, shades=[Shade(30, 31, "IVIG")]))
    (shade,) = marks(svg, "rect", "shade")
    assert float(shade.get("width")) >= 6
    assert shade.find(SVG + "title").text == "IVIG"


def test_logarithmic_axis_puts_equal_ratios_at_equal_distances():
    svg = render_plot(Plot("a", "A", "", [PlotPoint(0, 1), PlotPoint(1, 10), PlotPoint(2, 100)], log_scale=True))
    heights = [float(node.get("cy")) for node in marks(svg, "circle", "f0")]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)


def test_zero_on_a_logarithmic_axis_is_left_out_and_no_values_give_no_plot():
    assert render_plot(Plot("a", "A", "", [PlotPoint(0, 0)], log_scale=True)) == ""
    assert render_plot(Plot("a", "A", "", [])) == ""


@pytest.mark.parametrize("value", [0.0, 5.0, 1e-9, 1e12])
def test_one_value_alone_is_drawn_inside_the_picture(value):
    svg = render_plot(Plot("a", "A", "", [PlotPoint(3, value)]))
    (point,) = marks(svg, "circle", "f0")
    assert 0 <= float(point.get("cy")) <= 300


def test_text_of_the_database_is_escaped():
    svg = render_plot(Plot("a", "<script>", "", [PlotPoint(0, 1, text="<10 & more")], shades=[Shade(0, 1, '"<x>"')]))
    assert "<script>" not in svg
    ElementTree.fromstring(svg)


@pytest.fixture
def infused(trial):
    return make_infused_subject(trial)


@pytest.fixture
def titers(infused, laboratory, ata):
    assay = ata.assays.get()
    for number, (day, text, condition) in enumerate(
        [("2024-03-01", "400", "good"), ("2024-04-12", "90", "haemolysed"), ("2024-06-12", "<10", "good")]
    ):
        specimen = Specimen.objects.create(
            subject=infused, laboratory=laboratory, accession=f"A-{number}", collected=day, condition=condition
        )
        Result.objects.create(
            specimen=specimen,
            analyte=ata,
            assay=assay,
            unit="CU",
            received_text=text,
            qualifier="<" if text.startswith("<") else "=",
            value=Decimal(text.lstrip("<")),
        )


def page(client, subject):
    answer = client.get(change_page(subject))
    assert answer.status_code == 200
    return answer.content.decode()


def test_subject_page_shows_the_titer_with_its_limit_and_a_table(coordinator, infused, titers):
    ConcomitantTherapy.objects.create(
        subject=infused, drug="Immunoglobulin", therapy_class="ivig", started="2024-04-20", stopped="2024-04-21"
    )
    text = page(coordinator, infused)
    assert "LLOQ 10" in text
    assert "positive from 20" in text
    assert 'class="zero"' in text
    assert 'class="shade"' in text
    assert 'class="unusable"' in text
    assert "values as a table" in text
    assert "&lt;10" in text
    assert "not evaluated: haemolysed" in text


def test_windows_of_confounding_therapies_are_drawn_and_said_beside_the_values(coordinator, infused, titers):
    ConcomitantTherapy.objects.create(
        subject=infused, therapy_class="ivig", drug="IVIG", started="2024-05-20", stopped="2024-05-20"
    )
    ConcomitantTherapy.objects.create(subject=infused, therapy_class="rituximab", drug="rituximab", started="2023")
    content = page(coordinator, infused)
    assert "IVIG + 30 d" in content
    # Of 2024-06-12, and not of the samples before the IVIG.
    assert content.count("IVIG (+ 30 d) and Rituximab / anti-CD20 (+ 270 d)") == 1
    # A therapy of which the start is not known to the day, and no end, may explain every value.
    assert "Rituximab / anti-CD20 (start not known to the day)" in content
    assert content.count("inside the window of Rituximab / anti-CD20 (+ 270 d)") == 2


def test_a_new_immunosuppressant_is_drawn_and_said_and_one_of_the_background_is_not(coordinator, infused, titers):
    therapies = infused.concomitant_therapies
    therapies.create(therapy_class="immunosuppressant", drug="Methotrexate", started="2019-01-01", ongoing=True)
    content = page(coordinator, infused)
    assert "inside the window of Other immunosuppressant" not in content
    therapies.create(therapy_class="mycophenolate", drug="Mycophenolate", started="2024-05-20", ongoing=True)
    content = page(coordinator, infused)
    assert content.count("inside the window of Mycophenolate (+ 90 d)") == 1
    assert "inside the window of Other immunosuppressant" not in content


def test_blinded_assessor_opens_the_subject_without_titers_and_endpoints(trial, infused, titers):
    text = page(member(trial, Role.BLINDED_ASSESSOR, name="blind"), infused)
    assert "LLOQ" not in text
    assert "panel-course" not in text
    assert "panel-endpoints" not in text


def test_blinded_assessor_stays_blinded_in_a_second_role(trial, infused, titers):
    assessor = member(trial, Role.BLINDED_ASSESSOR, name="blind")
    user = trial.study.memberships.get(user__username="blind").user
    trial.study.memberships.create(user=user, role=Role.COORDINATOR)
    assert "LLOQ" not in page(assessor, infused)


def test_stale_subject_says_that_its_inputs_changed(coordinator, infused, titers):
    assert "Inputs changed since" in page(coordinator, infused)


def test_queries_of_the_subject_page_do_not_grow_with_its_results(coordinator, infused, titers, laboratory, ata):
    page(coordinator, infused)
    with CaptureQueriesContext(connection) as few:
        page(coordinator, infused)
    assay = ata.assays.get()
    for number in range(20):
        specimen = Specimen.objects.create(
            subject=infused, laboratory=laboratory, accession=f"B-{number}", collected=f"2024-05-{number + 1:02d}"
        )
        Result.objects.create(
            specimen=specimen, analyte=ata, assay=assay, unit="CU", received_text="50", value=Decimal(50)
        )
    with CaptureQueriesContext(connection) as many:
        page(coordinator, infused)
    assert len(many) == len(few)
    # Twelve kinds of assessments, ten of the course's records, and what stands around: each asked once.
    assert len(many) <= 70
    assert sum('FROM "cart_membership"' in query["sql"] for query in many.captured_queries) == 1


def entered(subject, laboratory, analyte, number, day, text, **more):
    specimen = Specimen.objects.create(subject=subject, laboratory=laboratory, accession=f"E-{number}", collected=day)
    return Result.objects.create(
        specimen=specimen,
        analyte=analyte,
        received_text=text,
        qualifier="<" if text.startswith("<") else "=",
        value=Decimal(text.lstrip("<")),
        **more,
    )


def test_values_of_two_units_are_two_plots(coordinator, infused, titers, laboratory, ata):
    entered(infused, laboratory, ata, 1, "2024-05-01", "3", unit="U/mL")
    text = page(coordinator, infused)
    assert 'id="plot-ata-cu-title"' in text
    assert 'id="plot-ata-u-ml-title"' in text


def test_line_has_a_gap_where_the_kit_changed(coordinator, infused, titers, laboratory, ata):
    AssayVersion.objects.filter(pk=ata.assays.get().pk).update(valid_to="2024-06-30")
    kit = AssayVersion.objects.create(
        laboratory=laboratory, analyte=ata, kit="Kit B", unit="CU", valid_from="2024-07-01"
    )
    for number, day in enumerate(("2024-07-02", "2024-08-02")):
        entered(infused, laboratory, ata, number, day, "55", unit="CU", assay=kit)
    text = page(coordinator, infused)
    # Each kit is a line of its two values that are evaluated.
    lines = re.findall(r'<polyline class="series c\d" points="([^"]*)"', text)
    assert [len(line.split()) for line in lines] == [2, 2]


def test_approved_range_is_a_band_and_a_proposed_one_is_none(coordinator, infused, laboratory):
    igg = Analyte.objects.create(code="IGG", name="Immunoglobulin G", unit="g/L")
    entered(infused, laboratory, igg, 1, "2024-05-01", "9.5", unit="g/L")
    proposed = ReferenceRange.objects.create(
        laboratory=laboratory, analyte=igg, low=7, high=16, unit="g/L", source="list", valid_from=date(2024, 1, 1),
        proposed_by="one",
    )  # fmt: skip
    assert 'class="band"' not in page(coordinator, infused)
    ReferenceRange.objects.filter(pk=proposed.pk).update(state="approved", decided_by="two", decided_at=DAY_ZERO)
    text = page(coordinator, infused)
    assert text.count('class="band"') == 1
    assert "normal 7 to 16" in text


def test_each_construct_has_its_plot_and_zero_copies_are_said(coordinator, infused, laboratory):
    for number, code in enumerate(("CAR_CD19", "CARBCMA_COPIES")):
        analyte = Analyte.objects.create(code=code, name=f"Copies {code}", unit="{copies}/ug")
        entered(infused, laboratory, analyte, number, "2024-03-20", "5000", unit=analyte.unit)
    entered(infused, laboratory, analyte, 9, "2024-06-20", "0", unit=analyte.unit)
    text = page(coordinator, infused)
    assert text.index("Copies CAR_CD19 ({copies}/ug)") < text.index("Copies CARBCMA_COPIES ({copies}/ug)")
    assert "1 value of zero has no place on the logarithmic axis: in the table only." in text


def test_result_of_an_unknown_day_is_said(coordinator, infused, titers, laboratory, ata):
    entered(infused, laboratory, ata, 5, "2024-05", "70", unit="CU", assay=ata.assays.get())
    assert "1 result of which the day of collection is not known: in the table only." in page(coordinator, infused)


def test_file_holds_titers_for_who_sees_them_alone(trial, coordinator, infused, titers):
    address = reverse("admin:cart_subject_course", args=[infused.pk])
    seen = coordinator.get(address).content.decode()
    assert "<h2>Laboratory course</h2>" in seen
    assert "&lt;10" in seen
    blind = member(trial, Role.BLINDED_ASSESSOR, name="blind").get(address).content.decode()
    assert "Anti-topo" not in blind
    assert "LLOQ" not in blind
