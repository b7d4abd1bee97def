"""Safety of the nine invented subjects: days of CRS and ICANS, their treatment, adverse events, an infection."""

import datetime as dt
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cart.actions.safety import ask_about_grades
from cart.models import (
    AdverseEvent,
    ConcomitantTherapy,
    CrsAssessment,
    IcansAssessment,
    Infection,
    RclTest,
    Subject,
    TherapyDose,
)
from labs.management.demo.course import SEED

# Days in hospital: assessed every day.
ASSESSED_DAYS = 12
TOCILIZUMAB_MG_KG = 8
ICE = {"orientation": 4, "naming": 3, "commands": 1, "writing": 1, "attention": 1}
LOW_FLOW, PRESSOR_FREE = "low_flow_nc_le6_or_blowby", "no_pressor"


@dataclass(frozen=True)
class Story:
    """What happens to a subject: protocol day to the finding of the day, and what is given."""

    fever: tuple[int, ...] = ()
    hypotension: tuple[int, ...] = ()
    hypoxia: tuple[int, ...] = ()
    tocilizumab: tuple[int, ...] = ()
    # Day to the ICE items that are lost.
    ice_lost: Mapping[int, str] = field(default_factory=dict)
    drowsy: tuple[int, ...] = ()
    # Day to the number of doses.
    dexamethasone: Mapping[int, int] = field(default_factory=dict)
    misread: int | None = None
    infection_day: int | None = None
    # First and last day of neutrophils below 0.5 * 10*9/L, as demo.counts has them.
    neutropenia: tuple[int, int] | None = None


# By the number of the plan. Tocilizumab and steroids: for those who take mycophenolate later or do not return
# naive, whose reset would not be met anyway.
STORIES: Mapping[int, Story] = {
    0: Story(fever=(2, 3)),
    1: Story(fever=(4,)),
    2: Story(fever=(2, 3, 4), hypotension=(3,), misread=3),
    3: Story(neutropenia=(5, 9)),
    4: Story(fever=(1, 2)),
    # It comes back.
    5: Story(fever=(2, 3, 8, 9)),
    6: Story(fever=(2, 3), hypotension=(3,), tocilizumab=(3,), infection_day=47),
    7: Story(fever=(3,), ice_lost={5: "writing"}),
    8: Story(
        fever=(1, 2, 3),
        hypotension=(2, 3),
        hypoxia=(3,),
        tocilizumab=(2, 3),
        ice_lost={5: "writing", 6: "orientation", 7: "writing"},
        drowsy=(6,),
        dexamethasone={6: 4, 7: 2},
        neutropenia=(2, 12),
    ),
}


def enter_safety(subject: Subject, number: int, *, infusion_on: dt.date, weight_kg: float, actor: str) -> None:
    """Enter the safety records of one subject, in the order in which they come about."""
    story = STORIES.get(number, Story())
    days = _crs_days(subject, number, story, infusion_on)
    for day in [*days, *_icans_days(subject, story, infusion_on)]:
        _store(day)
    _treat(subject, story, infusion_on, weight_kg)
    for event in _events(subject, story, infusion_on):
        _store(event)
    if story.infection_day is not None:
        _infect(subject, infusion_on + dt.timedelta(days=story.infection_day))
    _store(
        RclTest(
            subject=subject,
            planned_label="Month 3",
            sampled_on=infusion_on + dt.timedelta(days=91),
            method="VSV-G PCR",
            result=RclTest.Result.NEGATIVE,
        )
    )
    ask_about_grades(days=days, actor=actor, reason="entry from source documents")


def _store(record: Any) -> Any:
    record.full_clean()
    record.save()
    return record


def _crs_days(subject: Subject, number: int, story: Story, infusion_on: dt.date) -> list[CrsAssessment]:
    # A seed of its own: one more record here must not move the laboratory's values.
    chance = random.Random(SEED + 100 + number)
    days = []
    for day in range(ASSESSED_DAYS + 1):
        feverish = day in story.fever
        temperature = chance.uniform(38.2, 39.6) if feverish else chance.uniform(36.2, 37.4)
        worst = [1 if feverish else 0, 2 if day in story.hypotension + story.hypoxia else 0]
        days.append(
            CrsAssessment(
                subject=subject,
                assessed_on=infusion_on + dt.timedelta(days=day),
                temperature_max_c=Decimal(f"{temperature:.1f}"),
                fever_masked=bool(story.tocilizumab) and 0 <= day - story.tocilizumab[0] <= 2,
                hypotension=PRESSOR_FREE if day in story.hypotension else "none",
                hypoxia=LOW_FLOW if day in story.hypoxia else "none",
                investigator_grade=1 if day == story.misread else max(worst),
            )
        )
    return days


