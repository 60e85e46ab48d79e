"""The tables of a store, and how an older one becomes today's. No other file knows a column's type.

A run of a comparison has a `corpus`; one in production has none. Of a comparison that is forgotten the row
stays for a while, with the names of its clusters: whether a cluster is new can be told only by what came
before. `body` and `tape` come after what is read often, so that reading that does not read these.
Runs in production are counted in `tallies` and `inputs`, and `kind` says in which counts a run is.
Of alerts, `deliveries` says to whom they go: those that are due have a `free_at`, from when on they may be
claimed.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from uuid import uuid4

from changeover.evidence.store.connection import Connection, Types
from changeover.evidence.store.recount import recount

SCHEMA_VERSION = 4
_TABLES = """
CREATE TABLE IF NOT EXISTS corpora (
    number {number} PRIMARY KEY, at {text} NOT NULL, source {text} NOT NULL, population {text} NOT NULL,
    code {text}, rules {text} NOT NULL, whole {integer} NOT NULL, summary {text} NOT NULL,
    uid {text} NOT NULL DEFAULT '', answered_by {text} NOT NULL DEFAULT 'legacy',
    partial {integer} NOT NULL DEFAULT 0, seams {text} NOT NULL DEFAULT '[]',
    kept {integer} NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS runs (
    id {text} PRIMARY KEY, corpus {integer} REFERENCES corpora ON DELETE CASCADE, at {text} NOT NULL,
    population {text} NOT NULL, name {text} NOT NULL, seam {text} NOT NULL, phase {text} NOT NULL,
    stage {text} NOT NULL, answered_by {text} NOT NULL, key {text}, correlation_id {text},
    tags {text} NOT NULL, world {text}, code {text}, rules {text} NOT NULL, verdict {text} NOT NULL,
    reason {text}, clusters {text} NOT NULL, legacy_s {real}, candidate_s {real}, renewed_at {text},
    body {text}, tape {blob}, kind {integer}{order});
CREATE TABLE IF NOT EXISTS clusters (
    digest {text} NOT NULL, corpus {integer} NOT NULL REFERENCES corpora ON DELETE CASCADE,
    body {text} NOT NULL, seam {text} NOT NULL DEFAULT '', PRIMARY KEY (digest, corpus));
CREATE TABLE IF NOT EXISTS reviews (
    kind {text} NOT NULL, name {text} NOT NULL, at {text} NOT NULL, code {text}, rules {text} NOT NULL,
    answer {text} NOT NULL, found {text} NOT NULL, body {text} NOT NULL{order});
CREATE UNIQUE INDEX IF NOT EXISTS reviews_once
    ON reviews (kind, {digest}(name), at, coalesce(code, ''), rules, answer, {digest}(found));
CREATE TABLE IF NOT EXISTS counters (
    store {text} NOT NULL, name {text} NOT NULL, value {integer} NOT NULL, PRIMARY KEY (store, name));
CREATE TABLE IF NOT EXISTS identity (store {text} NOT NULL);
CREATE INDEX IF NOT EXISTS runs_by_name ON runs {lookup} (name);
CREATE INDEX IF NOT EXISTS runs_of_corpus ON runs (corpus) WHERE corpus IS NOT NULL;
CREATE INDEX IF NOT EXISTS runs_in_production ON runs (at) WHERE corpus IS NULL;
CREATE INDEX IF NOT EXISTS runs_with_body ON runs (at) WHERE body IS NOT NULL;
CREATE INDEX IF NOT EXISTS runs_with_tape ON runs (phase, world, at) WHERE tape IS NOT NULL;
CREATE TABLE IF NOT EXISTS eras (
    number {number} PRIMARY KEY, digest {text} NOT NULL UNIQUE, seam {text} NOT NULL, code {text} NOT NULL,
    rules {text} NOT NULL, version {text} NOT NULL);
CREATE TABLE IF NOT EXISTS kinds (
    number {number} PRIMARY KEY, digest {text} NOT NULL UNIQUE, era {integer} NOT NULL,
    met {integer} NOT NULL, seam {text} NOT NULL, phase {text} NOT NULL, stage {text} NOT NULL,
    answered_by {text} NOT NULL, code {text} NOT NULL, rules {text} NOT NULL, version {text} NOT NULL,
    verdict {text} NOT NULL);
CREATE TABLE IF NOT EXISTS tallies (
    key {text} PRIMARY KEY, kind {integer} NOT NULL, day {text} NOT NULL, clusters {text} NOT NULL,
    reason {text} NOT NULL, renewed {integer} NOT NULL, runs {integer} NOT NULL, timed {integer} NOT NULL,
    ids {integer} NOT NULL, first {text} NOT NULL, last {text} NOT NULL);
CREATE TABLE IF NOT EXISTS inputs (
    era {integer} NOT NULL, world {text} NOT NULL, met {integer} NOT NULL, PRIMARY KEY (era, world));
CREATE INDEX IF NOT EXISTS inputs_met ON inputs (era, met);
CREATE INDEX IF NOT EXISTS runs_of_kind ON runs (kind, at) WHERE kind IS NOT NULL;
CREATE INDEX IF NOT EXISTS runs_of_world ON runs (world, kind) WHERE kind IS NOT NULL;
CREATE INDEX IF NOT EXISTS runs_by_legacy_time ON runs (kind, legacy_s)
    WHERE kind IS NOT NULL AND legacy_s IS NOT NULL AND candidate_s IS NOT NULL AND renewed_at IS NULL;
CREATE INDEX IF NOT EXISTS runs_by_candidate_time ON runs (kind, candidate_s)
    WHERE kind IS NOT NULL AND legacy_s IS NOT NULL AND candidate_s IS NOT NULL AND renewed_at IS NULL;
CREATE TABLE IF NOT EXISTS alerts (
    key {text} PRIMARY KEY, subject {text} NOT NULL, number {integer} NOT NULL, at {text} NOT NULL,
    body {text} NOT NULL{order});
CREATE UNIQUE INDEX IF NOT EXISTS alerts_by_subject ON alerts (subject, number);
CREATE TABLE IF NOT EXISTS deliveries (
    key {text} NOT NULL REFERENCES alerts ON DELETE CASCADE, receiver {text} NOT NULL, at {text} NOT NULL,
    free_at {text}, tries {integer} NOT NULL DEFAULT 0, sent_at {text}, answer {text},
    PRIMARY KEY (key, receiver));
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (at) WHERE free_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS alert_states (
    subject {text} PRIMARY KEY, state {text} NOT NULL, at {text} NOT NULL)
"""
_RECOUNTED_BEFORE = 3
"""Stores of earlier versions do not count their runs as today's do."""


def make_tables(connection: Connection, version: int, types: Types) -> None:
    """Bring a store of this version, 0 for an empty one, to today's; inside one transaction.

    Whoever calls writes the version down.
    """
    if version == 1:
        connection.execute("ALTER TABLE runs RENAME TO runs_of_version_1")
        connection.execute("DROP INDEX IF EXISTS runs_by_name")
        for column in (
            "uid TEXT NOT NULL DEFAULT ''",
            "answered_by TEXT NOT NULL DEFAULT 'legacy'",
            "partial INTEGER NOT NULL DEFAULT 0",
            "seams TEXT NOT NULL DEFAULT '[]'",
            "kept INTEGER NOT NULL DEFAULT 1",
        ):
            connection.execute(f"ALTER TABLE corpora ADD COLUMN {column}")
        connection.execute("ALTER TABLE clusters ADD COLUMN seam TEXT NOT NULL DEFAULT ''")
    if version == 2:
        connection.execute("ALTER TABLE runs ADD COLUMN kind INTEGER")
    for statement in _TABLES.format(**asdict(types)).split(";"):
        connection.execute(statement)
    if version == 1:
        _fill_from_version_1(connection)
    if 0 < version < _RECOUNTED_BEFORE:
        recount(connection)
    if connection.execute("SELECT 1 FROM identity").fetchone() is None:
        connection.execute("INSERT INTO identity (store) VALUES (?)", (uuid4().hex,))


def _fill_from_version_1(connection: Connection) -> None:
    """What later columns say stood in the JSON before; who answered stood with the clusters alone."""
    answered: dict[int, str] = {}
    for digest, corpus, text in connection.execute("SELECT digest, corpus, body FROM clusters").fetchall():
        body = json.loads(text)
        answered[corpus] = body.get("answered_by", "legacy")
        connection.execute(
            "UPDATE clusters SET seam = ? WHERE digest = ? AND corpus = ?", (body["seam"], digest, corpus)
        )
    found = connection.execute("SELECT number, at, source, code, rules, summary FROM corpora").fetchall()
    for number, at, source, code, rules, text in found:
        summary = json.loads(text)
        said = f"{number} {at} {source} {code} {rules} {text}"
        seams = [name for name, seam in summary.get("seams", {}).items() if seam.get("compared")]
        uid, partial = sha256(said.encode()).hexdigest()[:32], bool(summary.get("partial"))
        connection.execute(
            "UPDATE corpora SET uid = ?, answered_by = ?, partial = ?, seams = ? WHERE number = ?",
            (uid, answered.get(number, "legacy"), partial, json.dumps(seams), number),
        )
    connection.execute(
        "INSERT INTO runs (id, corpus, at, population, name, seam, phase, stage, answered_by, tags, code,"
        " rules, verdict, clusters, body)"
        " SELECT old.id, corpus, at, population, old.name, seam, phase, 'shadow', answered_by, '[]', code,"
        " rules, verdict, '[]', body FROM runs_of_version_1 AS old JOIN corpora ON number = corpus"
    )
    connection.execute("DROP TABLE runs_of_version_1")
