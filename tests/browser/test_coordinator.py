"""A coordinator's work from enrolment to the first results after the infusion, with a real browser."""

import datetime as dt

from cart.inputs.syndromes import grades_of
from cart.models import (
    Apheresis,
    ConditioningDose,
    Consent,
    DataQuery,
    EligibilityAnswer,
    EligibilityDecision,
    InfusionComponent,
    Lot,
    ReleaseSpecification,
    SkinScore,
    Subject,
    Visit,
)
from cart.models.codes import subject_code
from labs.models import Result
from trialsite.audit.context import acting

INFUSED_ON = dt.date(2024, 3, 12)
# As the reports of the release tests show them, and as a number.
TESTS = {
    "Viability": ("91.5", "91.5"),
    "CAR+ share": ("34", "34"),
    "VCN": ("2.1", "2.1"),
    "Endotoxin": ("<0.5", "0.5"),
    "Sterility": ("negative", ""),
    "Mycoplasma": ("negative", ""),
    "RCL": ("negative", ""),
}


def enrol(desk, trial):
    """Subject with consent, on one page."""
    code = subject_code(site="KUL", number=1)
    desk.open("/admin/cart/subject/add/")
    desk.fill(study=trial.study.code, site="KUL", arm="DUAL", code=code, sex="Female")
    desk.fill(year_of_birth=1975)
    row = desk.add_row("consents")
    desk.fill(**{f"consents-{row}-version": "2.0", f"consents-{row}-signed_on": "2024-01-15"})
    desk.saved()
    return Subject.objects.get(study=trial.study, code=code)


def answer_criteria(desk, subject):
    """In two sittings: what is open stays open, and a note without an answer is refused with everything kept."""
    desk.open(f"/admin/cart/subject/{subject.pk}/change/")
    desk.page.get_by_role("link", name="Answer the criteria").click()
    *first, last = subject.protocol().criteria.order_by("position")
    for one in first:
        choose(desk, one, "yes" if one.kind == "inclusion" else "no")
    desk.page.get_by_label(f"Note on {last.code}").fill("pregnancy test of 30 January")
    desk.page.get_by_role("button", name="Save answers").click()
    desk.page.get_by_text("A note without an answer.").wait_for()
    assert not EligibilityAnswer.objects.filter(assessment__subject=subject).exists()
    assert desk.page.locator(f"input[name='answer-{first[0].code}']:checked").input_value() == "yes"
    choose(desk, last, "no")
    desk.page.get_by_role("button", name="Save answers").click()
    desk.page.get_by_text("The answers are stored.").wait_for()
    assert "signed by an investigator of site KUL who answered none of the criteria" in desk.text()
    assert EligibilityAnswer.objects.filter(assessment__subject=subject).count() == len(first) + 1


def choose(desk, criterion, answer):
    """One answer of one criterion."""
    desk.page.locator(f"input[name='answer-{criterion.code}'][value='{answer}']").check()


def decide(desk, subject):
    """The investigator signs on the same page, nothing chosen beforehand."""
    desk.open(f"/admin/cart/subject/{subject.pk}/eligibility/")
    assert "Every criterion is answered." in desk.text()
    assert desk.page.locator("input[name=verdict]:checked").count() == 0
    desk.page.get_by_label("Eligible", exact=True).check()
    desk.fill(decided_at="2024-02-01 16:00")
    desk.page.get_by_role("button", name="Sign the decision").click()
    desk.page.get_by_text("Signed: eligible.").wait_for()
    assert EligibilityDecision.objects.get(subject=subject).verdict == "eligible"
    assert "entered afterwards" in desk.text()


