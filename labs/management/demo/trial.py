"""The clinical side of the synthetic trial: sites, accounts, subjects and their product chain."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.db import transaction

from cart.actions.custody import check_scan
from cart.actions.eligibility import Given, answer_criteria, decide_eligibility
from cart.actions.enrolment import screen_subject
from cart.actions.infusion import ComponentGiven, record_infusion
from cart.actions.product import release_lot
from cart.models import (
    Apheresis,
    ConcomitantTherapy,
    ConditioningCourse,
    ConditioningDose,
    CustodyEvent,
    Lot,
    Membership,
    Product,
    ReleaseTest,
    Role,
    Site,
    Study,
    Subject,
    Visit,
)
from labs.management.demo.assessments import enter_assessments
from labs.management.demo.course import PLANS, VISIT_DAYS, Plan
from labs.management.demo.safety import enter_safety
from trialsite.audit.context import acting

SITES = {"KUL": ("Leuven", "BEL", "Europe/Brussels"), "BOS": ("Boston", "USA", "America/New_York")}
COORDINATORS = {"KUL": "coordinator.kul", "BOS": "coordinator.bos"}
INVESTIGATORS = {"KUL": "investigator", "BOS": "investigator.bos"}
RESULTS = {
    "Viability": ("91.5", "91.5"),
    "CAR+ share": ("34", "34"),
    "VCN": ("2.1", "2.1"),
    "Endotoxin": ("<0.5", "0.5"),
    "Sterility": ("negative", None),
    "Mycoplasma": ("negative", None),
    "RCL": ("negative", None),
}
# Role -> user name; sites empty: the whole study.
ACCOUNTS: Mapping[str, tuple[Role, str | None]] = {
    "coordinator.kul": (Role.COORDINATOR, "KUL"),
    "coordinator.bos": (Role.COORDINATOR, "BOS"),
    "investigator": (Role.INVESTIGATOR, "KUL"),
    "investigator.bos": (Role.INVESTIGATOR, "BOS"),
    "data.manager": (Role.DATA_MANAGER, None),
    "monitor": (Role.MONITOR, None),
    "statistician": (Role.STATISTICIAN, None),
    "sponsor": (Role.SPONSOR, None),
    "safety.reviewer": (Role.SAFETY_REVIEWER, None),
    "skin.assessor": (Role.BLINDED_ASSESSOR, None),
    "study.administrator": (Role.STUDY_ADMINISTRATOR, None),
    "system.administrator": (Role.SYSTEM_ADMINISTRATOR, None),
    "auditor": (Role.AUDITOR, None),
}


def make_sites(study: Study) -> dict[str, Site]:
    """Both sites, by code."""
    return {
        code: Site.objects.get_or_create(
            study=study, code=code, defaults={"name": name, "country": country, "time_zone": zone}
        )[0]
        for code, (name, country, zone) in SITES.items()
    }


def make_accounts(study: Study, sites: Mapping[str, Site], passwords: Mapping[str, str]) -> None:
    """One account per role, with its membership; an account that exists is left as it is."""
    users = get_user_model()
    for username, (role, site) in ACCOUNTS.items():
        user = users.objects.filter(username=username).first()
        if user is None:
            user = users.objects.create_user(username=username, password=passwords[username], is_staff=True)
        if not Membership.objects.filter(user=user, study=study).exists():
            Membership.objects.create(user=user, study=study, site=sites[site] if site else None, role=role)


def enter_subjects(study: Study, sites: Mapping[str, Site]) -> list[str]:
    """Enter the nine subjects, unless they are there; returns their codes in the order of the plans."""
    with transaction.atomic():
        known = list(Subject.objects.filter(study=study).order_by("id").values_list("code", flat=True))
        if len(known) >= len(PLANS):
            return known[: len(PLANS)]
        return known + [_enter(study, sites, number).code for number in range(len(known), len(PLANS))]


def _enter(study: Study, sites: Mapping[str, Site], number: int) -> Subject:
    plan = PLANS[number]
    site = sites[plan.site]
    actor, reason = COORDINATORS[plan.site], "entry from source documents"
    subject = screen_subject(
        study=study,
        site=site,
        arm=study.arms.get(code="DUAL"),
        year_of_birth=plan.year_of_birth,
        sex=plan.sex,
        consent_version="2.0",
        consent_signed_on=plan.infusion_on - dt.timedelta(days=50),
        actor=actor,
        reason=reason,
    )
    _enrol(subject, site, plan)
    with acting(actor=actor, reason=reason):
        _place(subject, plan)
        _visits(subject, plan)
        _therapies(subject, plan)
        lots = _product_chain(subject, site, plan)
        _condition(subject, site, plan)
    for lot in lots:
        release_lot(lot=lot, released_at=_at(site, plan, -8, 15), actor="data.manager", reason="all tests passed")
    with acting(actor=actor, reason=reason):
        for lot in lots:
            _custody(site, plan, lot.apheresis, lot, "thawed", 0, site.name, hour=9)
            check_scan(lot=lot, code=lot.label_code(), purpose="infusion", actor=actor)
    _infuse(subject, site, plan, [Lot.objects.get(pk=lot.pk) for lot in lots], actor)
    enter_assessments(subject, number, actor=actor)
    with acting(actor=actor, reason=reason):
        enter_safety(subject, number, infusion_on=plan.infusion_on, weight_kg=plan.weight_kg, actor=actor)
    return subject


def _enrol(subject: Subject, site: Site, plan: Plan) -> None:
    """Answers by the coordinator, the decision by an investigator of the site."""
    protocol = subject.protocol()
    criteria = protocol.criteria.all() if protocol is not None else []
    answers = {one.code: Given("yes" if one.kind == "inclusion" else "no") for one in criteria}
    if plan.sex == "M" and "E10" in answers:
        answers["E10"] = Given("na", "male")
    answer_criteria(subject=subject, answers=answers, actor=COORDINATORS[plan.site], reason="screening")
    decide_eligibility(
        subject=subject,
        verdict="eligible",
        decided_at=_at(site, plan, -40, 16),
        note="",
        actor=INVESTIGATORS[plan.site],
        reason="eligibility decided",
    )
    subject.refresh_from_db()


def _at(site: Site, plan: Plan, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(
        plan.infusion_on + dt.timedelta(days=day), dt.time(hour, minute), tzinfo=ZoneInfo(site.time_zone)
    )


def _visits(subject: Subject, plan: Plan) -> None:
    protocol = subject.study.current_protocol()
    planned = {visit.code: visit for visit in protocol.planned_visits.all()} if protocol else {}
    for code, target in {**VISIT_DAYS, "D0": 0}.items():
        if code in plan.without_row:
            visit = Visit(
                subject=subject, planned=planned[code], status=Visit.Status.MISSED, missed_reason="subject travelling"
            )
        else:
            day = plan.late.get(code, target)
            visit = Visit(subject=subject, planned=planned[code], occurred_on=plan.infusion_on + dt.timedelta(days=day))
        visit.full_clean()
        visit.save()


def _therapies(subject: Subject, plan: Plan) -> None:
    def on(day: int) -> str:
        return (plan.infusion_on + dt.timedelta(days=day)).isoformat()

    entries = [
        # Stopped for the study; known to the month only, as subjects remember it.
        {"drug": "Mycophenolate mofetil", "therapy_class": "mycophenolate", "prior": True, "daily_dose_mg": 2000,
         "started": str(plan.infusion_on.year - 3), "stopped": on(-30)},
    ]  # fmt: skip
    if plan.prior_rituximab:
        entries.append(
            {"drug": "Rituximab", "therapy_class": "rituximab", "prior": True, "started": on(-130), "stopped": on(-116)}
        )
    if plan.ivig_day is not None:
        entries.append(
            {"drug": "Immunoglobulin, normal human", "therapy_class": "ivig", "started": on(plan.ivig_day),
             "stopped": on(plan.ivig_day + 1), "indication": "IgG below 4 g/L with infection"}
        )  # fmt: skip
    if plan.mycophenolate_from is not None:
        entries.append(
            {"drug": "Mycophenolate mofetil", "therapy_class": "mycophenolate", "daily_dose_mg": 1000,
             "started": on(plan.mycophenolate_from), "ongoing": True, "indication": "arthritis"}
        )  # fmt: skip
    for entry in entries:
        therapy = ConcomitantTherapy(subject=subject, **entry)
        therapy.full_clean()
        therapy.save()


def _product_chain(subject: Subject, site: Site, plan: Plan) -> list[Lot]:
    product = Product.objects.filter(study=subject.study, code="DUAL19B").order_by("-version")[0]
    apheresis = Apheresis(
        subject=subject,
        chain_of_identity=f"COI-{subject.code}",
        collected_at=_at(site, plan, -35, 10),
        volume_ml=Decimal("212.0"),
        cd3_cells_e9=Decimal("6.4"),
    )
    apheresis.full_clean()
    apheresis.save()
    for kind, day, place in [
        ("collected", -35, site.name),
        ("shipped", -34, site.name),
        ("received", -33, "Manufacturer"),
    ]:
        _custody(site, plan, apheresis, None, kind, day, place)
    lots = []
    for target in ("CD19", "BCMA"):
        lot = Lot(
            number=f"{target}-{subject.code}",
            product=product,
            apheresis=apheresis,
            subject=subject,
            target=target,
            manufactured_on=plan.infusion_on - dt.timedelta(days=14),
            state=Lot.State.QUARANTINED,
        )
        lot.full_clean()
        lot.save()
        for specification in product.specifications.all():
            text, value = RESULTS[specification.test]
            test = ReleaseTest(
                lot=lot,
                specification=specification,
                received_text=text,
                value=Decimal(value) if value else None,
                passed=True,
                tested_on=plan.infusion_on - dt.timedelta(days=10),
            )
            test.full_clean()
            test.save()
        for kind, day, place in [
            ("frozen", -14, "Manufacturer"),
            ("shipped", -3, "Manufacturer"),
            ("received", -2, site.name),
        ]:
            _custody(site, plan, apheresis, lot, kind, day, place)
        lots.append(lot)
    return lots


def _custody(
    site: Site, plan: Plan, apheresis: Apheresis, lot: Lot | None, kind: str, day: int, place: str, hour: int = 16
) -> None:
    """One step of the ledger; cells are cold until they are frozen, and frozen until they are thawed."""
    low, high = ("3.1", "6.8") if lot is None else ("-181.5", "-152.0")
    event = CustodyEvent(
        apheresis=apheresis,
        lot=lot,
        kind=kind,
        occurred_at=_at(site, plan, day, hour),
        place=place,
        first_person="nurse A",
        second_person="nurse B",
        temperature_min_c=None if kind == "thawed" else Decimal(low),
        temperature_max_c=None if kind == "thawed" else Decimal(high),
        seal_intact=True,
    )
    event.full_clean()
    event.save()


def _condition(subject: Subject, site: Site, plan: Plan) -> None:
    height_cm, weight_kg = Decimal("168.0"), Decimal(str(plan.weight_kg))
    course = ConditioningCourse(
        subject=subject,
        regimen="Fludarabine 25 mg/m2 on days -5 to -3, cyclophosphamide 1 g/m2 on day -3",
        weight_kg=weight_kg,
        height_cm=height_cm,
        creatinine_clearance_ml_min=Decimal("96.0"),
        fludarabine_full_mg_m2=Decimal(25),
    )
    course.full_clean()
    course.save()
    doses = [("fludarabine", day, Decimal(25)) for day in (-5, -4, -3)] + [("cyclophosphamide", -3, Decimal(1000))]
    for drug, day, planned in doses:
        dose = ConditioningDose(
            course=course,
            drug=drug,
            given_at=_at(site, plan, day, 9 if drug == "fludarabine" else 13),
            planned_mg_m2=planned,
            given_mg=(planned * course.bsa_m2).quantize(Decimal("0.01")),
        )
        dose.full_clean()
        dose.save()


def _place(subject: Subject, plan: Plan) -> None:
    """Cohorts of three, from the lowest dose on, in the order of infusion."""
    before = sum(other.infusion_on < plan.infusion_on for other in PLANS)
    subject.cohort = subject.study.cohorts.get(level=before // 3 + 1)
    subject.save(update_fields=["cohort"])


def _infuse(subject: Subject, site: Site, plan: Plan, lots: list[Lot], actor: str) -> None:
    weight_kg = Decimal(str(plan.weight_kg))
    cohort = subject.study.cohorts.get(pk=subject.cohort_id)
    planned = cohort.planned_by_target()
    components = []
    for number, lot in enumerate(lots):
        fractions = Decimal("0.9150") * Decimal("0.9600") * Decimal("0.3400")
        # The viable CAR+ cells per kg that the cohort plans for the target, at the measured shares.
        cells = weight_kg * planned[lot.target] * 1_000_000
        cells_per_ml = (cells / fractions / Decimal(20)).quantize(Decimal("0.01"))
        components.append(
            ComponentGiven(
                lot=lot,
                target=lot.target,
                started_at=_at(site, plan, 0, 10, 30 * number),
                stopped_at=_at(site, plan, 0, 10, 30 * number + 15),
                volume_ml=Decimal(20),
                nucleated_cells_per_ml=cells_per_ml,
                viability_fraction=Decimal("0.9150"),
                cd3_fraction=Decimal("0.9600"),
                car_fraction=Decimal("0.3400"),
            )
        )
    record_infusion(
        subject=subject,
        weight_kg=weight_kg,
        planned_cells_per_kg_e6=cohort.planned_cells_per_kg_e6,
        planned_by_target_e6=planned,
        components=components,
        place=site.name,
        first_person="nurse A",
        second_person="physician C",
        actor=actor,
        reason="infusion record",
    )
