"""The tables of a fleet, which only a database has: what waits for a worker, and what became of the rest.

`spools` says how far the spool of each recording process has travelled: what lies before that is never taken
in again. `shipped` of all spools is what was replayed, what was `damaged`, and what waits.
"""

QUEUE_TABLES = """
DROP TABLE IF EXISTS queue;
CREATE TABLE IF NOT EXISTS queued_runs (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE, run TEXT NOT NULL,
    is_run BOOLEAN NOT NULL, seam TEXT NOT NULL, at TIMESTAMPTZ NOT NULL, payload BYTEA NOT NULL,
    sealed_with TEXT, worker TEXT, leased_until TIMESTAMPTZ, tries INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS queued_by_run ON queued_runs (run);
CREATE INDEX IF NOT EXISTS queued_by_moment ON queued_runs (at);
CREATE TABLE IF NOT EXISTS spools (
    name TEXT PRIMARY KEY, file BIGINT NOT NULL DEFAULT 0, position BIGINT NOT NULL DEFAULT 0,
    found BIGINT NOT NULL DEFAULT 0, shipped BIGINT NOT NULL DEFAULT 0, held_back BIGINT NOT NULL DEFAULT 0,
    lost BIGINT NOT NULL DEFAULT 0, ended_at TIMESTAMPTZ);
CREATE TABLE IF NOT EXISTS replays (
    one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one), replayed BIGINT NOT NULL DEFAULT 0,
    damaged BIGINT NOT NULL DEFAULT 0);
INSERT INTO replays DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS workers (
    name TEXT PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(), body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS trips (
    phase TEXT PRIMARY KEY, revision BIGINT NOT NULL, at TEXT NOT NULL, reason TEXT NOT NULL)
"""
"""Each statement does nothing where it was done before."""
QUEUE_TABLE = "queued_runs"