def record_apheresis(desk, subject):
    """By the link on top of the subject's page, which brings the subject along."""
    desk.open(f"/admin/cart/subject/{subject.pk}/change/")
    desk.page.get_by_role("link", name="Add to Apheresis").click()
    desk.fill(chain_of_identity=f"COI-{subject.study.code}", volume_ml=250)
    desk.set_time("collected_at", "2024-02-10", "09:00")
    row = desk.add_row("custody_events")
    prefix = f"custody_events-{row}"
    desk.fill(**{f"{prefix}-kind": "Collected", f"{prefix}-place": "Leuven"})
    desk.fill(**{f"{prefix}-first_person": "AB", f"{prefix}-second_person": "CD"})
    desk.set_time(f"{prefix}-occurred_at", "2024-02-10", "12:00")
    desk.saved()
    return Apheresis.objects.get(subject=subject)


def record_lot(desk, subject, apheresis, target):
    """A lot with its release tests."""
    number = f"{target}-{subject.study.code}"
    desk.open(f"/admin/cart/lot/add/?subject={subject.pk}&apheresis={apheresis.pk}")
    desk.fill(number=number, target=target, product="DUAL19B")
    for test, (received, value) in TESTS.items():
        row = desk.add_row("release_tests")
        prefix = f"release_tests-{row}"
        desk.fill(**{f"{prefix}-specification": test, f"{prefix}-received_text": received, f"{prefix}-value": value})
        desk.fill(**{f"{prefix}-passed": True, f"{prefix}-tested_on": "2024-03-01"})
    desk.saved()
    lot = Lot.objects.get(number=number)
    assert lot.release_tests.count() == ReleaseSpecification.objects.filter(product=lot.product).count()
    return lot


def release(desk, lot):
    """A change: it asks why."""
    desk.open(f"/admin/cart/lot/{lot.pk}/change/")
    desk.fill(state="Released")
    desk.set_time("released_at", "2024-03-05", "10:00")
    desk.save()
    assert "[no-reason]" in desk.text()
    desk.fill(change_reason="all criteria met")
    desk.saved()
    lot.refresh_from_db()
    assert lot.state == Lot.State.RELEASED


def condition(desk, subject):
    """Fludarabine and cyclophosphamide."""
    desk.open(f"/admin/cart/conditioningcourse/add/?subject={subject.pk}")
    desk.fill(regimen="Flu/Cy", weight_kg=70, height_cm=170, bsa_m2="1.2", completion_state="Incomplete, more to come")
    for drug, day, planned, given in (
        ("Fludarabine", 7, 25, 45),
        ("Fludarabine", 8, 25, 45),
        ("Fludarabine", 9, 25, 45),
        ("Cyclophosphamide", 9, 1000, 1820),
    ):
        row = desk.add_row("doses")
        desk.fill(**{f"doses-{row}-drug": drug, f"doses-{row}-planned_mg_m2": planned, f"doses-{row}-given_mg": given})
        desk.set_time(f"doses-{row}-given_at", f"2024-03-{day:02d}", "09:00")
    desk.save()
    assert "Please look at these values again" in desk.text()
    assert "Weight and height give 1.818 m2" in desk.text()
    desk.fill(bsa_m2="1.818")
    desk.saved()
    assert ConditioningDose.objects.filter(course__subject=subject).count() == 4


def infuse(desk, subject, lots):
    """Two products, one after the other, in one sitting."""
    desk.open(f"/admin/cart/infusioncourse/add/?subject={subject.pk}")
    desk.fill(weight_kg=70, planned_cells_per_kg_e6="2.44")
    desk.add_row("administrations")
    desk.saved()
    sitting = subject.administrations.get()
    desk.open(f"/admin/cart/administration/{sitting.pk}/change/")
    for hour, lot in zip((10, 12), lots, strict=True):
        row = desk.add_row("components")
        prefix = f"components-{row}"
        desk.fill(**{f"{prefix}-lot": lot.number, f"{prefix}-target": lot.target})
        desk.set_time(f"{prefix}-started_at", INFUSED_ON.isoformat(), f"{hour}:00")
        desk.fill(**{f"{prefix}-volume_ml": 50, f"{prefix}-nucleated_cells_per_ml": 5_000_000})
        for share, value in (("viability", "0.9"), ("cd3", "0.95"), ("car", "0.4")):
            desk.fill(**{f"{prefix}-{share}_fraction": value})
    desk.saved()
    assert set(InfusionComponent.objects.filter(subject=subject).values_list("target", flat=True)) == {"CD19", "BCMA"}
    assert {lot.state for lot in subject.lots.all()} == {Lot.State.INFUSED}


