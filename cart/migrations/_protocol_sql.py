"""A protocol version that somebody consented to stays as it is: visits, panels and criteria."""

from cart.migrations._rules_sql import composite_foreign_key

COHORT_KEYS = [
    composite_foreign_key(
        table="cart_subject",
        name="subject_cohort_of_study",
        columns="cohort_id, study_id",
        parent="cart_cohort",
        parent_columns="id, study_id",
    ),
    composite_foreign_key(
        table="cart_cohort",
        name="cohort_arm_of_study",
        columns="arm_id, study_id",
        parent="cart_arm",
        parent_columns="id, study_id",
    ),
]

# FOR UPDATE: a consent that is just being stored holds the version FOR KEY SHARE, so one of the two waits.
PROTOCOL_IN_USE = """
CREATE FUNCTION cart_protocol_in_use() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched jsonb[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[to_jsonb(NEW)] WHEN 'DELETE' THEN ARRAY[to_jsonb(OLD)]
        ELSE ARRAY[to_jsonb(OLD), to_jsonb(NEW)] END;
    versions bigint[];
    version record;
BEGIN
    IF TG_ARGV[0] = 'panel' THEN
        SELECT array_agg(p.protocol_id) INTO versions FROM unnest(touched) r
            JOIN cart_panel p ON p.id = (r ->> 'panel_id')::bigint;
    ELSE
        SELECT array_agg((r ->> 'protocol_id')::bigint) INTO versions FROM unnest(touched) r;
    END IF;
    PERFORM FROM cart_protocolversion v WHERE v.id = ANY (versions) ORDER BY v.id FOR UPDATE;
    SELECT v.number, s.code INTO version FROM cart_protocolversion v JOIN cart_study s ON s.id = v.study_id
        WHERE v.id = ANY (versions) AND EXISTS (SELECT FROM cart_consent c WHERE c.protocol_id = v.id) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Subjects have consented to version % of the protocol of study %; it stays as it is. Make the next version. [protocol-in-use]',
            version.number, version.code
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'protocol_in_use';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""  # noqa: E501 - a sentence of PostgreSQL stands on one line
_GUARDED = (
    ("cart_plannedvisit", "protocol"),
    ("cart_eligibilitycriterion", "protocol"),
    ("cart_panel", "protocol"),
    ("cart_panelanalyte", "panel"),
    ("cart_plannedpanel", "panel"),
)
PROTOCOL_TRIGGERS = "\n".join(
    f"CREATE TRIGGER {table}_in_use BEFORE INSERT OR UPDATE OR DELETE ON {table}"
    f" FOR EACH ROW EXECUTE FUNCTION cart_protocol_in_use('{way}');"
    for table, way in _GUARDED
)
PROTOCOL_RULES = PROTOCOL_IN_USE + PROTOCOL_TRIGGERS
PROTOCOL_RULES_REVERSE = (
    "\n".join(f"DROP TRIGGER {table}_in_use ON {table};" for table, _ in _GUARDED)
    + "\nDROP FUNCTION cart_protocol_in_use();"
)
