"""Heart: echocardiography and right-heart catheter."""

from decimal import Decimal

from django.db import models
from django.db.models import F
from django.db.models.expressions import Combinable

from cart.models.assessment import Assessment, assessment_constraints, between, number, yes_no


def _spap() -> Combinable:
    # Bernoulli: the pressure over the valve in mmHg is 4 v^2, v in m/s.
    return Decimal(4) * F("trv_m_s") * F("trv_m_s") + F("rap_mmhg")


class Echocardiogram(Assessment):
    """Echocardiography; sPAP = 4 TRV^2 + RAP and TAPSE/sPAP are computed by the database."""

    trv_m_s = number("TRV (m/s)", 3, 2, "Empty where no regurgitation could be measured: sPAP is then not known.")
    rap_mmhg = number("RAP (mmHg)", 4, 1, "Estimated right atrial pressure.")
    spap_mmhg = models.GeneratedField(
        verbose_name="sPAP (mmHg)",
        expression=_spap(),
        output_field=models.DecimalField(max_digits=7, decimal_places=4, null=True),
        db_persist=True,
    )
    tapse_mm = number("TAPSE (mm)", 4, 1)
    tapse_spap = models.GeneratedField(
        verbose_name="TAPSE/sPAP (mm/mmHg)",
        expression=F("tapse_mm") / _spap(),
        output_field=models.DecimalField(max_digits=7, decimal_places=4, null=True),
        db_persist=True,
    )
    lvef_pct = number("LVEF (%)", 4, 1)
    ra_area_cm2 = number("right atrium area (cm²)", 4, 1, "At the end of systole; step 2 of DETECT.")
    right_axis_deviation = yes_no("right axis deviation", "On the ECG of the same examination; step 1 of DETECT.")
    spap_in_report = number("sPAP in the report (mmHg)", 4, 1)

    class Meta(Assessment.Meta):
        verbose_name = "echocardiogram"
        constraints = [
            *assessment_constraints(
                "echo",
                "echocardiogram",
                (
                    "trv_m_s",
                    "rap_mmhg",
                    "tapse_mm",
                    "lvef_pct",
                    "ra_area_cm2",
                    "right_axis_deviation",
                    "spap_in_report",
                ),
            ),
            models.CheckConstraint(
                condition=between("trv_m_s", 0.5, 7) & between("rap_mmhg", 0, 40),
                name="echo_pressure_terms",
                violation_error_message="TRV is 0.5 to 7 m/s, RAP 0 to 40 mmHg. [echo-value]",
            ),
            models.CheckConstraint(
                condition=between("tapse_mm", 1, 50) & between("lvef_pct", 1, 100) & between("spap_in_report", 5, 250),
                name="echo_other_values",
                violation_error_message="TAPSE is 1 to 50 mm, LVEF 1 to 100 per cent, sPAP 5 to 250 mmHg. [echo-value]",
            ),
            models.CheckConstraint(
                condition=between("ra_area_cm2", 3, 80),
                name="echo_atrium_area",
                violation_error_message="The area of the right atrium is 3 to 80 cm². [echo-value]",
            ),
        ]


class RightHeartCatheter(Assessment):
    """Pressures and output by right-heart catheter; PVR is computed by the database."""

    mpap_mmhg = number("mean PAP (mmHg)", 4, 1)
    pawp_mmhg = number("PAWP (mmHg)", 4, 1)
    rap_mmhg = number("RAP (mmHg)", 4, 1)
    cardiac_output_l_min = number("cardiac output (L/min)", 4, 2)
    pvr_wu = models.GeneratedField(
        verbose_name="PVR (Wood units)",
        expression=(F("mpap_mmhg") - F("pawp_mmhg")) / F("cardiac_output_l_min"),
        output_field=models.DecimalField(max_digits=7, decimal_places=3, null=True),
        db_persist=True,
    )
    pah = yes_no("PAH", "Pulmonary arterial hypertension, as the investigator judges.")

    class Meta(Assessment.Meta):
        verbose_name = "right-heart catheter"
        constraints = [
            *assessment_constraints(
                "catheter",
                "right-heart catheter",
                ("mpap_mmhg", "pawp_mmhg", "rap_mmhg", "cardiac_output_l_min", "pah"),
            ),
            models.CheckConstraint(
                condition=between("mpap_mmhg", 1, 150)
                & between("pawp_mmhg", 0, 60)
                & between("rap_mmhg", 0, 40)
                & between("cardiac_output_l_min", 0.5, 20),
                name="catheter_values",
                violation_error_message=(
                    "Mean PAP is 1 to 150, PAWP 0 to 60, RAP 0 to 40 mmHg, cardiac output 0.5 to 20 L/min. "
                    "[catheter-value]"
                ),
            ),
        ]
