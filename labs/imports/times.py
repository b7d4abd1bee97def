"""Collection and receipt times: from the form a laboratory writes them in to ISO 8601 on the clocks of the site. PURE.

A specimen's time is kept as the site's clocks showed it: study days are counted there. Where the layout declares a
time zone, a time without an offset is that zone's and is turned to the site's; a time with an offset keeps its
instant; a date without a time stays. Of a time that the clocks showed twice the earlier is taken; one that they
skipped does not exist.
"""

import polars as pl

from labs.imports.layout import ISO, RowLayout
from labs.imports.records import AS_RECEIVED
from labs.imports.rules import MINUTE, PARTIAL_DATE, impossible_date

# Columns of specimens that are times, with the column that says whether the clocks skipped them.
TIMES = {"moment": "clock_gap", "receipt": "receipt_gap", "processing": "processing_gap"}
# Whether the clocks showed the time twice; only where the layout declares a time zone, as AS_RECEIVED.
TWICE = "clock_twice"
_OFFSET = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_WITH_OFFSET = f"T[0-9:]{{5,8}}({_OFFSET})$"
_MINUTES, _SECONDS = "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"


def iso_text(text: pl.Expr, layout: RowLayout) -> pl.Expr:
    """ISO 8601 text of a date in the declared format; null where it is not in that format."""
    if layout.date_format == ISO:
        spaced = text.str.replace(r"^([0-9-]{10}) ([0-9])", "${1}T${2}")
        # Whose clocks an offset is to be turned to is declared, or nothing is.
        bare = spaced.str.replace(f"(T[0-9:]{{5,8}}){_OFFSET}$", "${1}") if layout.time_zone else spaced
        return pl.when(bare.str.contains(PARTIAL_DATE) | (spaced == "")).then(spaced)
    timed = any(mark in layout.date_format for mark in ("%H", "%I"))
    form = "%Y-%m-%dT%H:%M" + (":%S" if "%S" in layout.date_format else "") if timed else "%Y-%m-%d"
    parsed = (
        text.str.to_datetime(layout.date_format, strict=False, time_unit="us")
        if timed
        else text.str.to_date(layout.date_format, strict=False)
    )
    return pl.when(text == "").then(pl.lit("")).otherwise(parsed.dt.strftime(form))


def on_site_clocks(specimens: pl.DataFrame, layout: RowLayout) -> pl.DataFrame:
    """Specimens with their times on the clocks of the subject's site, and what the clocks said of them.

    Parameters
    ----------
    specimens
        ``collected`` as received, the columns of ``TIMES`` of :func:`iso_text`, ``time_zone`` of the site (null of an
        unknown subject, whose times stay as they are).
    layout
        Its ``time_zone``, empty where times are the site's.

    Returns
    -------
    pl.DataFrame
        The same with ``clock_zone`` (whose clocks) and, of each time, whether they skipped it; with a declared zone
        also ``AS_RECEIVED`` and ``TWICE``.
    """
    zones = specimens["time_zone"].drop_nulls().unique(maintain_order=True).to_list()
    if not layout.time_zone:
        gap = _skipped_at_site(zones)
        return specimens.with_columns(
            pl.col("time_zone").alias("clock_zone"),
            gap.alias("clock_gap"),
            *(pl.lit(value=False).alias(name) for name in TIMES.values() if name != "clock_gap"),
        )
    zone = layout.time_zone
    read = {name: _read(specimens[name], zone) for name in TIMES}
    taken = read["moment"].with_columns(specimens["collected"])
    as_received = pl.concat_str(
        "collected",
        pl.when(pl.col("offset").is_null()).then(pl.lit(f" [{zone}]")).otherwise(pl.lit("")),
        pl.when("twice").then(pl.lit(" (the earlier of two)")).otherwise(pl.lit("")),
    )
    return specimens.with_columns(
        pl.lit(zone).alias("clock_zone"),
        *(read[name]["gap"].alias(gap) for name, gap in TIMES.items()),
        *(_site_text(times, specimens["time_zone"], zones).alias(name) for name, times in read.items()),
        taken.select(pl.when(pl.col("local").is_not_null()).then(as_received).alias(AS_RECEIVED)).to_series(),
        taken["twice"].alias(TWICE),
    )


def _read(text: pl.Series, zone: str) -> pl.DataFrame:
    """Of each time: text without offset, offset, local and UTC time, skipped, shown twice."""
    times = text.to_frame("text").with_columns(pl.col("text").str.extract(_WITH_OFFSET).alias("offset"))
    is_bare = pl.col("offset").is_null()
    times = times.select(
        "offset",
        pl.when(is_bare).then("text").otherwise(pl.col("text").str.replace(f"{_OFFSET}$", "")).alias("bare"),
    )
    bare = pl.col("bare")
    padded = pl.when(bare.str.len_chars() == MINUTE).then(bare + ":00").otherwise(bare)
    local = padded.str.to_datetime(_SECONDS, strict=False, time_unit="us")
    times = times.with_columns(pl.when(~impossible_date(bare)).then(local).alias("local"))
    times = times.with_columns(
        pl.col("local").dt.replace_time_zone(zone, ambiguous=which, non_existent="null").alias(which)
        for which in ("earliest", "latest")
    )
    is_bare &= pl.col("local").is_not_null()
    by_offset = pl.col("local") - _duration(pl.col("offset"))
    return times.select(
        "bare",
        "offset",
        "local",
        pl.when(is_bare).then(_naive(pl.col("earliest"), "UTC")).otherwise(by_offset).alias("utc"),
        (is_bare & pl.col("earliest").is_null()).fill_null(value=False).alias("gap"),
        (is_bare & (pl.col("earliest") != pl.col("latest"))).fill_null(value=False).alias("twice"),
    )


def _duration(offset: pl.Expr) -> pl.Expr:
    """Signed duration of ``+02:00``; of ``Z`` none."""
    hours, minutes = (offset.str.slice(at, 2).cast(pl.Int64, strict=False).fill_null(0) for at in (1, 4))
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=sign * (hours * 60 + minutes))


def _naive(instant: pl.Expr, zone: str) -> pl.Expr:
    return instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)


def _site_text(times: pl.DataFrame, site_zones: pl.Series, zones: list[str]) -> pl.Series:
    """Times on the clocks of their sites as ISO text; as they came where they have no instant."""
    instants = times.with_columns(
        pl.col("utc").dt.replace_time_zone("UTC"), pl.lit(None, dtype=pl.Datetime("us")).alias("there"), site_zones
    )
    for zone in zones:
        here = pl.when(pl.col("time_zone") == zone).then(_naive(pl.col("utc"), zone)).otherwise("there")
        instants = instants.with_columns(here.alias("there"))
    there = pl.col("there")
    in_minutes = pl.col("bare").str.len_chars() == MINUTE
    shown = pl.when(in_minutes).then(there.dt.strftime(_MINUTES)).otherwise(there.dt.strftime(_SECONDS))
    return instants.select(pl.coalesce(shown, "bare")).to_series()


def _skipped_at_site(zones: list[str]) -> pl.Expr:
    """Local times that the site's clocks skipped (start of summer time)."""
    local = pl.col("moment").str.slice(0, MINUTE).str.to_datetime(_MINUTES, strict=False)
    gaps = [
        (pl.col("time_zone") == zone)
        & local.is_not_null()
        & local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").is_null()
        for zone in zones
    ]
    return pl.any_horizontal(gaps or [pl.lit(value=False)])