# Day after the infusion, temperature, circulation, oxygen, the investigator's grade, the grade that follows.
CRS_DAYS = (
    (2, "39.1", "None", "None", 1, 1),
    (3, "39.6", "One vasopressor", "Low flow", 2, 3),
    (4, "38.2", "None", "None", 1, 1),
    (5, "36.9", "None", "None", 0, 0),
)


def crs_episode(desk, subject):
    """A row a day; the grade is computed when the page is saved, and one that differs is asked about."""
    desk.open(f"/admin/cart/syndromecourse/{subject.pk}/change/")
    for day, temperature, pressure, oxygen, own, _ in CRS_DAYS:
        row = desk.add_row("crs_assessments")
        prefix = f"crs_assessments-{row}"
        on = (INFUSED_ON + dt.timedelta(days=day)).isoformat()
        desk.fill(**{f"{prefix}-assessed_on": on, f"{prefix}-temperature_max_c": temperature})
        desk.fill(**{f"{prefix}-hypotension": pressure, f"{prefix}-hypoxia": oxygen})
        desk.fill(**{f"{prefix}-investigator_grade": own})
    desk.saved()
    assert "Data query" in desk.text()
    days = list(subject.crs_assessments.order_by("assessed_on"))
    assert [str(grades_of(days)[one.pk]) for one in days] == [str(computed) for *_, computed in CRS_DAYS]
    asked = DataQuery.objects.get(subject=subject, target_table="cart_crsassessment")
    assert asked.target_id == days[1].pk
    desk.open(f"/admin/cart/subject/{subject.pk}/change/")
    shown = desk.page.locator("#panel-safety").inner_text()
    assert "14 Mar 2024 (day 2)" in shown
    assert "16 Mar 2024 (day 4)" in shown


def assessment_at_the_visit(desk, subject):
    """The search box of the visit offers this subject's visits only."""
    desk.open(f"/admin/cart/skinscore/add/?subject={subject.pk}")
    others = Subject.objects.create(study=subject.study, site=subject.site, code="KUL-OTHER")
    Visit.objects.create(subject=others, label="D28 of another", occurred_on=dt.date(2024, 4, 30))
    desk.page.locator("select[name='visit'] + .select2 .select2-selection").click()
    with desk.page.expect_response(lambda one: f"of_subject={subject.pk}" in one.url and "term=D28" in one.url):
        desk.page.locator(".select2-search__field").last.fill("D28")
    options = desk.page.locator(".select2-results__option[role=option]")
    options.first.wait_for()
    assert options.count() == 1
    options.first.click()
    desk.fill(assessed_on="2024-04-30", face=1)
    desk.saved()
    assert SkinScore.objects.get(subject=subject).visit.planned.code == "D28"


def visit_outside_its_window(desk, subject):
    """The soft limit: refused without a reason, stored with one."""
    desk.open(f"/admin/cart/subject/{subject.pk}/change/")
    desk.page.get_by_role("link", name="Record D28").click()
    desk.fill(occurred_on="2024-04-30")
    desk.save()
    assert "[visit-window]" in desk.text()
    assert not Visit.objects.filter(subject=subject).exists()
    desk.fill(window_reason="subject was abroad")
    desk.saved()
    assert Visit.objects.get(subject=subject).window_reason == "subject was abroad"


