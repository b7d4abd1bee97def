"""Rules of the laboratory that only SQL can hold."""

from cart.migrations._rules_sql import stale_triggers

# Subjects and laboratories are never deleted, re-keyed or moved to another study (append-only triggers): existence
# at insert is existence for ever, no lock is needed, and one check per statement serves in place of two foreign
# keys per row (6 us each). The same pass marks the subjects stale.
SPECIMEN_REFERENCES = """
CREATE FUNCTION labs_specimen_references() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    subjects bigint[];
    unknown_subject bigint;
    unknown_laboratory bigint;
BEGIN
    SELECT array_agg(k.subject_id), min(k.subject_id) FILTER (WHERE s.id IS NULL),
        min(k.laboratory_id) FILTER (WHERE l.id IS NULL)
        INTO subjects, unknown_subject, unknown_laboratory
        FROM (SELECT DISTINCT subject_id, study_id, laboratory_id FROM new_rows) k
        LEFT JOIN cart_subject s ON s.id = k.subject_id AND s.study_id = k.study_id
        LEFT JOIN labs_laboratory l ON l.id = k.laboratory_id;
    IF unknown_subject IS NOT NULL THEN
        RAISE EXCEPTION 'A specimen needs a subject of its study; subject % is none. [unknown-subject]',
            unknown_subject USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'specimen_subject_of_study';
    END IF;
    IF unknown_laboratory IS NOT NULL THEN
        RAISE EXCEPTION 'A specimen needs a laboratory; laboratory % does not exist. [unknown-laboratory]',
            unknown_laboratory USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'specimen_laboratory_known';
    END IF;
    PERFORM cart_mark_subjects_stale(subjects);
    RETURN NULL;
END $$;
CREATE TRIGGER labs_specimen_references AFTER INSERT ON labs_specimen REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION labs_specimen_references();
"""
SPECIMEN_REFERENCES_REVERSE = """
DROP TRIGGER labs_specimen_references ON labs_specimen;
DROP FUNCTION labs_specimen_references();
"""

# The constraint result_key_is_packed holds these: the event of a result need not repeat what its key says.
RESULT_DERIVED = {
    "specimen_id": "t.id >> 23",
    "analyte_id": "(t.id >> 8) & 32767",
    "version": "t.id & 255",
}
# Columns of which a file has few values: its results share some dozen event rows a block.
RESULT_ALIKE = ("assay_id", "transfer_id", "qualifier", "unit")

# One check per statement instead of four foreign keys per row (4 us each). Parents cannot be deleted or
# re-keyed (append-only triggers), so existence at insert is existence for ever and no lock is needed. The same
# pass knows the subjects and marks them stale.
RESULT_REFERENCES = """
CREATE FUNCTION labs_result_references() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    newest smallint;
    unknown_analyte bigint;
    unknown_transfer bigint;
    found bigint;
    specimens bigint[];
BEGIN
    SELECT max(k.newest),
        min(k.analyte_id) FILTER (WHERE a.id IS NULL OR k.assay_id IS NOT NULL AND v.analyte_id IS DISTINCT FROM a.id),
        min(k.transfer_id) FILTER (WHERE k.transfer_id IS NOT NULL AND t.id IS NULL)
        INTO newest, unknown_analyte, unknown_transfer
        FROM (SELECT analyte_id, assay_id, transfer_id, max(version) AS newest FROM new_rows GROUP BY 1, 2, 3) k
        LEFT JOIN labs_analyte a ON a.id = k.analyte_id
        LEFT JOIN labs_assayversion v ON v.id = k.assay_id
        LEFT JOIN labs_transfer t ON t.id = k.transfer_id;
    IF unknown_analyte IS NOT NULL THEN
        RAISE EXCEPTION 'A result needs an analyte and an assay of it; found analyte %. [unknown-analyte]',
            unknown_analyte USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_analyte_known';
    END IF;
    IF unknown_transfer IS NOT NULL THEN
        RAISE EXCEPTION 'A result names transfer %, which does not exist. [unknown-transfer]', unknown_transfer
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_transfer_known';
    END IF;
    SELECT array_agg(DISTINCT specimen_id) INTO specimens FROM new_rows;
    -- In the order of the key one walk along the index finds them all.
    IF (SELECT count(*) FROM labs_specimen s WHERE s.id = ANY (specimens)) < cardinality(specimens) THEN
        SELECT n INTO found FROM unnest(specimens) n WHERE NOT EXISTS (SELECT FROM labs_specimen s WHERE s.id = n)
            LIMIT 1;
        RAISE EXCEPTION 'A result needs a specimen of a known subject; specimen % is none. [unknown-specimen]', found
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_specimen_known';
    END IF;
    IF newest > 1 THEN
        SELECT n.id INTO found FROM new_rows n WHERE n.version > 1
            AND NOT EXISTS (SELECT FROM labs_result p WHERE p.id = n.id - 1) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'Result % corrects a version that does not exist. [correction-of-nothing]', found
                USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_version_follows';
        END IF;
    END IF;
    PERFORM cart_mark_subjects_stale(ARRAY(SELECT DISTINCT n >> 16 FROM unnest(specimens) n));
    RETURN NULL;
END $$;
CREATE TRIGGER labs_result_references AFTER INSERT ON labs_result REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION labs_result_references();
"""
RESULT_REFERENCES_REVERSE = """
DROP TRIGGER labs_result_references ON labs_result;
DROP FUNCTION labs_result_references();
"""

STALE_TRIGGERS = [
    stale_triggers(table=table, query=query, inserts=table == "labs_assayversion")
    for table, query in [
        ("labs_result", "SELECT DISTINCT r.specimen_id >> 16 FROM {rows} r"),
        ("labs_specimen", "SELECT r.subject_id FROM {rows} r"),
        (
            "labs_assayversion",
            "SELECT DISTINCT s.subject_id FROM {rows} r JOIN labs_specimen s ON s.laboratory_id = r.laboratory_id",
        ),
    ]
]
