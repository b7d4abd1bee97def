"""Rules of a subject's way through the trial: eligibility, status, and what must precede an infusion."""

from cart.migrations._rules_sql import composite_foreign_key

ELIGIBILITY_KEYS = [
    composite_foreign_key(
        table=table, name=name, columns=columns, parent=parent, parent_columns=f"id, {columns.split(', ')[1]}"
    )
    for table, name, columns, parent in [
        ("cart_eligibilityanswer", "answer_assessment_of_protocol", "assessment_id, protocol_id",
         "cart_eligibilityassessment"),
        ("cart_eligibilityanswer", "answer_criterion_of_protocol", "criterion_id, protocol_id",
         "cart_eligibilitycriterion"),
        ("cart_eligibilitydecision", "decision_assessment_of_subject", "assessment_id, subject_id",
         "cart_eligibilityassessment"),
    ]
]  # fmt: skip

# Who acts is what the audit trail has; a form that names somebody else is of no use.
ELIGIBILITY_RULES = """
CREATE FUNCTION cart_eligibility_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM cart_eligibilityassessment a WHERE a.id = NEW.assessment_id FOR UPDATE;
    IF EXISTS (SELECT FROM cart_eligibilitydecision d WHERE d.assessment_id = NEW.assessment_id) THEN
        RAISE EXCEPTION 'These answers are signed; they stay. Begin another round of answers. [eligibility-signed]'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_signed';
    END IF;
    NEW.answered_by := current_setting('trialsite.actor', true);
    NEW.answered_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER cart_eligibility_answer BEFORE INSERT OR UPDATE ON cart_eligibilityanswer
    FOR EACH ROW EXECUTE FUNCTION cart_eligibility_answer();

-- A consent of the subject that was signed by that day and not withdrawn before it.
CREATE FUNCTION cart_consented(subject bigint, on_day date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM cart_consent c WHERE c.subject_id = subject AND c.signed_on <= on_day
        AND (c.withdrawn_on IS NULL OR c.withdrawn_on >= on_day));
$$;

CREATE FUNCTION cart_eligibility_decision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := current_setting('trialsite.actor', true);
    round_ cart_eligibilityassessment;
    person record;
    open_ text;
    against text;
    asked integer;
BEGIN
    -- The subject first, as everywhere: an infusion that is just being entered comes before or after.
    SELECT s.code, z.time_zone INTO person FROM cart_subject s JOIN cart_site z ON z.id = s.site_id
        WHERE s.id = NEW.subject_id FOR UPDATE OF s;
    SELECT * INTO round_ FROM cart_eligibilityassessment a WHERE a.id = NEW.assessment_id FOR UPDATE;
    IF round_.subject_id IS DISTINCT FROM NEW.subject_id THEN
        RAISE EXCEPTION 'The answers are of another subject. [wrong-subject]'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'decision_assessment_of_subject';
    END IF;
    IF EXISTS (SELECT FROM cart_eligibilityanswer a WHERE a.assessment_id = round_.id AND a.answered_by = who) THEN
        RAISE EXCEPTION '% answered criteria of subject %; another person decides on them. [eligibility-two-people]',
            who, person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_two_people';
    END IF;
    IF NEW.decided_at > clock_timestamp() THEN
        RAISE EXCEPTION 'A decision is not taken in the future. [future-date]'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_decided_at';
    END IF;
    IF EXISTS (SELECT FROM cart_infusioncomponent c WHERE c.subject_id = NEW.subject_id
               AND c.started_at >= NEW.decided_at) THEN
        RAISE EXCEPTION 'Subject % was infused after that; a decision that would have come before it is not added. [decided-after-infusion]',
            person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_decided_at';
    END IF;
    SELECT count(*), string_agg(c.code, ', ' ORDER BY c.position) FILTER (WHERE a.id IS NULL),
           string_agg(c.code, ', ' ORDER BY c.position) FILTER (WHERE (c.kind, a.answer) IN
               (('inclusion', 'no'), ('exclusion', 'yes')))
        INTO asked, open_, against FROM cart_eligibilitycriterion c
        LEFT JOIN cart_eligibilityanswer a ON a.criterion_id = c.id AND a.assessment_id = round_.id
        WHERE c.protocol_id = round_.protocol_id;
    IF asked = 0 AND NEW.note = '' THEN
        RAISE EXCEPTION 'The protocol of subject % has no criteria; the note says on what the decision rests. [eligibility-no-criteria]',
            person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_criteria';
    END IF;
    IF NEW.verdict = 'eligible' THEN
        IF open_ IS NOT NULL THEN
            RAISE EXCEPTION 'Subject % is not eligible before every criterion is answered; open: %. [eligibility-open]',
                person.code, open_ USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_open';
        END IF;
        IF against IS NOT NULL THEN
            RAISE EXCEPTION 'Subject % is not eligible by its answers; against it: %. [eligibility-answers]',
                person.code, against USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_answers';
        END IF;
        IF NOT cart_consented(NEW.subject_id, (NEW.decided_at AT TIME ZONE person.time_zone)::date) THEN
            RAISE EXCEPTION 'Subject % has no consent in force on the day of the decision. [consent-missing]',
                person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_consent';
        END IF;
    ELSIF against IS NULL AND NEW.note = '' THEN
        RAISE EXCEPTION 'No answer stands against subject %; the note says why it is not eligible. [eligibility-answers]',
            person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'eligibility_answers';
    END IF;
    NEW.decided_by := who;
    NEW.signed_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER cart_eligibility_decision BEFORE INSERT ON cart_eligibilitydecision
    FOR EACH ROW EXECUTE FUNCTION cart_eligibility_decision();
"""  # noqa: E501 - a sentence of PostgreSQL stands on one line
ELIGIBILITY_RULES_REVERSE = """
DROP TRIGGER cart_eligibility_decision ON cart_eligibilitydecision;
DROP FUNCTION cart_eligibility_decision();
DROP FUNCTION cart_consented(bigint, date);
DROP TRIGGER cart_eligibility_answer ON cart_eligibilityanswer;
DROP FUNCTION cart_eligibility_answer();
"""

