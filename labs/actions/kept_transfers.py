"""What stays of a transfer: its counts, and what was wrong with which row."""

from typing import Any

import polars as pl
from django.utils import timezone

from labs.actions import loading
from labs.imports.report import Totals
from labs.models import Transfer
from trialsite.isolation.columns import copy_in


def totals_again(accepted: Transfer) -> Totals:
    """Of a file that was accepted before: what was not taken then waits still, the others of its rows are there."""
    left_out = accepted.rows_quarantined + accepted.rows_refused
    return Totals(
        rows=accepted.rows_total,
        duplicate=accepted.rows_total - left_out,
        quarantined=accepted.rows_quarantined,
        refused=accepted.rows_refused,
        with_findings=accepted.rows_with_findings,
    )


def accept(transfer: Transfer, totals: Totals, findings: pl.DataFrame) -> None:
    """Record a file that was taken, with what of it was not."""
    _keep_findings(transfer, findings, outcome="quarantined" if totals.quarantined else "refused")
    transfer.state = Transfer.State.ACCEPTED
    _count(transfer, totals)


def keep_refusal(totals: Totals, findings: pl.DataFrame, **fields: Any) -> str:
    """Record a file that was not taken, with what was wrong, after its load was undone."""
    transfer = Transfer.objects.create(state=Transfer.State.REFUSED, **fields)
    _keep_findings(transfer, findings, outcome="refused")
    _count(transfer, totals)
    return str(transfer)


def _count(transfer: Transfer, totals: Totals) -> None:
    transfer.rows_total = totals.rows
    transfer.rows_applied = totals.applied
    transfer.rows_corrected = totals.corrected
    transfer.rows_duplicate = totals.duplicate
    transfer.rows_quarantined = totals.quarantined
    transfer.rows_refused = totals.refused
    transfer.rows_with_findings = totals.with_findings
    transfer.specimens_corrected = totals.specimens_corrected
    transfer.rows_vanished = totals.vanished
    transfer.decided_at = timezone.now()
    transfer.save()


def _keep_findings(transfer: Transfer, findings: pl.DataFrame, *, outcome: str) -> None:
    # A file that is wrong from end to end says so once, not ten million times; accepted files keep them all.
    kept = findings if transfer.state != Transfer.State.REFUSED else findings.head(loading.KEPT_FINDINGS)
    copy_in(
        "labs_transferrow",
        kept.unique(["line", "column", "rule"], keep="first", maintain_order=True).select(
            pl.lit(transfer.pk).alias("transfer_id"),
            "line",
            pl.col("column").fill_null("").str.slice(0, 80),
            "rule",
            pl.col("found").fill_null("").str.slice(0, 300),
            pl.col("expected").fill_null("").str.slice(0, 300),
            pl.lit(outcome).alias("outcome"),
            pl.col("text").fill_null("").alias("received_text"),
        ),
    )
