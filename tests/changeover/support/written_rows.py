"""A trigger of the database that notes every row of a run that is written, whoever writes it."""

WATCHED = """
CREATE TABLE "{0}".written (id TEXT NOT NULL);
CREATE FUNCTION "{0}".note() RETURNS trigger AS $$
    BEGIN INSERT INTO "{0}".written VALUES (NEW.id); RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER noted AFTER INSERT OR UPDATE ON "{0}".runs FOR EACH ROW EXECUTE FUNCTION "{0}".note()
"""
"""With the name of the schema in it; its tables have to be there."""
TIMES_AND_RUNS = 'SELECT count(*), count(DISTINCT id) FROM "{0}".written'
