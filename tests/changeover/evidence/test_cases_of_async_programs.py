"""Cases and sources of an async program run on one event loop, so that pools that belong to a loop go on."""

import asyncio
import json
from pathlib import Path

import pytest

import changeover
from changeover.errors import ConfigurationError
from changeover.manual import find_topic
from tests.changeover.support.own_app import OwnApp
from tests.programs.process import run_python

ASYNC = """
import asyncio


class Pool:
    loop = None

    async def number(self):
        here = asyncio.get_running_loop()
        if self.loop not in (None, here):
            raise RuntimeError("attached to a different loop")
        self.loop = here
        await asyncio.sleep(0)
        return 3


pool = Pool()


async def place(number):
    return double(number + await pool.number())
"""
SOURCE = """
async def legacy_async(number):
    return number + await pool.number()


async def candidate_async(number):
    return await pool.number() + number


add = migration.seam("double", legacy=legacy_async, candidate=candidate_async)
closed = []


@migration.source("stream", population="generated")
async def stream(options):
    try:
        for number in range(4):
            first = await pool.number()
            yield Case(f"stream-{number}", lambda number=number: add(number + first))
    finally:
        await asyncio.sleep(0)
        print("the source is closed")
"""
WAYS = ["", "--jobs 2", "--runs 2", "--run stream/stream-1", "--answer candidate"]
PLAIN = 'double = migration.seam("double", legacy=legacy, candidate=candidate)\n'


@pytest.mark.parametrize("command", ["compare", "scenarios record --output s.jsonl", "rules blindspots"])
def test_a_case_that_gives_a_coroutine_is_awaited(command: str, tmp_path: Path) -> None:
    app = OwnApp(tmp_path, at_import=ASYNC, in_case="return place(number)")
    answer = app.process(*command.split(), "--source", "cases")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "different loop" not in answer.stderr
    assert "RuntimeWarning" not in answer.stderr


def test_a_case_that_awaits_it_itself_is_compared(tmp_path: Path) -> None:
    one = "\nasync def one(number):\n    return double(number)\n"
    app = OwnApp(tmp_path, at_import=ASYNC + one, in_case="return asyncio.run(one(number))")
    answer = app.process("compare", "--source", "cases")
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    "options", ["", "--jobs 2", "--runs 2", "--run stream/stream-1", "--answer candidate"]
)
def test_an_async_source_of_an_async_seam_is_compared(options: str, tmp_path: Path) -> None:
    app = OwnApp(tmp_path, at_import=ASYNC, at_end=SOURCE)
    file = tmp_path / "own_app.py"
    file.write_text(file.read_text().replace(PLAIN, "").replace("double(number)", "number"))
    answer = app.process("compare", "--source", "stream", "--format", "json", *options.split())
    assert answer.returncode == 0, answer.stdout + answer.stderr
    total = json.loads(answer.stdout)["comparisons"][0]["total"]["verdicts"]
    assert sum(number for verdict, number in total.items() if verdict in ("match", "vacuous")) > 0
    assert not total.get("failed")
    assert answer.stderr.count("the source is closed") == 1


def test_inside_of_a_running_loop_it_says_what_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = OwnApp(tmp_path, at_import=ASYNC, in_case="return place(number)")
    monkeypatch.chdir(app.root)

    async def within() -> None:
        changeover.compare(source="cases", project=app.root)

    with pytest.raises(
        ConfigurationError, match="an event loop is running here, needed: a thread of its own"
    ):
        asyncio.run(within())


def test_the_source_of_the_page_is_compared(tmp_path: Path) -> None:
    pytest.importorskip("aiosqlite")
    page = find_topic("declarations").text
    section = page[page.index("## A source of an async program") :]
    (tmp_path / "orders.py").write_text(section.split("```python\n")[1].split("```")[0])
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "orders:migration"\n')
    command = ["-m", "changeover", "compare", "--source", "orders"]
    done = run_python(command, cwd=tmp_path, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 cases, order-1 to order-2" in done.stdout
    assert "No divergence in 2 comparisons" in done.stdout
