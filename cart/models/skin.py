"""Skin: modified Rodnan skin score (mRSS) and digital ulcers."""

from functools import reduce
from operator import add, and_

from django.db import models
from django.db.models import F

from cart.endpoints.disease.skin import SITES
from cart.models.assessment import Assessment, assessment_constraints, between, score, yes_no

SITE_NAMES = tuple(site.name for site in SITES)
MOST_MRSS = 51


class SkinScore(Assessment):
    """mRSS: skin thickness at 17 sites, 0 normal to 3 severe.

    ``total`` is computed by the database and missing where a site is: a site that could not be scored is neither 0
    nor the mean of the others.
    """

    blinded = yes_no("blinded", "Did the assessor know neither treatment nor laboratory?")
    face = score("face", 3)
    chest = score("chest", 3)
    abdomen = score("abdomen", 3)
    right_upper_arm = score("right upper arm", 3)
    left_upper_arm = score("left upper arm", 3)
    right_forearm = score("right forearm", 3)
    left_forearm = score("left forearm", 3)
    right_hand = score("right hand", 3)
    left_hand = score("left hand", 3)
    right_fingers = score("right fingers", 3)
    left_fingers = score("left fingers", 3)
    right_thigh = score("right thigh", 3)
    left_thigh = score("left thigh", 3)
    right_leg = score("right leg", 3)
    left_leg = score("left leg", 3)
    right_foot = score("right foot", 3)
    left_foot = score("left foot", 3)
    total = models.GeneratedField(
        expression=reduce(add, map(F, SITE_NAMES)), output_field=models.SmallIntegerField(null=True), db_persist=True
    )
    total_in_source = score("total in the source", MOST_MRSS)

    class Meta(Assessment.Meta):
        verbose_name = "skin score (mRSS)"
        verbose_name_plural = "skin scores (mRSS)"
        constraints = [
            *assessment_constraints("skin_score", "mRSS", (*SITE_NAMES, "total_in_source")),
            models.CheckConstraint(
                condition=reduce(and_, (between(name, 0, 3) for name in SITE_NAMES)),
                name="skin_score_sites_0_to_3",
                violation_error_message="A site is scored 0, 1, 2 or 3. [skin-score]",
            ),
            models.CheckConstraint(
                condition=between("total_in_source", 0, MOST_MRSS),
                name="skin_score_total_0_to_51",
                violation_error_message="A total of the mRSS is 0 to 51. [skin-score]",
            ),
        ]


class DigitalUlcerCount(Assessment):
    """Digital ulcers at one time."""

    active = score("active ulcers", 50)
    new = score("new since the last visit", 50)

    class Meta(Assessment.Meta):
        verbose_name = "digital ulcers"
        verbose_name_plural = "digital ulcers"
        constraints = [
            *assessment_constraints("ulcers", "count of digital ulcers", ("active", "new")),
            models.CheckConstraint(
                condition=between("active", 0, 50) & between("new", 0, 50),
                name="ulcers_0_to_50",
                violation_error_message="A count of digital ulcers is 0 to 50. [ulcer-count]",
            ),
        ]