def panel_by_keyboard(desk, subject, trial):
    """A new specimen leads to its grid; Enter moves down."""
    desk.open(f"/admin/labs/specimen/add/?subject={subject.pk}")
    desk.fill(laboratory=trial.laboratory.code, accession=f"K-{trial.study.code}", collected="2024-03-20T08:30")
    desk.saved()
    for code, text in (("ANA", "1:640"), ("ARA", "ND"), ("ATA", "<10")):
        desk.page.get_by_label(f"Result of {code}").focus()
        desk.page.keyboard.type(text)
        desk.page.keyboard.press("Enter")
    below = "document.activeElement.closest('tr').previousElementSibling.querySelector('.ts-cell-text').value"
    assert desk.page.evaluate(below) == "<10"
    desk.page.get_by_label("Result of CD19_ABS").focus()
    desk.page.keyboard.type("12.5")
    desk.page.get_by_role("button", name="Save the panel").click()
    desk.page.get_by_text("[missing-without-reason]").wait_for()
    assert desk.page.get_by_label("Result of ATA").input_value() == "<10"
    desk.page.get_by_label("Reason of ARA").fill("tube broken")
    desk.page.get_by_role("button", name="Save the panel").click()
    desk.page.get_by_text("4 results and 0 judgements stored.").wait_for()
    assert stored_panel(f"K-{trial.study.code}") == {"ANA": "1:640", "ARA": "", "ATA": "<10", "CD19_ABS": "12.5"}


PASTE = """text => {
    const data = new DataTransfer();
    data.setData("text/plain", text);
    document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
}"""


def panel_by_paste(desk, subject, trial):
    """A column downwards, then two columns that find their rows."""
    desk.open(f"/admin/labs/specimen/add/?subject={subject.pk}")
    desk.fill(laboratory=trial.laboratory.code, accession=f"P-{trial.study.code}", collected="2024-04-09T08:15")
    desk.saved()
    desk.page.get_by_label("Result of IGA").focus()
    desk.page.evaluate(PASTE, "0.8\r\n6.1\r\n<0.1\r\n")
    desk.page.evaluate(PASTE, "CD19_ABS\t<1\nFerritin\t300\nAnti-topoisomerase I (Scl-70)\t44")
    assert "Not in this panel, and not pasted: Ferritin." in desk.text()
    desk.page.get_by_label("Clinically significant of IGG").select_option("yes")
    desk.page.get_by_role("button", name="Save the panel").click()
    desk.page.get_by_text("5 results and 1 judgement stored.").wait_for()
    assert stored_panel(f"P-{trial.study.code}") == {
        "IGA": "0.8", "IGG": "6.1", "IGM": "<0.1", "CD19_ABS": "<1", "ATA": "44",
    }  # fmt: skip
    assert "<10 {CU} on 20 Mar 2024" in desk.text()


def stored_panel(accession):
    """Results of a specimen as received, by analyte."""
    rows = Result.objects.filter(specimen__accession=accession)
    return dict(rows.values_list("analyte__code", "received_text"))


def test_from_enrolment_to_a_late_visit(coordinator, trial, sign_in):
    subject = enrol(coordinator, trial)
    assert Consent.objects.get(subject=subject).signed_on == dt.date(2024, 1, 15)
    answer_criteria(coordinator, subject)
    decide(sign_in(trial.investigator), subject)
    apheresis = record_apheresis(coordinator, subject)
    lots = [record_lot(coordinator, subject, apheresis, target) for target in ("CD19", "BCMA")]
    for lot in lots:
        release(coordinator, lot)
    condition(coordinator, subject)
    infuse(coordinator, subject, lots)
    crs_episode(coordinator, subject)
    visit_outside_its_window(coordinator, subject)
    with acting(actor=trial.coordinator, reason="another subject's visit"):
        assessment_at_the_visit(coordinator, subject)
    panel_by_keyboard(coordinator, subject, trial)
    panel_by_paste(coordinator, subject, trial)
