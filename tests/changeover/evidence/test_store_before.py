"""A store that was written before records were typed is shown as it was: same screens, same JSON.

`store_before` has the rows of such a store, and what `changeover explain` made of them then.
"""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from changeover.cli.evidence import explain_command
from changeover.compare.change_pattern import Change
from changeover.evidence.store.lookup import Archive
from tests.changeover.support.counted_runs import runs_in

BEFORE = Path(__file__).parent / "store_before"
CLUSTER, RUN, FAILED = "31be6e", "days/2024-04-02", "days/2024-03-02"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "shopapp:migration"\n')
    (tmp_path / ".changeover").mkdir()
    with closing(sqlite3.connect(store_of(tmp_path))) as store:
        store.executescript((BEFORE / "evidence.sql").read_text())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHANGEOVER_STORE", raising=False)
    return tmp_path


def store_of(folder: Path) -> Path:
    return folder / ".changeover" / "evidence.db"


def explained(*arguments: str) -> str:
    answer = CliRunner().invoke(explain_command, arguments)
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.mark.parametrize(("name", "file"), [(CLUSTER, "cluster.txt"), (RUN, "run.txt")])
def test_screens_are_what_they_were(project: Path, name: str, file: str) -> None:
    assert explained(name) == (BEFORE / file).read_text()


def test_json_is_what_it_was(project: Path) -> None:
    before = json.loads((BEFORE / "explained.json").read_text())
    assert json.loads(explained(CLUSTER, "--format", "json"))["cluster"] == before["cluster"]
    for name, runs in ((RUN, before["runs"]), (FAILED, before["failed"])):
        assert json.loads(explained(name, "--format", "json"))["runs"] == runs


def test_marks_in_columns_and_sentences_become_fields(project: Path) -> None:
    (unsafe, match) = sorted(runs_in(store_of(project)), key=lambda run: run.seam, reverse=True)
    assert (match.clusters, match.unsafe) == ((), ())
    assert unsafe.unsafe == unsafe.clusters[:1]
    assert unsafe.clusters[0].startswith(CLUSTER)
    archive = Archive(store_of(project))
    (gave_up,) = archive.runs(RUN)
    assert (gave_up.gave_up, gave_up.reason) == (True, None)
    (cluster,) = archive.clusters(CLUSTER)
    assert cluster.pattern.change is Change.LARGER
    assert cluster.sighting is not None
    assert (cluster.sighting.method, cluster.sighting.position) == ("till.limit", 2)


def test_a_text_that_begins_like_a_typed_value_stays_a_text(project: Path) -> None:
    """Its text of before tells it from such a value; today's rows have the type in front."""
    contents = Archive(store_of(project)).runs("ad402954")[0].contents
    assert contents is not None
    odd = next(found for found in contents.divergences if found.place == "result.odd")
    assert odd.candidate == "(none) at all"