# cart_component_subject_ready comes after cart_component_lot_released: triggers fire by name, the lot speaks first.
INFUSION_RULES = """
CREATE FUNCTION cart_component_subject_ready() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person record;
    decided record;
    local_day date;
BEGIN
    -- A correction of other columns does not ask anew: the infusion took place.
    IF TG_OP = 'UPDATE' AND (NEW.subject_id, NEW.started_at) IS NOT DISTINCT FROM (OLD.subject_id, OLD.started_at) THEN
        RETURN NEW;
    END IF;
    SELECT s.code, s.status, s.ended_on, z.time_zone INTO person FROM cart_subject s
        JOIN cart_site z ON z.id = s.site_id WHERE s.id = NEW.subject_id FOR UPDATE OF s;
    local_day := (NEW.started_at AT TIME ZONE person.time_zone)::date;
    SELECT d.verdict, d.decided_at INTO decided FROM cart_eligibilitydecision d
        WHERE d.subject_id = NEW.subject_id AND d.decided_at <= NEW.started_at
        ORDER BY d.decided_at DESC, d.id DESC LIMIT 1;
    IF decided.verdict IS DISTINCT FROM 'eligible' THEN
        RAISE EXCEPTION 'Subject % is not infused before an investigator signed that it is eligible; found: %. [not-eligible]',
            person.code, coalesce('not eligible, decided at ' || decided.decided_at, 'no decision before ' || NEW.started_at)
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_subject_eligible';
    END IF;
    IF NOT cart_consented(NEW.subject_id, local_day) THEN
        RAISE EXCEPTION 'Subject % has no consent in force on %. [consent-missing]', person.code, local_day
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_subject_consented';
    END IF;
    IF person.status IN ('screening', 'screen-failure') THEN
        RAISE EXCEPTION 'Subject % is ''%''; only an enrolled subject is infused. [not-enrolled]', person.code, person.status
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_subject_enrolled';
    END IF;
    -- An end known to the month allows every day of that month.
    IF person.ended_on <> '' AND left(local_day::text, length(left(person.ended_on, 10))) > left(person.ended_on, 10) THEN
        RAISE EXCEPTION 'Subject % ended its participation on %; it is not infused on %. [not-enrolled]',
            person.code, person.ended_on, local_day
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'component_subject_enrolled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_component_subject_ready BEFORE INSERT OR UPDATE ON cart_infusioncomponent
    FOR EACH ROW EXECUTE FUNCTION cart_component_subject_ready();
"""  # noqa: E501
INFUSION_RULES_REVERSE = """
DROP TRIGGER cart_component_subject_ready ON cart_infusioncomponent;
DROP FUNCTION cart_component_subject_ready();
"""

