"""Randomisation: sealed lists, and the places that were given from them."""

from django.db import models
from django.db.models import Q

from cart.models.study import Arm, Study
from cart.models.subject import Subject


class RandomisationList(models.Model):
    """A list of permuted blocks of a study. What comes next is not in it.

    The seed follows from ``nonce`` and the installation's ``RANDOMISATION_KEY``, which is outside the database;
    ``seed_sha256`` binds the list to it, so that a place cannot be given from another seed.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="randomisation_lists")
    number = models.PositiveSmallIntegerField(default=1)
    algorithm = models.CharField(max_length=30)
    ratio = models.JSONField(help_text="Share of each arm in a block.")
    block_sizes = models.JSONField(help_text="Sizes from which each block draws its own.")
    by_site = models.BooleanField(default=False, help_text="Every site has a list of its own.")
    nonce = models.CharField(max_length=64, editable=False)
    seed_sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["study", "number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="randomisation_list_once"),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(closed_at=None),
                name="randomisation_list_one_open",
                violation_error_message="The study has an open randomisation list already. [randomisation-list-open]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} list {self.number}"


class Allocation(models.Model):
    """A place of a list, given to a subject; the subject's arm follows. Append-only, without gaps."""

    randomisation_list = models.ForeignKey(RandomisationList, on_delete=models.PROTECT, related_name="allocations")
    subject = models.OneToOneField(Subject, on_delete=models.PROTECT, related_name="allocation")
    stratum = models.CharField(max_length=20, blank=True)
    position = models.PositiveIntegerField()
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, related_name="allocations")
    allocated_by = models.CharField(max_length=150, editable=False, blank=True)
    allocated_at = models.DateTimeField(editable=False, null=True)

    class Meta:
        ordering = ["randomisation_list", "stratum", "position"]
        verbose_name = "randomised subject"
        constraints = [
            models.UniqueConstraint(
                fields=["randomisation_list", "stratum", "position"],
                name="allocation_place_once",
                violation_error_message="This place of the list is given already. [allocation-place]",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.arm}"
