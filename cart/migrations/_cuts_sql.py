"""What makes a data cut exact: its moment is written by the database."""

# Whoever could choose the snapshot could choose what the cut holds. One query for both: in a function each query
# sees a moment of its own.
CUT_MOMENT = """
CREATE FUNCTION cart_cut_moment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    SELECT pg_current_snapshot()::text, coalesce(max(c.id), 0) INTO NEW.snapshot, NEW.position FROM audit.context c;
    NEW.own := pg_current_xact_id()::text::bigint;
    NEW.taken_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER cart_cut_moment BEFORE INSERT ON cart_datacut FOR EACH ROW EXECUTE FUNCTION cart_cut_moment();
"""
CUT_MOMENT_REVERSE = "DROP TRIGGER cart_cut_moment ON cart_datacut; DROP FUNCTION cart_cut_moment();"
