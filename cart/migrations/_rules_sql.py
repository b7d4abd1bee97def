"""Rules of the trial that only SQL can hold: composite foreign keys and triggers.

Kept beside the migrations that install them; the sentences end with the code that the interfaces show.
"""


def composite_foreign_key(*, table: str, name: str, columns: str, parent: str, parent_columns: str) -> tuple[str, str]:
    """SQL that adds, and SQL that drops, a foreign key over several columns, checked at once."""
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {parent} ({parent_columns})",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


# A row's study, site, arm, apheresis, lot and course belong together by key, not by care.
COMPOSITE_FOREIGN_KEYS = [
    composite_foreign_key(
        table=table, name=name, columns=columns, parent=parent, parent_columns=f"id, {columns.split(', ')[1]}"
    )
    for table, name, columns, parent in [
        ("cart_subject", "subject_site_of_study", "site_id, study_id", "cart_site"),
        ("cart_subject", "subject_arm_of_study", "arm_id, study_id", "cart_arm"),
        ("cart_membership", "membership_site_of_study", "site_id, study_id", "cart_site"),
        ("cart_lot", "lot_apheresis_of_subject", "apheresis_id, subject_id", "cart_apheresis"),
        ("cart_administration", "administration_course_of_subject", "course_id, subject_id", "cart_infusioncourse"),
        (
            "cart_infusioncomponent",
            "component_administration_of_subject",
            "administration_id, subject_id",
            "cart_administration",
        ),
        ("cart_infusioncomponent", "component_lot_of_subject", "lot_id, subject_id", "cart_lot"),
    ]
]

LOT_RULES = """
CREATE FUNCTION cart_component_lot_released() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lot cart_lot;
BEGIN
    -- FOR SHARE: a lot cannot be rejected between this check and the commit.
    SELECT * INTO lot FROM cart_lot WHERE id = NEW.lot_id FOR SHARE;
    IF NOT FOUND THEN
        RETURN NEW;  -- the foreign key says it
    END IF;
    IF lot.subject_id <> NEW.subject_id THEN
        RAISE EXCEPTION 'Lot % was made for another subject; it cannot be infused here. [wrong-subject]', lot.number
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_lot_of_subject';
    END IF;
    IF lot.state NOT IN ('released', 'conditionally-released', 'out-of-specification', 'infused') THEN
        RAISE EXCEPTION 'Lot % is ''%''; only a released lot is infused. [lot-not-released]', lot.number, lot.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_lot_released';
    END IF;
    IF lot.released_at > NEW.started_at THEN
        RAISE EXCEPTION 'Lot % was released at %, after this infusion began at %. [lot-not-released]',
            lot.number, lot.released_at, NEW.started_at
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_lot_released';
    END IF;
    IF NOT (NEW.target = ANY (string_to_array(lot.target, '+'))) THEN
        RAISE EXCEPTION 'Lot % binds %, not %. [lot-target]', lot.number, lot.target, NEW.target
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_target_of_lot';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_component_lot_released BEFORE INSERT OR UPDATE ON cart_infusioncomponent
    FOR EACH ROW EXECUTE FUNCTION cart_component_lot_released();
"""
LOT_RULES_REVERSE = """
DROP TRIGGER cart_component_lot_released ON cart_infusioncomponent;
DROP FUNCTION cart_component_lot_released();
"""

# ON CONFLICT DO UPDATE, not DO NOTHING: it takes the row lock, so a recompute that is just deleting the mark
# and this transaction cannot miss each other.
MARK_STALE = """
CREATE FUNCTION cart_mark_subjects_stale(subjects bigint[]) RETURNS void LANGUAGE sql SET search_path = public
BEGIN ATOMIC
    INSERT INTO cart_stalesubject (subject_id, marked_at)
    SELECT touched.subject_id, clock_timestamp() FROM unnest(subjects) touched (subject_id)
    WHERE touched.subject_id IS NOT NULL GROUP BY 1 ORDER BY 1
    ON CONFLICT (subject_id) DO UPDATE SET marked_at = excluded.marked_at;
END;
REVOKE EXECUTE ON FUNCTION cart_mark_subjects_stale FROM PUBLIC;

CREATE FUNCTION cart_mark_stale() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    rows text := CASE WHEN TG_OP = 'UPDATE'
        THEN '(SELECT * FROM changed UNION ALL SELECT * FROM previous)' ELSE 'changed' END;
BEGIN
    EXECUTE 'SELECT cart_mark_subjects_stale(ARRAY(' || replace(TG_ARGV[0], '{rows}', rows) || '))';
    RETURN NULL;
END $$;
"""
MARK_STALE_REVERSE = "DROP FUNCTION cart_mark_stale(); DROP FUNCTION cart_mark_subjects_stale(bigint[]);"


