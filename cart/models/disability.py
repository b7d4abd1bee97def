"""What subject and physician judge: disability (HAQ-DI) and global assessments."""

from functools import reduce
from operator import and_

from django.db import models

from cart.endpoints.clinical_frames import ITEMS_OF
from cart.models.assessment import Assessment, assessment_constraints, between, number, score, yes_no

ANSWERS = tuple(item for items in ITEMS_OF.values() for item in items)


def _aid(category: str) -> models.BooleanField:
    return models.BooleanField(f"aid or help: {category}", default=False)


class HealthQuestionnaire(Assessment):
    """HAQ-DI: 20 answers, 0 without difficulty to 3 unable, and the aids of each category.

    The index is computed on reading by ``cart.endpoints.disease.disability``; the one in the source stays beside it.
    """

    dress = score("dress yourself", 3)
    shampoo = score("shampoo your hair", 3)
    dressing_aid = _aid("dressing")
    stand_up = score("stand up from a chair", 3)
    bed = score("get in and out of bed", 3)
    arising_aid = _aid("arising")
    cut_meat = score("cut meat", 3)
    lift_cup = score("lift a full cup", 3)
    open_carton = score("open a milk carton", 3)
    eating_aid = _aid("eating")
    walk_outdoors = score("walk outdoors on flat ground", 3)
    climb_steps = score("climb five steps", 3)
    walking_aid = _aid("walking")
    wash = score("wash and dry your body", 3)
    bath = score("take a bath", 3)
    toilet = score("get on and off the toilet", 3)
    hygiene_aid = _aid("hygiene")
    reach_up = score("reach up for 2 kg", 3)
    bend_down = score("bend down for clothing", 3)
    reach_aid = _aid("reach")
    car_doors = score("open car doors", 3)
    jars = score("open jars", 3)
    taps = score("turn taps", 3)
    grip_aid = _aid("grip")
    errands = score("errands and shopping", 3)
    car = score("get in and out of a car", 3)
    chores = score("chores", 3)
    activities_aid = _aid("activities")
    index_in_source = number("index in the source", 4, 3)

    class Meta(Assessment.Meta):
        verbose_name = "HAQ-DI"
        verbose_name_plural = "HAQ-DI"
        constraints = [
            *assessment_constraints("haq", "HAQ-DI", (*ANSWERS, "index_in_source")),
            models.CheckConstraint(
                condition=reduce(and_, (between(name, 0, 3) for name in ANSWERS)),
                name="haq_answers_0_to_3",
                violation_error_message="An answer is 0, 1, 2 or 3. [haq-answer]",
            ),
            models.CheckConstraint(
                condition=between("index_in_source", 0, 3),
                name="haq_index_0_to_3",
                violation_error_message="The index of HAQ-DI is 0 to 3. [haq-answer]",
            ),
        ]


class GlobalAssessment(Assessment):
    """Global assessments by subject and physician on scales of 0 (best) to 10 (worst), and the subject's view of the
    skin."""

    patient_global = number("patient global (0-10)", 3, 1)
    physician_global = number("physician global (0-10)", 3, 1)
    skin_worse = yes_no("skin worse in the last month", "In the subject's own view.")

    class Meta(Assessment.Meta):
        verbose_name = "global assessment"
        constraints = [
            *assessment_constraints(
                "global_assessment", "global assessment", ("patient_global", "physician_global", "skin_worse")
            ),
            models.CheckConstraint(
                condition=between("patient_global", 0, 10) & between("physician_global", 0, 10),
                name="global_assessment_0_to_10",
                violation_error_message=(
                    "A global assessment is 0 to 10; millimetres of a 100 mm scale are divided by 10. [global-scale]"
                ),
            ),
        ]
