"""Thirty secrets, each planted somewhere else in a program: none is in anything that it leaves behind."""

import json
import logging
import os
import shutil
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest
from cryptography.fernet import Fernet

from changeover.evidence.store.records import StoredComparison
from changeover.evidence.store.store import read_evidence, store_path, writing
from changeover.evidence.store.summary import Summary
from changeover.evidence.store.writing import add_corpus, end_corpus
from changeover.redaction.key import TOKEN
from changeover.redaction.redactor import Redactor
from changeover.telemetry.logs import logger
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.projects import Shop, shop_in
from tests.changeover.support.secret_app import ALL, CODE, PLAN, VALUES
from tests.changeover.support.stores import database, sql
from tests.programs.process import run_python

__all__ = ["database"]
pytest_plugins = ["pytester"]
DESK = """
from os import environ
from changeover import Migration
migration = Migration()
said = migration.seam(
    "desk.say", legacy=lambda: environ["DESK_TOKEN"], candidate=lambda: {"other": environ["DESK_TOKEN"]}
)
"""
APP = Path(__file__).parents[1] / "support" / "secret_app.py"


@pytest.fixture
def vault(tmp_path: Path) -> Shop:
    (tmp_path / "secret_app.py").write_bytes(APP.read_bytes())
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "secret_app:migration"\n')
    (tmp_path / "migration").mkdir()
    (tmp_path / "migration" / "phases.toml").write_text(PLAN)
    return Shop(tmp_path)


def _forms(secret: str) -> Iterator[bytes]:
    """The secret as anybody who looks for it would: as it is, and as programs write it."""
    data = secret.encode()
    texts = [secret, repr(secret)[1:-1], repr(data)[2:-1], json.dumps(secret)[1:-1]]
    texts += [json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret), quote(secret, safe="")]
    texts += [quote_plus(secret), data.hex()]
    for offset in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            whole = encode(bytes(offset) + data).decode().rstrip("=")
            texts.append(whole[(0, 2, 3)[offset] : len(whole) - 1])
    yield from {text.encode() for text in texts}


def _found_in(content: bytes) -> list[str]:
    return [secret for secret in ALL if any(form in content for form in _forms(secret))]


def test_there_are_thirty_secrets_and_looking_for_them_finds_them() -> None:
    assert len(set(ALL)) == 30
    assert _found_in(json.dumps(ALL).encode()) == ALL
    assert _found_in(b" ".join(b64encode(b"user:" + secret.encode()) for secret in ALL if len(secret) > 6))


