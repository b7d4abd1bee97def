"""Who may work where: user x study x site x role, with its history."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Role(models.TextChoices):
    """Roles of TRUST: what a member does in one study."""

    COORDINATOR = "coordinator", "Coordinator"
    INVESTIGATOR = "investigator", "Investigator"
    DATA_MANAGER = "data-manager", "Data manager"
    MONITOR = "monitor", "Monitor"
    STATISTICIAN = "statistician", "Statistician"
    SPONSOR = "sponsor", "Sponsor"
    SAFETY_REVIEWER = "safety-reviewer", "Safety reviewer"
    BLINDED_ASSESSOR = "blinded-assessor", "Blinded assessor"
    STUDY_ADMINISTRATOR = "study-administrator", "Study administrator"
    SYSTEM_ADMINISTRATOR = "system-administrator", "System administrator"
    AUDITOR = "auditor", "Auditor"


# Who may write clinical data; everybody else reads.
WRITING_ROLES = frozenset({Role.COORDINATOR, Role.INVESTIGATOR, Role.DATA_MANAGER, Role.STUDY_ADMINISTRATOR})
# A skin assessor who sees titers is no longer blinded.
ROLES_WITHOUT_TITERS = frozenset({Role.BLINDED_ASSESSOR, Role.SYSTEM_ADMINISTRATOR})


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships by time and user."""

    def current(self) -> "MembershipQuerySet":
        """Memberships in force now."""
        now = timezone.now()
        return self.filter(started_at__lte=now).filter(Q(ended_at=None) | Q(ended_at__gt=now))


class Membership(models.Model):
    """A user's role in a study, at one site or (site empty) at all of them.

    Ended, never deleted: who could see what and when stays answerable.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    study = models.ForeignKey("cart.Study", on_delete=models.PROTECT, related_name="memberships")
    site = models.ForeignKey("cart.Site", on_delete=models.PROTECT, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=24, choices=Role)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["study", "user", "role"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=Role.values),
                name="membership_role_known",
                violation_error_message="The role is not one of the known roles. [role-unknown]",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="membership_ends_after_start",
                violation_error_message="A membership ends after it starts. [membership-period]",
            ),
            models.UniqueConstraint(
                fields=["user", "study", "site", "role"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
                name="membership_open_once",
                violation_error_message="This user already holds this role there. [membership-twice]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} {self.study}"
