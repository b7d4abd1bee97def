"""Tables to named frames for the kernels.

Every frame is read for a set of subjects of one study, through the Django connection, so that it sees the
transaction's own rows. Frames that come from apps above this one are registered by them in ``ready()``.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from cart.endpoints.prepared import PARTED, PARTED_BY, input_name
from cart.inputs.clinical import clinical_frames
from cart.inputs.safety import READERS as SAFETY_READERS
from trialsite.isolation.columns import read_columns
from trialsite.isolation.reading import once

ResultReader = Callable[[int, Sequence[int], Collection[str] | None], pl.DataFrame]

EvidenceReader = Callable[[Sequence[int]], pl.DataFrame]

_results: list[ResultReader] = []
_evidence: list[EvidenceReader] = []

# Unit and record separators of ASCII: they cannot occur in stored text that passed the importers.
_FIELD, _RECORD, _ABSENT = "\x1f", "\x1e", "\x00"
# The database makes them of the text; written out they are a fifth of the work.
_OF_COLLECTED = ("collected_on", "collected_at")
# Characters of the digest of one input: of the same input of one subject no two will ever collide.
_PART = 16


def register_results(reader: ResultReader) -> None:
    """Name the reader of laboratory results: ``reader(study_id, subject_ids, codes of analytes or None for all)``."""
    _results.append(reader)


def register_evidence(reader: EvidenceReader) -> None:
    """Name the reader of the results that answers rest on: ``reader(result_ids) -> frame``."""
    _evidence.append(reader)


def read_evidence(result_ids: Sequence[int]) -> pl.DataFrame:
    """``result_id``, ``qualifier``, ``value`` and ``unit`` of results by their keys."""
    return pl.concat([reader(result_ids) for reader in _evidence])


def subjects(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``subjects``: one row per subject with its arm."""
    return read_columns(
        "SELECT s.id, coalesce(a.code, '') FROM cart_subject s LEFT JOIN cart_arm a ON a.id = s.arm_id"
        " WHERE s.study_id = %(study)s AND s.id = ANY(%(subjects)s) ORDER BY s.id",
        {"study": study_id, "subjects": list(subject_ids)},
        {"subject_id": pl.Int64, "arm": pl.String},
    )


# An exposure known to the month only may or may not precede the first exact date: where it could, time zero
# is unknown rather than guessed.
_TIME_ZERO_SQL = """
WITH chosen AS (
    SELECT s.id, a.anchor, z.time_zone FROM cart_subject s
    JOIN cart_site z ON z.id = s.site_id LEFT JOIN cart_arm a ON a.id = s.arm_id
    WHERE s.study_id = %(study)s AND s.id = ANY(%(subjects)s)
), infused AS (
    SELECT c.id, min(i.started_at) AT TIME ZONE c.time_zone AS at
    FROM chosen c JOIN cart_infusioncomponent i ON i.subject_id = c.id
    WHERE c.anchor IS DISTINCT FROM 'study-drug' GROUP BY c.id, c.time_zone
), conditioned AS (
    SELECT c.id, min(d.given_at) AT TIME ZONE c.time_zone AS at
    FROM chosen c JOIN cart_conditioningcourse k ON k.subject_id = c.id
    JOIN cart_conditioningdose d ON d.course_id = k.id GROUP BY c.id, c.time_zone
), dosed AS (
    SELECT c.id, min(e.started) FILTER (WHERE length(e.started) >= 10) AS first_text
    FROM chosen c JOIN cart_studydrugexposure e ON e.subject_id = c.id
    WHERE c.anchor = 'study-drug' OR (c.anchor IS NULL AND NOT EXISTS (SELECT FROM infused f WHERE f.id = c.id))
    GROUP BY c.id
    HAVING bool_and(length(e.started) >= 10)
        OR NOT bool_or(length(e.started) < 10 AND e.started <= left(
            (SELECT min(x.started) FROM cart_studydrugexposure x
             WHERE x.subject_id = c.id AND length(x.started) >= 10), length(e.started)))
)
SELECT c.id,
    coalesce(to_char(f.at, 'YYYY-MM-DD'), left(d.first_text, 10)),
    CASE WHEN f.at IS NOT NULL THEN to_char(f.at, 'YYYY-MM-DD"T"HH24:MI:SS')
         WHEN length(d.first_text) = 16 THEN d.first_text || ':00'
         WHEN length(d.first_text) > 16 THEN d.first_text END,
    to_char(k.at, 'YYYY-MM-DD'), to_char(k.at, 'YYYY-MM-DD"T"HH24:MI:SS'),
    CASE WHEN f.at IS NOT NULL THEN 'infusion' ELSE 'study-drug' END
FROM chosen c LEFT JOIN infused f ON f.id = c.id LEFT JOIN dosed d ON d.id = c.id
LEFT JOIN conditioned k ON k.id = c.id
WHERE f.at IS NOT NULL OR d.first_text IS NOT NULL ORDER BY c.id
"""


