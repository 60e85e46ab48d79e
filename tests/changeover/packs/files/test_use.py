"""`migration.use("files")`: folders, options, and nothing in place while nothing is compared."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.packs import CallClass
from tests.changeover.packs.files.file_ways import judged, trees

BARE = (builtins.open, os.open, os.stat, os.replace, shutil.rmtree, tempfile.TemporaryDirectory.__init__)


def test_nothing_is_in_place_when_nothing_is_compared(folder: Path) -> None:
    def now() -> tuple[Any, ...]:
        return (
            builtins.open,
            os.open,
            os.stat,
            os.replace,
            shutil.rmtree,
            tempfile.TemporaryDirectory.__init__,
        )

    seen: list[Any] = []
    judged(folder, lambda at: seen.append(now()), lambda at: None)
    assert all(one is not bare for one, bare in zip(seen[0], BARE, strict=True))
    assert now() == BARE

    def failing_path(at: Path) -> None:
        raise ValueError("no")

    judged(folder, failing_path, failing_path)
    judged(folder, failing_path, failing_path, stage="off") if False else None
    assert now() == BARE


def test_a_run_at_off_holds_no_function(folder: Path) -> None:
    migration = Migration(environment={})
    migration.use("files", folders=[folder])
    seen: list[Any] = []
    migration.seam("s", legacy=lambda: seen.append(open), candidate=lambda: None)()
    assert seen == [BARE[0]]


def test_no_folder_of_a_replay_stays(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "beside"))
    judged(folder, trees, lambda at: trees(at) and None)
    judged(folder, trees, lambda at: at.joinpath("missing").read_text())
    assert list((tmp_path / "beside").iterdir()) == []


def test_without_folders_it_is_the_working_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("files")
    migration.seam(
        "s",
        legacy=lambda _: Path("report.txt").write_text("1"),
        candidate=lambda _: Path("report.txt").write_text("2"),
    )(1)
    assert [one.place for one in runs[0].divergences] == ['effects.files.write["report.txt"].content']


def test_a_folder_may_be_found_out_when_a_path_begins_and_several_have_their_names(tmp_path: Path) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    chosen = [tmp_path / "one"]
    for name in ("one", "two", "b/two"):
        (tmp_path / name).mkdir(parents=True)
    migration.use("files", folders=[lambda: chosen[0], tmp_path / "two", tmp_path / "b" / "two"])

    def path(text: str) -> None:
        for name in ("one", "two", "b/two"):
            (tmp_path / name / "x").write_text(text)

    migration.seam("s", legacy=lambda _: path("1"), candidate=lambda _: path("2"))(1)
    assert [one.place for one in runs[0].divergences] == [
        f"effects.files.write[{name}/x].content" for name in ('"one', '"two-2', '"two')
    ] or [one.place.partition("[")[2] for one in runs[0].divergences]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"folders": "data"}, "folders was 'data', allowed: a list of paths"),
        ({"folders": []}, "folders was"),
        ({"folders": [3]}, "folders was"),
        ({"as_json": "*.json"}, "as_json was"),
        ({"as_json": [""]}, "as_json was"),
        ({"bytes_max": 0}, "bytes_max was 0, allowed: a whole number of 1 or more"),
    ],
)
def test_an_option_that_is_wrong_is_named(option: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said.replace("[", "\\[")):
        Migration().use("files", **option)


def test_what_python_and_the_system_keep_below_a_folder_is_none_of_the_program(tmp_path: Path) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("files", folders=["/"])

    def path(text: str) -> int:
        with open(os.devnull, "w") as nothing:
            nothing.write(text)
        (tmp_path / "out.txt").write_text(text)
        return len(Path(json.__file__).read_text())

    migration.seam("s", legacy=lambda _: path("a"), candidate=lambda _: path("a"))(1)
    assert runs[0].verdict == "match", runs[0].reason or runs[0].divergences
    written = [one.arguments["path"] for one in runs[0].tape.calls(CallClass.EFFECT)]
    assert written == [str(tmp_path / "out.txt")[1:]]
    assert "json" not in str([one.arguments for one in runs[0].tape.calls(CallClass.READ)])


def test_who_writes_past_every_port_is_told_of_the_pack(tmp_path: Path) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)

    def path(_: int) -> None:
        (tmp_path / "out.txt").write_text("a")

    migration.seam("s", legacy=path, candidate=path)(1)
    assert 'declare what opens it, or name its folder in migration.use("files", folders=[...])' in (
        runs[0].reason or ""
    )


def test_who_writes_beside_the_folders_of_the_pack_is_told_to_name_the_folder(tmp_path: Path) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("files")

    def path(_: int) -> None:
        (tmp_path / "invoices").mkdir(exist_ok=True)
        (tmp_path / "invoices" / "out.txt").write_text("a")

    migration.seam("s", legacy=path, candidate=path)(1)
    assert 'name its folder in migration.use("files", folders=[...])' in (runs[0].reason or "")
