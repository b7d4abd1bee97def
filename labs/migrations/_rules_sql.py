"""Rules of the laboratory that only SQL can hold."""

from cart.migrations._rules_sql import composite_foreign_key, stale_triggers

SPECIMEN_OF_STUDY = composite_foreign_key(
    table="labs_specimen",
    name="specimen_subject_of_study",
    columns="subject_id, study_id",
    parent="cart_subject",
    parent_columns="id, study_id",
)

# One check per statement instead of four foreign keys per row (4 us each). Parents cannot be deleted or
# re-keyed (append-only triggers), so existence at insert is existence for ever and no lock is needed.
RESULT_REFERENCES = """
CREATE FUNCTION labs_result_references() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    SELECT n.specimen_id INTO found FROM (SELECT DISTINCT specimen_id FROM new_rows) n
        WHERE NOT EXISTS (SELECT FROM labs_specimen s WHERE s.id = n.specimen_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A result needs a specimen of a known subject; specimen % is none. [unknown-specimen]', found
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_specimen_known';
    END IF;
    SELECT n.analyte_id INTO found FROM (SELECT DISTINCT analyte_id, assay_id FROM new_rows) n
        LEFT JOIN labs_analyte a ON a.id = n.analyte_id LEFT JOIN labs_assayversion v ON v.id = n.assay_id
        WHERE a.id IS NULL OR n.assay_id IS NOT NULL AND v.analyte_id IS DISTINCT FROM n.analyte_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A result needs an analyte and an assay of it; found analyte %. [unknown-analyte]', found
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_analyte_known';
    END IF;
    SELECT n.transfer_id INTO found FROM (SELECT DISTINCT transfer_id FROM new_rows) n
        WHERE n.transfer_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM labs_transfer t WHERE t.id = n.transfer_id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'A result names transfer %, which does not exist. [unknown-transfer]', found
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_transfer_known';
    END IF;
    SELECT n.id INTO found FROM new_rows n WHERE n.version > 1
        AND NOT EXISTS (SELECT FROM labs_result p WHERE p.id = n.id - 1) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Result % corrects a version that does not exist. [correction-of-nothing]', found
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'result_version_follows';
    END IF;
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
    stale_triggers(table=table, query=query)
    for table, query in [
        ("labs_result", "SELECT DISTINCT r.specimen_id >> 16 FROM {rows} r"),
        ("labs_specimen", "SELECT r.subject_id FROM {rows} r"),
        (
            "labs_assayversion",
            "SELECT DISTINCT s.subject_id FROM {rows} r JOIN labs_specimen s ON s.laboratory_id = r.laboratory_id",
        ),
    ]
]
