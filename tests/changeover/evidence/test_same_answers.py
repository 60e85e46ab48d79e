"""From the same evidence every command says the same, whichever store it lies in."""

import json
from pathlib import Path

import pytest

from changeover.evidence.store.place import StorePlace, store_path
from changeover.evidence.store.records import Evidence
from changeover.evidence.store.store import keep_review, read_evidence
from tests.changeover.evidence.test_store import a_review
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in

ASKED = (
    ("status",),
    ("gate", "shelf", "--no-checks"),
    ("explain",),
    ("report", "--output", "report.html"),
    ("doctor",),
    ("history",),
)
VARYING = ("made_at", "seconds", "store", "now")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "shop").mkdir()
    made = shop_in(tmp_path / "shop")
    sell(made, 10, 20)
    sell(made, 30, planted="whole")
    assert made.run("compare", "--runs", "3", planted="whole").code == 1
    assert made.run("compare", "--runs", "5").code == 0
    assert keep_review(made.root / ".changeover" / "evidence.db", a_review(1)) is None
    return made


def place_of(address: str) -> StorePlace:
    return store_path(Path("here"), {"CHANGEOVER_STORE": address})


def evidence_at(address: str) -> Evidence:
    return read_evidence(place_of(address))


def without_moments(data: object) -> object:
    if isinstance(data, dict):
        return {name: without_moments(part) for name, part in data.items() if name not in VARYING}
    return [without_moments(part) for part in data] if isinstance(data, list) else data


def answers(shop: Shop, address: str) -> dict[str, object]:
    """What each command answers, and with which exit code."""
    found: dict[str, object] = {}
    evidence = evidence_at(address)
    digest = next(one.digest for run in evidence.corpora for one in run.clusters)
    runs = [run.id for run in runs_in(place_of(address))]
    for asked in (*ASKED, ("explain", digest[:8]), *(("explain", run) for run in runs)):
        done = shop.run(*asked, "--format", "json", CHANGEOVER_STORE=address)
        assert done.out, done.err
        found[" ".join(asked)] = (done.code, without_moments(json.loads(done.out)))
    return found


def test_imported_into_a_database_and_back_it_answers_as_before(
    shop: Shop, database: str, tmp_path: Path
) -> None:
    first = f"sqlite:///{shop.root / '.changeover' / 'evidence.db'}"
    back = f"sqlite:///{tmp_path / 'back.db'}"
    taken = "took 3 runs in production, 2 comparisons, 1 review"
    for source, target in ((first, database), (database, back)):
        answer = shop.run("evidence", "import", source, CHANGEOVER_STORE=target)
        assert taken in answer.out, answer.err
        again = shop.run("evidence", "import", source, CHANGEOVER_STORE=target)
        assert "took 0 runs in production, 0 comparisons, 0 reviews" in again.out
    assert evidence_at(first) == evidence_at(database) == evidence_at(back)
    asked = answers(shop, first)
    assert answers(shop, database) == asked
    assert answers(shop, back) == asked


def test_a_dry_run_of_an_import_takes_nothing(shop: Shop, database: str) -> None:
    first = shop.root / ".changeover" / "evidence.db"
    found = shop.run(
        "evidence", "import", str(first), "--dry-run", "--format", "json", CHANGEOVER_STORE=database
    )
    assert json.loads(found.out)["runs"] == 3
    assert evidence_at(database).runs == 0


def test_commands_write_to_it_and_renew_what_is_there(shop: Shop, address: str) -> None:
    first = str(shop.root / ".changeover" / "evidence.db")
    assert shop.run("evidence", "import", first, CHANGEOVER_STORE=address).code == 0
    assert shop.run("compare", "--runs", "4", CHANGEOVER_STORE=address).code == 0
    assert len(evidence_at(address).corpora) == 3
    (shop.root / "shop.py").write_text((shop.root / "shop.py").read_text() + "\nANOTHER = 1\n")
    renewed = shop.run("compare", "--source", "store", CHANGEOVER_STORE=address)
    assert renewed.code in (0, 1), renewed.err
    evidence = evidence_at(address)
    assert all(group.is_renewed for group in evidence.groups)
    assert shop.run("rules", "blindspots", "--runs", "2", CHANGEOVER_STORE=address).code in (0, 1)
    assert any(one.kind == "blind-spots" for one in evidence_at(address).reviews)
    pruned = shop.run(
        "evidence", "prune", "--before", "2999-01-01", "--format", "json", CHANGEOVER_STORE=address
    )
    assert json.loads(pruned.out)["runs"] == 3
    assert evidence_at(address).corpora == ()


def test_what_a_command_says_of_its_store_has_no_password(shop: Shop, database: str) -> None:
    secret = database.replace("://", "://root:hunter2@")
    for asked in (("status",), ("doctor",), ("compare", "--runs", "2"), ("evidence", "prune")):
        done = shop.run(*asked, CHANGEOVER_STORE=secret)
        assert "hunter2" not in done.out + done.err
    away = "postgresql://root:hunter2@127.0.0.1:1/test"
    for asked in (("status",), ("explain",), ("compare", "--runs", "2"), ("compare", "--source", "store")):
        done = shop.run(*asked, CHANGEOVER_STORE=away)
        assert "127.0.0.1:1/test" in done.out + done.err
        assert "hunter2" not in done.out + done.err
