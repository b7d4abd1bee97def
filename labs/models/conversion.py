"""How values become comparable: factors from unit to unit, and from kit to kit, each approved by a second person."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from cart.models.fields import ExactDecimalField, plain
from labs.models.analyte import Analyte
from labs.models.assay import AssayVersion, DateRange
from labs.units.conversion import check_factor, factor_between
from labs.units.errors import UnitError
from labs.units.standard import LOG_LINEAR, RATIO

_PERIOD = DateRange(F("valid_from"), F("valid_to"), RangeBoundary(inclusive_lower=True, inclusive_upper=True))
MAX_FACTOR = 10**30
# Beyond these a value would leave what a number can hold.
MAX_SLOPE, MAX_INTERCEPT = 1_000_000, 20
MAX_LOG_SLOPE = 10


class Conversion(models.Model):
    """What factors and bridging factors share: where it stands, from which day, who proposed and who approved.

    A proposed one serves nobody; approval closes the one before and is another person's. It is never edited: a
    correction is another one with the same first day, which supersedes it.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        APPROVED = "approved", "Approved"
        REJECTED = "rejected", "Rejected"
        SUPERSEDED = "superseded", "Superseded by a correction"

    # Before the number in the names of factors: F12, B3.
    LETTER = ""

    source = models.CharField(max_length=300, help_text="Where it stands: document, version and page.")
    valid_from = models.DateField(help_text="First day of collection it holds for.")
    valid_to = models.DateField(
        null=True, blank=True, editable=False, help_text="Last day; set when the next one is approved."
    )
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED, editable=False)
    proposed_by = models.CharField(max_length=150, editable=False)
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.CharField(max_length=150, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    changes_shown = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Results whose standard value it changed, as shown before it."
    )
    changes_digest = models.CharField(max_length=64, blank=True, editable=False, help_text="SHA-256 of what was shown.")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="%(class)s_ends_after_start",
                violation_error_message="A factor ends after it starts. [period]",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed") | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="%(class)s_decision_is_dated",
                violation_error_message="A decision on a factor has its person and time. [factor-undecided]",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("proposed_by")),
                name="%(class)s_approved_by_another",
                violation_error_message=(
                    "A factor is approved by another person than its proposer. [factor-two-people]"
                ),
            ),
        ]

    @property
    def label(self) -> str:
        """Its name in exports and commands: F12, B3."""
        return f"{self.LETTER}{self.pk}"


class ConversionFactor(Conversion):
    """The factor from a unit that laboratories send to the analyte's standard unit."""

    LETTER = "F"

    analyte = models.ForeignKey(Analyte, on_delete=models.PROTECT, related_name="conversion_factors")
    from_unit = models.CharField("from unit", max_length=40, blank=True, help_text="As results have it.")
    from_ucum = models.CharField(
        "its UCUM code", max_length=40, blank=True, help_text="Where the unit is no UCUM code itself: K/uL is 10*3/uL."
    )
    to_unit = models.CharField("to unit", max_length=40, editable=False, help_text="Standard unit of the analyte.")
    molar_mass = ExactDecimalField(
        "molar mass (g/mol)", null=True, blank=True, help_text="Of the analyte; only between mass and amount."
    )
    factor = ExactDecimalField(blank=True, help_text="Empty: the exact one, by UCUM and the molar mass.")

    class Meta(Conversion.Meta):
        ordering = ["analyte", "from_unit", "valid_from"]
        constraints = [
            *Conversion.Meta.constraints,
            ExclusionConstraint(
                name="factor_one_in_force",
                expressions=[
                    ("analyte", RangeOperators.EQUAL),
                    ("from_unit", RangeOperators.EQUAL),
                    ("to_unit", RangeOperators.EQUAL),
                    (_PERIOD, RangeOperators.OVERLAPS),
                ],
                condition=Q(state="approved"),
                violation_error_message=(
                    "Another approved factor holds on some of these days; close it first. [factor-overlap]"
                ),
            ),
            models.CheckConstraint(
                # Above as well: NaN is greater than every number of PostgreSQL.
                condition=Q(factor__gt=0, factor__lt=MAX_FACTOR)
                & (Q(molar_mass=None) | Q(molar_mass__gt=0, molar_mass__lt=MAX_FACTOR)),
                name="factor_above_zero",
                violation_error_message=(
                    "A factor and a molar mass are above 0 and below 10 to the 30th. [factor-not-positive]"
                ),
            ),
            models.CheckConstraint(
                condition=~Q(to_unit="") & ~Q(from_unit=F("to_unit")),
                name="factor_between_units",
                violation_error_message="A factor leads from one unit to another one. [factor-same-unit]",
            ),
        ]

    def __str__(self) -> str:
        factor = "?" if self.factor is None else plain(self.factor)
        return f"{self.analyte}: 1 {self.from_unit or 'without unit'} = {factor} {self.to_unit} from {self.valid_from}"

    @property
    def ucum(self) -> str:
        """UCUM code of the unit it leads from."""
        return self.from_ucum or self.from_unit

    def clean(self) -> None:
        """Compute the factor where none is given; refuse one that is not the one between the units."""
        if self.analyte_id is None:
            return
        if self._state.adding:
            self.to_unit = self.analyte.standard_unit
        if not self.to_unit:
            raise ValidationError(
                f"A factor leads to the analyte's standard unit; {self.analyte} has none. Enter it with the analyte. "
                "[standard-unit-missing]"
            )
        try:
            if self.factor is None:
                self.factor = factor_between(self.ucum, self.to_unit, molar_mass=self.molar_mass).value
            else:
                check_factor(Decimal(self.factor), self.ucum, self.to_unit, molar_mass=self.molar_mass)
        except UnitError as error:
            raise ValidationError(str(error)) from error