def _icans_days(subject: Subject, story: Story, infusion_on: dt.date) -> list[IcansAssessment]:
    days = []
    for day in range(ASSESSED_DAYS + 1):
        points = {
            part: (1 if part == "orientation" else most - 1) if story.ice_lost.get(day) == part else most
            for part, most in ICE.items()
        }
        days.append(
            IcansAssessment(
                subject=subject,
                assessed_on=infusion_on + dt.timedelta(days=day),
                **{f"ice_{part}": found for part, found in points.items()},
                consciousness="to_voice" if day in story.drowsy else "alert",
                seizure="none",
                motor_weakness=False,
                oedema="none",
                investigator_grade=2 if day in story.drowsy else int(day in story.ice_lost),
            )
        )
    return days


def _treat(subject: Subject, story: Story, infusion_on: dt.date, weight_kg: float) -> None:
    each = Decimal(str(weight_kg)) * TOCILIZUMAB_MG_KG
    given = {
        ("Tocilizumab", "immunosuppressant", "cytokine release syndrome"): [
            (day, 1, min(each, Decimal(800)).quantize(Decimal("0.01"))) for day in story.tocilizumab
        ],
        ("Dexamethasone", "steroid", "ICANS"): [
            (day, doses, Decimal(10)) for day, doses in story.dexamethasone.items()
        ],
    }
    for (drug, therapy_class, indication), doses in given.items():
        if not doses:
            continue
        first, last = (infusion_on + dt.timedelta(days=doses[place][0]) for place in (0, -1))
        therapy = _store(
            ConcomitantTherapy(
                subject=subject,
                drug=drug,
                therapy_class=therapy_class,
                started=first.isoformat(),
                stopped=last.isoformat(),
                # The day with the most; the sum is taken of the rows.
                daily_dose_mg=max(number * dose_mg for _, number, dose_mg in doses),
                indication=indication,
            )
        )
        for day, number, dose_mg in doses:
            on = infusion_on + dt.timedelta(days=day)
            _store(TherapyDose(therapy=therapy, given_on=on, doses=number, dose_mg=dose_mg))


def _events(subject: Subject, story: Story, infusion_on: dt.date) -> list[AdverseEvent]:
    def on(day: int) -> str:
        return (infusion_on + dt.timedelta(days=day)).isoformat()

    def event(term: str, first: int, last: int, grade: int, **more: Any) -> AdverseEvent:
        fields = {
            "related_to_product": "related",
            "related_to_conditioning": "unlikely",
            "action": AdverseEvent.Action.NOT_APPLICABLE,
            "outcome": AdverseEvent.Outcome.RECOVERED,
            "dlt": False,
        } | more
        return AdverseEvent(subject=subject, term=term, started=on(first), ended=on(last), grade=grade, **fields)

    nausea = {"related_to_product": "unlikely", "related_to_conditioning": "related"}
    events = [event("Nausea", -4, -2, 1, ctcae_term="Nausea", **nausea)]
    if story.fever:
        severe = bool(story.hypotension)
        events.append(
            event(
                "Cytokine release syndrome",
                story.fever[0],
                story.fever[-1],
                2 if severe else 1,
                ctcae_term="Cytokine release syndrome",
                special_interest="crs",
                serious=severe,
                hospitalisation=severe,
                treatment="tocilizumab" if story.tocilizumab else "paracetamol",
            )
        )
    lost = list(story.ice_lost)
    if lost:
        events.append(
            event(
                "Difficulty writing" if len(lost) == 1 else "Confusion, drowsiness",
                lost[0],
                lost[-1],
                2 if story.drowsy else 1,
                special_interest="icans",
                treatment="dexamethasone" if story.dexamethasone else "",
            )
        )
    if story.neutropenia is not None:
        events.append(
            event(
                "Neutropenia",
                *story.neutropenia,
                4,
                ctcae_term="Neutrophil count decreased",
                related_to_conditioning="related",
                special_interest="cytopenia",
                dlt_reason="expected after conditioning; recovered within 14 days",
                treatment="filgrastim",
            )
        )
    return events


def _infect(subject: Subject, on: dt.date) -> None:
    until = on + dt.timedelta(days=9)
    event = _store(
        AdverseEvent(
            subject=subject,
            term="Pneumonia",
            ctcae_term="Lung infection",
            started=on.isoformat(),
            ended=until.isoformat(),
            grade=3,
            serious=True,
            hospitalisation=True,
            related_to_product="possible",
            related_to_conditioning="unlikely",
            outcome=AdverseEvent.Outcome.RECOVERED,
            treatment="amoxicillin and clavulanic acid",
            dlt=False,
            special_interest="infection",
        )
    )
    _store(
        Infection(
            subject=subject,
            event=event,
            kind=Infection.Kind.BACTERIAL,
            organism="Streptococcus pneumoniae",
            site=Infection.Site.LUNG,
            started=on.isoformat(),
            ended=until.isoformat(),
            grade=3,
            reactivation=False,
            treatment="amoxicillin and clavulanic acid",
        )
    )
