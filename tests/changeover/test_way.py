"""One act, one room: how many files of the toolkit an act enters, so that a newcomer can follow it.

Everything was imported and done once before, so that imports and first looks are not counted.
"""

import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import changeover
from changeover import Migration
from changeover.rollout.flags_file import flags_content
from changeover.values import reading
from changeover.values.stage import Setting, Stage
from tests.changeover.support.projects import Shop, shop_in
from tests.changeover.support.way import way_through

PACKAGE = Path(changeover.__file__).parent
PLAN = '[migration]\nname = "m"\ncode = ["json"]\n[[phase]]\nname = "p"\nseams = ["s"]\n'


STANDING = ("record/timed_steps.py", "record/running_loop.py")


class Client:
    def read(self, number: int) -> int:
        return number

    def send(self, number: int) -> int:
        return number


@pytest.fixture(autouse=True)
def _nothing_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Types that other tests have registered make the way longer, and packs that wait for an import."""
    monkeypatch.setattr(reading, "_registered", {})
    others = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("changeover.")]
    monkeypatch.setattr(sys, "meta_path", others)
    gc.collect()  # what other tests have left is not ended on the way


def files_entered(act: Callable[[], object]) -> list[str]:
    act()
    with way_through(PACKAGE) as way:
        act()
    return sorted(way.files)


def check(files: list[str], most: int) -> None:
    # What another test has covered in this process, such as `os.urandom` or loops, is covered still. A
    # collection of garbage, which the toolkit times, begins anywhere.
    files = [file for file in files if not file.startswith("packs/") and file not in STANDING]
    assert 0 < len(files) <= most, f"{len(files)} files, allowed: {most}\n" + "\n".join(files)


def test_a_matching_shadow_call_with_its_evidence_enters_at_most_70_files(tmp_path: Path) -> None:
    folder = tmp_path / "migration"
    folder.mkdir()
    (folder / "phases.toml").write_text(PLAN)
    (folder / "flags.json").write_text(json.dumps(flags_content({"p": Setting(Stage.SHADOW)}, revision=1)))
    migration, client = Migration.load(folder, environment={}, refresh_s=3600), Client()
    migration.port("client", client, reads={"read"}, effects={"send"})
    seam = migration.seam(
        "s",
        legacy=lambda number: client.send(client.read(number)),
        candidate=lambda number: client.send(client.read(number)),
    )
    files = files_entered(lambda: seam(3))
    assert migration.counts == {("s", "match"): 2}
    check(files, 70)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = shop_in(tmp_path)
    made.run("compare", "--runs", "3")
    return made


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (("compare", "--runs", "3"), 163),
        (("gate", "shelf", "--to", "shadow"), 50),
        (("status",), 61),
        (("rollback", "shelf", "--reason", "r"), 25),
        (("kill", "--reason", "r"), 17),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_command_enters_few_files(shop: Shop, arguments: tuple[str, ...], most: int) -> None:
    def act() -> None:
        shop.run("unkill", "--reason", "r")
        shop.run("flip", "shelf", "shadow", "--force", "--reason", "r")
        with way_through(PACKAGE) as way:
            shop.run(*arguments)
        ways.append(way.files)

    ways: list[set[str]] = []
    act()
    act()
    check(sorted(ways[-1]), most)
