"""The audit trail as Django reads it. Nobody writes here: the database does."""

from django.db import models


class AuditContext(models.Model):
    """Who acted, why, when and in which transaction and request."""

    id = models.BigIntegerField(primary_key=True)
    actor = models.TextField()
    reason = models.TextField()
    request = models.TextField()
    at = models.DateTimeField()
    txid = models.BigIntegerField()
    session_role = models.TextField()
    application = models.TextField()

    class Meta:
        managed = False
        # Schema and table: Django quotes the whole name once, so the dot carries its own quotes.
        db_table = 'audit"."context'
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.actor} at {self.at:%Y-%m-%d %H:%M:%S}"


class AuditEvent(models.Model):
    """One changed row: values before and after."""

    class Operation(models.TextChoices):
        INSERT = "I", "Entered"
        UPDATE = "U", "Changed"
        DELETE = "D", "Deleted"

    id = models.BigIntegerField(primary_key=True)
    context = models.ForeignKey(AuditContext, on_delete=models.DO_NOTHING, related_name="events")
    table_name = models.TextField()
    row_id = models.TextField()
    operation = models.CharField(max_length=1, choices=Operation)
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)

    class Meta:
        managed = False
        db_table = 'audit"."event'
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} {self.table_name} {self.row_id}"

    def changed_fields(self) -> dict[str, tuple[object, object]]:
        """Column -> (old, new) of every column whose value differs."""
        old, new = self.old or {}, self.new or {}
        return {name: (old.get(name), new.get(name)) for name in sorted({*old, *new}) if old.get(name) != new.get(name)}