def test_no_secret_is_in_store_scenarios_logs_screens_or_reports(
    vault: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    def run(*arguments: str) -> str:
        answer = vault.run(*arguments, **VALUES)
        assert "Traceback" not in answer.err
        told.extend((answer.out, answer.err))
        return answer.out

    run("compare")
    assert " diverged" in told[0]
    run("compare", "--format", "json")
    clusters = json.loads(run("explain", "--format", "json"))["clusters"]
    assert len(clusters) > 4
    for cluster in clusters:
        run("explain", cluster["id"])
    for name in ("days/open-0", "days/fail-0"):
        run("explain", name)
        run("explain", name, "--format", "json")
    kept = run("scenarios", "keep", "days/fail-1")
    assert kept.startswith("kept days/fail-1/vault.fail")
    run("scenarios", "keep", "days/open-1")
    assert "cannot become a scenario" in told[-1]
    run("scenarios", "list")
    run("scenarios", "list", "--format", "json")
    for command in (["status"], ["gate", "vault"], ["doctor"], ["report", "--output", "report.html"]):
        run(*command)
    monkeypatch.setenv("SERVICE_TOKEN", VALUES["SERVICE_TOKEN"])
    logger("seam").warning("at last %s and %s", VALUES["SERVICE_TOKEN"], ALL[0])
    left = [file for file in vault.root.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")]
    assert {file.name for file in left} >= {"evidence.db", "redaction.key", "report.html"}
    for file in left:
        assert _found_in(file.read_bytes()) == [], file.name
    assert _found_in("\n".join(told).encode("utf-8", "surrogatepass")) == []
    assert _found_in(caplog.text.encode()) == []
    assert TOKEN.search("\n".join(told))


CALLS = """
from contextlib import suppress
import secret_app as app
app.open_(*app._inputs().values())
with suppress(app.Refused):
    app.fail({"password": app.SECRETS[8]}, token=app.SECRETS[23])
"""


def test_what_is_recorded_for_a_worker_is_in_the_spool_alone_and_gone_once_it_is_replayed(
    vault: Shop,
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    environment = {**kept, **VALUES, "CHANGEOVER_STAGE_VAULT": "shadow", "CHANGEOVER_MODE": "worker"}

    def run(*arguments: str) -> bytes:
        done = run_python(arguments, cwd=vault.root, env=environment, timeout=300, check=True)
        return bytes(done.stdout + done.stderr)

    def left() -> list[Path]:
        files = [file for file in vault.root.rglob("*") if file.is_file()]
        return [file for file in files if file.suffix not in (".py", ".pyc")]

    told = run("-c", CALLS)
    frames = [file for file in left() if file.suffix == ".frames"]
    assert any(_found_in(file.read_bytes()) for file in frames)
    for file in set(left()) - set(frames):
        assert _found_in(file.read_bytes()) == [], file.name

    told += run("-m", "changeover", "worker", "--once")

    runs = runs_in(vault.root / ".changeover" / "evidence.db")
    assert sorted(run.verdict for run in runs) == ["failed", "unsafe"]
    told += run("-m", "changeover", "explain") + run("-m", "changeover", "status")
    for file in left():
        assert _found_in(file.read_bytes()) == [], file.name
    assert _found_in(told) == []


def dumped(address: str) -> bytes:
    """All that stands in the tables of a database: texts, bytes, and what is packed in these."""
    schema = parse_qs(urlsplit(address).query)["schema"][0]
    tables = sql(f"SELECT tablename FROM pg_tables WHERE schemaname = '{schema}'")  # noqa: S608  our own name
    assert len(tables) > 10
    rows = [row for (name,) in tables for row in sql(f'SELECT * FROM "{schema}"."{name}"')]  # noqa: S608
    parts = [part if isinstance(part, bytes) else str(part).encode() for row in rows for part in row]
    return b"\n".join(unpacked for part in parts for unpacked in (part, _unpacked(part)))


def _unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return b""


@pytest.mark.parametrize("key", [Fernet.generate_key().decode(), ""], ids=["with a key", "without one"])
def test_no_secret_stands_in_a_database_that_recorded_runs_pass_through(
    vault: Shop, tmp_path_factory: pytest.TempPathFactory, database: str, key: str
) -> None:
    """Sealed they travel to a worker of another machine; without a key they stay, and are counted."""
    other = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(vault.root, other, dirs_exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    environment = {
        **kept,
        **VALUES,
        "CHANGEOVER_STAGE_VAULT": "shadow",
        "CHANGEOVER_MODE": "worker",
        "CHANGEOVER_STORE": database,
        "CHANGEOVER_SPOOL_KEY": key,
    }

    def run(folder: Path, *arguments: str) -> bytes:
        done = run_python(arguments, cwd=folder, env=environment, timeout=300)
        assert done.returncode in (0, 1, 3), done.stderr
        return bytes(done.stdout + done.stderr)

    told = run(vault.root, "-c", f"{CALLS}app.migration.flush()")
    while_they_wait = dumped(database)
    told += run(vault.root, "-m", "changeover", "status")
    assert _found_in(while_they_wait) == []
    assert b"vault.open" in while_they_wait
    told += run(other, "-m", "changeover", "worker", "--once")
    told += run(other, "-m", "changeover", "explain")

    place = store_path(other, environment)
    assert sorted(run.verdict for run in runs_in(place)) == (
        ["failed", "unsafe"] if key else ["unpaired", "unpaired"]
    )
    assert _found_in(dumped(database)) == []
    for folder in (vault.root, other):
        files = [file for file in folder.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")]
        assert [file.name for file in files if _found_in(file.read_bytes())] == []
    assert _found_in(told) == []


def test_alerts_and_texts_of_a_process_do_not_tell_what_its_runs_held(vault: Shop) -> None:
    vault.run("compare", "--runs", "2", **VALUES)
    redactor = Redactor.of((), VALUES, None)
    parts = {ALL[16], ALL[20], ALL[22]}  # known only as parts of longer texts, which are secret as a whole
    for secret in set(ALL) - parts:
        text = redactor.text(f"unsafe: {secret} sent; {b64encode(secret.encode()).decode()}", CODE)
        assert _found_in(text.encode()) == [], secret


def test_a_failing_test_is_not_told_the_secrets_of_its_runs(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_TOKEN", ALL[0])
    pytester.makepyfile(desk=DESK, test_desk="import desk\n\ndef test_it():\n    assert desk.said()\n")
    result = pytester.runpytest_subprocess("--changeover=shadow", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    told = result.stdout.str() + result.stderr.str()
    assert TOKEN.search(told)
    assert _found_in(told.encode()) == []


@pytest.mark.parametrize("secret", ["number", "divergence", "candidate", "occurrences", "compared", "legacy"])
def test_a_secret_that_is_also_the_name_of_a_field_takes_no_field_away(
    tmp_path: Path, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_in(tmp_path)
    monkeypatch.setenv("DEPOT_PASSWORD", secret)
    assert shop.run("compare", "--runs", "3", planted="dear").code == 1
    (comparison,) = json.loads(shop.run("compare", "--runs", "3", "--format", "json", planted="dear").out)[
        "comparisons"
    ]
    told = shop.run("explain", comparison["clusters"][0]["id"])
    assert (told.code, told.err) == (0, "")
    assert shop.run("status").err == ""


def test_a_secret_in_the_tags_of_a_comparison_is_taken_out_of_the_store(tmp_path: Path) -> None:
    path, secret = tmp_path / "evidence.db", "hunter2-of-the-depot"
    begun = StoredComparison(
        0, datetime(2026, 1, 1, tzinfo=UTC), "days", "generated", "c", "r", summary=Summary()
    )
    redact = Redactor.of((), {"DEPOT_PASSWORD": secret}, None).body
    with writing(path) as connection:
        number = add_corpus(connection, begun, redact)
        end_corpus(connection, replace(begun, number=number, whole=True, tags={f"of {secret}": 1}), redact)
    assert [file.name for file in tmp_path.iterdir() if secret.encode() in file.read_bytes()] == []
    (kept,) = read_evidence(path).corpora
    assert [*kept.tags.values()] == [1]