_PAIRS = (
    ("screening", "enrolled"), ("screening", "screen-failure"), ("screening", "withdrawn"), ("screening", "lost"),
    ("screening", "dead"), ("screen-failure", "screening"), ("enrolled", "completed"), ("enrolled", "withdrawn"),
    ("enrolled", "lost"), ("enrolled", "dead"), ("lost", "enrolled"), ("lost", "withdrawn"), ("lost", "dead"),
    ("withdrawn", "dead"), ("completed", "dead"),
)  # fmt: skip
STATUS_PAIRS = ", ".join(f"('{before}', '{after}')" for before, after in _PAIRS)

STATUS_RULES = f"""
CREATE FUNCTION cart_disposition_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person record;
    last cart_disposition;
    before text;
    imported boolean;
    infused_on text;
BEGIN
    SELECT s.code, s.status, s.source_code, z.time_zone INTO person FROM cart_subject s
        JOIN cart_site z ON z.id = s.site_id WHERE s.id = NEW.subject_id FOR UPDATE OF s;
    before := person.status;
    IF NEW.corrects_id IS NOT NULL THEN
        SELECT * INTO last FROM cart_disposition d WHERE d.subject_id = NEW.subject_id ORDER BY d.id DESC LIMIT 1;
        IF last.id IS DISTINCT FROM NEW.corrects_id THEN
            RAISE EXCEPTION 'Only the last change of status of subject % is corrected; it has another one by now. [status-order]',
                person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'disposition_follows';
        END IF;
        before := last.previous;
    END IF;
    -- Subjects of an imported trial go where their data set says.
    imported := person.source_code <> '' AND NEW.reason = 'source';
    IF NOT (NEW.corrects_id IS NOT NULL AND NEW.status = before) AND NOT imported
            AND (before, NEW.status) NOT IN ({STATUS_PAIRS}) THEN
        RAISE EXCEPTION 'Subject % does not go from ''%'' to ''%''. [status-order]', person.code, before, NEW.status
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'disposition_follows';
    END IF;
    IF NEW.status = 'enrolled' AND before = 'screening' AND NOT imported AND (
            SELECT d.verdict FROM cart_eligibilitydecision d WHERE d.subject_id = NEW.subject_id
            ORDER BY d.decided_at DESC, d.id DESC LIMIT 1) IS DISTINCT FROM 'eligible' THEN
        RAISE EXCEPTION 'Subject % is not enrolled before an investigator signed that it is eligible. [not-eligible]',
            person.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'disposition_eligible';
    END IF;
    SELECT to_char(max(c.started_at) AT TIME ZONE person.time_zone, 'YYYY-MM-DD') INTO infused_on
        FROM cart_infusioncomponent c WHERE c.subject_id = NEW.subject_id;
    IF infused_on IS NOT NULL AND (NEW.status IN ('screening', 'screen-failure') OR NEW.status <> 'enrolled'
            AND left(infused_on, length(left(NEW.occurred_on, 10))) > left(NEW.occurred_on, 10)) THEN
        RAISE EXCEPTION 'Subject % was infused on %; it is not ''%'' on %. [status-order]',
            person.code, infused_on, NEW.status, NEW.occurred_on
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'disposition_follows';
    END IF;
    NEW.previous := before;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_disposition_follows BEFORE INSERT ON cart_disposition
    FOR EACH ROW EXECUTE FUNCTION cart_disposition_follows();

CREATE FUNCTION cart_disposition_taken_over() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cart_subject SET status = NEW.status,
        ended_on = CASE WHEN NEW.status IN ('screening', 'enrolled') THEN ''
            ELSE coalesce(nullif(NEW.occurred_on, ''), ended_on) END
        WHERE id = NEW.subject_id;
    RETURN NULL;
END $$;
CREATE TRIGGER cart_disposition_taken_over AFTER INSERT ON cart_disposition
    FOR EACH ROW EXECUTE FUNCTION cart_disposition_taken_over();

CREATE FUNCTION cart_subject_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status IS DISTINCT FROM (
            SELECT d.status FROM cart_disposition d WHERE d.subject_id = NEW.id ORDER BY d.id DESC LIMIT 1) THEN
        RAISE EXCEPTION 'The status of subject % changes by an entry of its course, with day and reason. [status-entry]',
            NEW.code USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'subject_status';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cart_subject_status BEFORE UPDATE ON cart_subject FOR EACH ROW
    WHEN (NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION cart_subject_status();
"""  # noqa: E501
STATUS_RULES_REVERSE = """
DROP TRIGGER cart_subject_status ON cart_subject;
DROP FUNCTION cart_subject_status();
DROP TRIGGER cart_disposition_taken_over ON cart_disposition;
DROP FUNCTION cart_disposition_taken_over();
DROP TRIGGER cart_disposition_follows ON cart_disposition;
DROP FUNCTION cart_disposition_follows();
"""
