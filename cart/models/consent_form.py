"""Consent forms in force at a site: which version, from which day, and who signs it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from cart.models.study import ProtocolVersion, Site, Study


class ConsentForm(models.Model):
    """A version of the consent form that a site may use from a day on, as its ethics committee decided."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_forms")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="consent_forms")
    version = models.CharField(
        max_length=20, help_text="Written as it is written in the consents: a subject signed it by this name."
    )
    protocol = models.ForeignKey(
        ProtocolVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="consent_forms",
        help_text="Version of the protocol that the form describes.",
    )
    in_force_on = models.DateField("in force from", help_text="First day on which the site uses it.")
    signed_again = models.BooleanField(
        "signed by subjects who are in the study",
        default=True,
        help_text="No: only whoever joins from now on signs it.",
    )

    class Meta:
        ordering = ["study", "site", "-in_force_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "version"],
                name="consent_form_once",
                violation_error_message="This site already has a consent form of this version. [consent-form-twice]",
            ),
            models.CheckConstraint(
                condition=~Q(version=""),
                name="consent_form_has_version",
                violation_error_message="A consent form needs its version. [consent-form-unnamed]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.site})"

    def clean(self) -> None:
        if self.site_id and self.study_id and self.site.study_id != self.study_id:
            raise ValidationError({"site": "The site belongs to another study. [site-of-other-study]"})
        if self.protocol is not None and self.study_id and self.protocol.study_id != self.study_id:
            raise ValidationError({"protocol": "The protocol is of another study. [protocol-of-other-study]"})