def time_zero(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``time_zero``: first infusion, or first study-drug dose, in the site's local time.

    A subject whose first dose is known only to the month has no row: its time zero is not known. A page reads it once.
    """
    return once(("time zero", study_id, tuple(subject_ids)), lambda: _time_zero(study_id, subject_ids))


def _time_zero(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    return read_columns(
        _TIME_ZERO_SQL,
        {"study": study_id, "subjects": list(subject_ids)},
        {
            "subject_id": pl.Int64,
            "time_zero_on": pl.Date,
            "time_zero_at": pl.Datetime("us"),
            "conditioning_on": pl.Date,
            "conditioning_at": pl.Datetime("us"),
            "kind": pl.String,
        },
    )


def entries(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``entries``: first consent of the subjects of arms in which nothing is given."""
    return read_columns(
        "SELECT s.id, min(c.signed_on) FROM cart_subject s"
        " JOIN cart_arm a ON a.id = s.arm_id AND a.anchor = 'consent' JOIN cart_consent c ON c.subject_id = s.id"
        " WHERE s.study_id = %(study)s AND s.id = ANY(%(subjects)s) GROUP BY s.id ORDER BY s.id",
        {"study": study_id, "subjects": list(subject_ids)},
        {"subject_id": pl.Int64, "entered_on": pl.Date},
    )


def therapies(study_id: int, subject_ids: Sequence[int]) -> pl.DataFrame:
    """Frame ``therapies``: concomitant and prior therapies; dates not known to the day are null."""
    return read_columns(
        "SELECT t.id, t.subject_id, t.therapy_class,"
        " CASE WHEN length(t.started) >= 10 THEN left(t.started, 10) END,"
        " CASE WHEN length(t.stopped) >= 10 THEN left(t.stopped, 10) END,"
        " t.ongoing, t.daily_dose_mg, t.prior"
        " FROM cart_concomitanttherapy t JOIN cart_subject s ON s.id = t.subject_id"
        " WHERE s.study_id = %(study)s AND t.subject_id = ANY(%(subjects)s) ORDER BY t.id",
        {"study": study_id, "subjects": list(subject_ids)},
        {
            "therapy_id": pl.Int64,
            "subject_id": pl.Int64,
            "therapy_class": pl.String,
            "started_on": pl.Date,
            "stopped_on": pl.Date,
            "ongoing": pl.String,
            "daily_dose_mg": pl.Float64,
            "prior": pl.String,
        },
    ).with_columns(pl.col("ongoing", "prior") == "t")


def planned_visits(study_id: int) -> pl.DataFrame:
    """Frame ``planned_visits``: visits counted from time zero by the protocol version in force, in protocol days.

    Of a study in whose arms nothing is given: those counted from consent, which is the entry of its subjects.
    """
    return read_columns(
        "SELECT v.code, v.target_day, v.window_low_day, v.window_high_day FROM cart_plannedvisit v"
        " WHERE v.protocol_id = (SELECT id FROM cart_protocolversion WHERE study_id = %(study)s"
        " ORDER BY number DESC LIMIT 1) AND v.anchor ="
        " (SELECT CASE WHEN bool_and(a.anchor = 'consent') THEN 'consent' ELSE 'time-zero' END"
        " FROM cart_arm a WHERE a.study_id = %(study)s) ORDER BY v.target_day, v.code",
        {"study": study_id},
        {"code": pl.String, "target_day": pl.Int64, "window_low": pl.Int64, "window_high": pl.Int64},
    )


def read_frames(
    study_id: int, subject_ids: Sequence[int], analytes: Collection[str] | None = None
) -> dict[str, pl.DataFrame]:
    """All frames of these subjects, own and registered; laboratory results of these analytes, or of all."""
    frames = {
        "subjects": subjects(study_id, subject_ids),
        "time_zero": time_zero(study_id, subject_ids),
        "entries": entries(study_id, subject_ids),
        "therapies": therapies(study_id, subject_ids),
        "planned_visits": planned_visits(study_id),
        **clinical_frames(study_id, subject_ids),
    }
    for name, reader in SAFETY_READERS.items():
        frames[name] = reader(study_id, subject_ids)
    frames[PARTED] = pl.concat([read(study_id, subject_ids, analytes) for read in _results])
    return frames


def digest_text(*parts: str) -> str:
    """SHA-256 of texts, each closed so that no two lists of parts collide."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part.encode())
        sha.update(_RECORD.encode())
    return sha.hexdigest()


@dataclass(frozen=True)
class InputDigest:
    """Digest of everything an evaluation reads, and of each input by itself."""

    whole: str
    parts: dict[str, str]


def digest_inputs(
    frames: Mapping[str, pl.DataFrame], subject_ids: Iterable[int], *, salt: str
) -> dict[int, InputDigest]:
    """SHA-256 of each subject's rows in every frame, together with ``salt`` and the shared frames.

    Equal inputs give equal digests whatever the order in which subjects are read or chunked. ``parts`` has the
    beginning of the digest of each input that has rows, by its name (``prepared.input_name`` of the analyte, for
    laboratory rows): enough to say which one moved.
    """
    shared: dict[str, str] = {}
    own: dict[int, dict[str, str]] = {subject_id: {} for subject_id in subject_ids}
    for name in sorted(frames):
        frame = frames[name]
        if not frame.height and "subject_id" in frame.columns:
            continue
        by = [key for key in ("subject_id", *([PARTED_BY] if name == PARTED else [])) if key in frame.columns]
        told_twice = {*by, *(_OF_COLLECTED if "collected_text" in frame.columns else ())}
        row = pl.concat_str(
            [pl.col(one).cast(pl.String).fill_null(_ABSENT) for one in frame.columns if one not in told_twice],
            separator=_FIELD,
        ).alias("row")
        if not by:
            shared[name] = digest_text(*frame.select(row)["row"].to_list())
            continue
        joined = frame.select(*by, row).group_by(by).agg(pl.col("row").sort().str.join(_RECORD))
        for subject_id, *part, text in joined.iter_rows():
            own[subject_id][input_name(name, *part)] = digest_text(text)
    return {subject_id: _input_digest(salt, {**shared, **parts}) for subject_id, parts in own.items()}


def _input_digest(salt: str, parts: Mapping[str, str]) -> InputDigest:
    names = sorted(parts)
    return InputDigest(
        digest_text(salt, *(name + _FIELD + parts[name] for name in names)),
        {name: parts[name][:_PART] for name in names},
    )