def stale_triggers(*, table: str, query: str, inserts: bool = True) -> tuple[str, str]:
    """SQL of the statement triggers that mark the subjects of changed rows stale, and of their removal.

    ``query`` yields subject ids and reads the changed rows as ``{rows} alias``. ``inserts``: not where another
    trigger of the table marks them.
    """
    quoted = query.replace("'", "''")
    create, drop = [], []
    for event, tables in [
        ("INSERT", "NEW TABLE AS changed"),
        ("UPDATE", "NEW TABLE AS changed OLD TABLE AS previous"),
        ("DELETE", "OLD TABLE AS changed"),
    ]:
        if event == "INSERT" and not inserts:
            continue
        name = f"{table}_stale_{event.lower()}"
        create.append(
            f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION cart_mark_stale('{quoted}');"
        )
        drop.append(f"DROP TRIGGER {name} ON {table};")
    return "\n".join(create), "\n".join(drop)


STALE_TRIGGERS = [
    stale_triggers(table=table, query=query)
    for table, query in [
        ("cart_subject", "SELECT r.id FROM {rows} r"),
        ("cart_infusioncomponent", "SELECT r.subject_id FROM {rows} r"),
        ("cart_consent", "SELECT r.subject_id FROM {rows} r"),
        ("cart_studydrugexposure", "SELECT r.subject_id FROM {rows} r"),
        ("cart_concomitanttherapy", "SELECT r.subject_id FROM {rows} r"),
        (
            "cart_conditioningdose",
            "SELECT c.subject_id FROM {rows} r JOIN cart_conditioningcourse c ON c.id = r.course_id",
        ),
        ("cart_site", "SELECT s.id FROM {rows} r JOIN cart_subject s ON s.site_id = r.id"),
        ("cart_arm", "SELECT s.id FROM {rows} r JOIN cart_subject s ON s.arm_id = r.id"),
        ("cart_protocolversion", "SELECT s.id FROM {rows} r JOIN cart_subject s ON s.study_id = r.study_id"),
        (
            "cart_plannedvisit",
            "SELECT s.id FROM {rows} r JOIN cart_protocolversion p ON p.id = r.protocol_id"
            " JOIN cart_subject s ON s.study_id = p.study_id",
        ),
    ]
]

# Kinds of assessment; of all but the last every change can move an endpoint.
ASSESSMENT_TABLES = (
    "cart_skinscore",
    "cart_digitalulcercount",
    "cart_healthquestionnaire",
    "cart_globalassessment",
    "cart_spirometry",
    "cart_diffusingcapacity",
    "cart_hrctscan",
    "cart_echocardiogram",
    "cart_rightheartcatheter",
    "cart_diseasefindings",
    "cart_lungultrasound",
    "cart_capillaroscopy",
)
ASSESSMENT_KEYS = [
    composite_foreign_key(
        table=table,
        name=f"{table.removeprefix('cart_')}_visit_of_subject",
        columns="visit_id, subject_id",
        parent="cart_visit",
        parent_columns="id, subject_id",
    )
    for table in ASSESSMENT_TABLES
]
ASSESSMENT_STALE_TRIGGERS = [
    stale_triggers(table=table, query="SELECT r.subject_id FROM {rows} r") for table in ASSESSMENT_TABLES[:-1]
]
# A record of safety names an adverse event of its own subject.
SAFETY_FOREIGN_KEYS = [
    composite_foreign_key(
        table=table,
        name=f"{name}_event_of_subject",
        columns="event_id, subject_id",
        parent="cart_adverseevent",
        parent_columns="id, subject_id",
    )
    for table, name in [
        ("cart_infection", "infection"),
        ("cart_iechsassessment", "iec_hs"),
        ("cart_secondmalignancy", "malignancy"),
        ("cart_death", "death"),
    ]
]
SAFETY_STALE_TRIGGERS = [
    stale_triggers(table=table, query=query)
    for table, query in [
        *[
            (table, "SELECT r.subject_id FROM {rows} r")
            for table in (
                "cart_adverseevent",
                "cart_crsassessment",
                "cart_icansassessment",
                "cart_visit",
                "cart_infusioncourse",
            )
        ],
        (
            "cart_therapydose",
            "SELECT t.subject_id FROM {rows} r JOIN cart_concomitanttherapy t ON t.id = r.therapy_id",
        ),
    ]
]