class BridgingFactor(Conversion):
    """How values of one kit would read by another, from samples that were measured by both."""

    LETTER = "B"

    class Method(models.TextChoices):
        RATIO = RATIO, "Ratio: new = ratio x old"
        LOG_LINEAR = LOG_LINEAR, "Log-linear: log10(new) = intercept + slope x log10(old)"

    from_assay = models.ForeignKey(AssayVersion, on_delete=models.PROTECT, related_name="bridges_from")
    to_assay = models.ForeignKey(AssayVersion, on_delete=models.PROTECT, related_name="bridges_to")
    from_unit = models.CharField("from unit", max_length=40, blank=True, editable=False)
    to_unit = models.CharField("to unit", max_length=40, blank=True, editable=False)
    method = models.CharField(max_length=12, choices=Method, default=Method.RATIO)
    slope = ExactDecimalField("ratio or slope")
    intercept = ExactDecimalField(null=True, blank=True, help_text="Of the log-linear method only.")
    samples = models.PositiveIntegerField("n", help_text="Number of samples that were measured by both kits.")

    class Meta(Conversion.Meta):
        ordering = ["from_assay", "valid_from"]
        constraints = [
            *Conversion.Meta.constraints,
            ExclusionConstraint(
                name="bridge_one_in_force",
                expressions=[("from_assay", RangeOperators.EQUAL), (_PERIOD, RangeOperators.OVERLAPS)],
                condition=Q(state="approved"),
                violation_error_message=(
                    "Another approved bridging factor holds on some of these days; close it first. [factor-overlap]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(method=RATIO, intercept=None, slope__gt=0, slope__lte=MAX_SLOPE)
                | Q(
                    method=LOG_LINEAR,
                    intercept__isnull=False,
                    intercept__gte=-MAX_INTERCEPT,
                    intercept__lte=MAX_INTERCEPT,
                    slope__gt=0,
                    slope__lte=MAX_LOG_SLOPE,
                ),
                name="bridge_numbers_of_method",
                violation_error_message=(
                    f"A ratio is above 0 and at most {MAX_SLOPE}, without intercept; a log-linear slope is above 0 and "
                    f"at most {MAX_LOG_SLOPE}, with an intercept from -{MAX_INTERCEPT} to {MAX_INTERCEPT}. "
                    "[bridge-numbers]"
                ),
            ),
            models.CheckConstraint(
                condition=Q(samples__gte=2),
                name="bridge_has_samples",
                violation_error_message="Two samples at least are measured by both kits. [bridge-samples]",
            ),
            models.CheckConstraint(
                condition=~Q(from_assay=F("to_assay")),
                name="bridge_between_kits",
                violation_error_message="A bridging factor leads from one kit to another one. [bridge-kits]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_assay} ({self.from_unit}) to {self.to_assay} ({self.to_unit}) from {self.valid_from}"

    def clean(self) -> None:
        """Both kits measure one analyte; a bridge ends at a kit that is not bridged itself."""
        if self.from_assay_id is None or self.to_assay_id is None:
            return
        if self.from_assay.analyte_id != self.to_assay.analyte_id:
            raise ValidationError(
                f"A bridging factor stays with one analyte; found {self.from_assay.analyte} and "
                f"{self.to_assay.analyte}. Choose another kit. [bridge-analyte]"
            )
        if self._state.adding:
            self.from_unit, self.to_unit = self.from_assay.unit, self.to_assay.unit
        chained = BridgingFactor.objects.filter(
            Q(from_assay=self.to_assay_id) | Q(to_assay=self.from_assay_id), state=Conversion.State.APPROVED
        ).first()
        if chained:
            raise ValidationError(
                f"A bridge is crossed once; found {chained.label} before or after it. Bridge both kits to the same "
                "third one. [bridge-chain]"
            )
