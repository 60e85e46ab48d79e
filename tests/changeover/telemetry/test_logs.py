"""The toolkit's log goes where the program's own configuration sends it, and never harms the program."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import structlog

from changeover import Migration
from changeover.telemetry import logs
from changeover.telemetry.logs import logger
from tests.changeover.support.small_trade import Trade

PLAN = '[migration]\nname = "m"\n[[phase]]\nname = "p"\nseams = ["s"]\n'
PROGRAM = """
import sys, logging
from pathlib import Path
from changeover import Migration
{before}
lines = []
class Lines(logging.Handler):
    def emit(self, record):
        lines.append((record.name, record.getMessage(), record.seam, record.filename))
logging.getLogger("changeover").addHandler(Lines())
folder = Path(sys.argv[1])
migration = Migration.load(folder, environment={{"CHANGEOVER_STAGE_P": sys.argv[2]}})
seam = migration.seam("s", legacy=lambda: "answer")
assert [seam() for _ in range(10)] == ["answer"] * 10
print("structlog" in sys.modules, lines)
"""
BLOCKED = """
class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "structlog":
            raise ModuleNotFoundError("No module named 'structlog'", name="structlog")
sys.meta_path.insert(0, Blocked())
"""
NO_PATH = "[('changeover.seam', \"seam 's' has no candidate path: nothing is compared\", 's', 'runtime.py')]"


def in_a_process(folder: Path, stage: str, before: str = "") -> str:
    (folder / "phases.toml").write_text(PLAN)
    command = [sys.executable, "-c", PROGRAM.format(before=before), str(folder), stage]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_structlog_is_imported_with_the_first_line_and_not_before(tmp_path: Path) -> None:
    assert in_a_process(tmp_path, "off") == "False []"
    assert in_a_process(tmp_path, "shadow") == f"True {NO_PATH}"


def test_a_program_without_structlog_runs_and_its_lines_are_the_same(tmp_path: Path) -> None:
    assert in_a_process(tmp_path, "shadow", BLOCKED) == f"False {NO_PATH}"


@pytest.fixture(params=["structlog", "standard"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "standard":
        monkeypatch.setattr(logs, "_through_structlog", lambda _: None)
    return str(request.param)


def test_a_line_has_its_fields_and_says_where_it_was_written(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger("seam").warning("%s was %d", "it", 3, seam="desk", runs=2, phase=None)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("changeover.seam", logging.WARNING)
    assert (record.getMessage(), record.args) == ("it was 3", ())
    fields: Any = record
    assert (fields.seam, fields.runs, fields.phase) == ("desk", 2, None)
    assert record.filename == Path(__file__).name
    assert record.funcName == "test_a_line_has_its_fields_and_says_where_it_was_written"


class Looked:
    """Knows whether somebody wrote it down."""

    times = 0

    def __str__(self) -> str:
        self.times += 1
        return "looked"


def test_a_line_below_the_programs_level_costs_nothing(way: str, caplog: pytest.LogCaptureFixture) -> None:
    value = Looked()
    with caplog.at_level(logging.ERROR, "changeover.seam"):
        logger("seam").warning("not wanted: %s", value)
        assert value.times == 0
        logger("seam").error("wanted: %s", value)
    assert [record.getMessage() for record in caplog.records] == ["wanted: looked"]


def test_what_the_program_configures_for_its_own_structlog_changes_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> Any:
        raise ValueError

    before = structlog.get_config()
    structlog.configure(processors=[broken], wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        logger("seam").warning("it is", seam="desk")
    finally:
        structlog.configure(**before)
    assert [record.getMessage() for record in caplog.records] == ["it is"]


def test_secrets_and_lines_within_lines_are_in_no_field(
    way: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "hunter2-hunter2")
    logger("seam").warning("with %s", "hunter2-hunter2\n", problem="a hunter2-hunter2\nb")
    record: Any = caplog.records[-1]
    for text in (record.getMessage(), record.problem):
        assert "hunter2" not in text
        assert "[redacted]" in text
        assert text.isprintable()


class Unspeakable:
    def __str__(self) -> str:
        raise RecursionError


def test_values_that_cannot_be_written_leave_a_line(way: str, caplog: pytest.LogCaptureFixture) -> None:
    logger("seam").warning("it said %s", Unspeakable(), seam=Unspeakable())
    record: Any = caplog.records[-1]
    assert record.getMessage() == record.seam == "a line that cannot be shown (RecursionError)"


class Failing(logging.Handler):
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self._error = error
        self.asked = 0

    def handle(self, record: logging.LogRecord) -> bool:
        self.asked += 1
        raise self._error


@pytest.mark.parametrize("error", [OSError("full"), SystemExit(3), RecursionError(), MemoryError()])
def test_a_handler_that_raises_breaks_no_answer(way: str, error: BaseException, tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text(PLAN)
    handler = Failing(error)
    toolkit = logging.getLogger("changeover")
    toolkit.addHandler(handler)
    try:
        migration = Migration.load(tmp_path, environment={"CHANGEOVER_STAGE_P": "shadow"})
        assert migration.seam("s", legacy=lambda: "answer")() == "answer"
    finally:
        toolkit.removeHandler(handler)
    assert handler.asked


def test_a_file_that_a_handler_opens_in_a_replay_is_no_effect_of_the_path(tmp_path: Path) -> None:
    def candidate(_: Trade) -> int:
        logger("seam").warning("a line")
        return 1

    handler = logging.FileHandler(tmp_path / "log", delay=True)
    toolkit = logging.getLogger("changeover")
    toolkit.addHandler(handler)
    try:
        run = Trade().run(lambda _: 1, candidate)
    finally:
        toolkit.removeHandler(handler)
        handler.close()
    assert (run.verdict, run.notes) == ("match", ())
    assert (tmp_path / "log").read_text() == "a line\n"


def test_an_interrupt_while_logging_is_an_interrupt(way: str) -> None:
    handler = Failing(KeyboardInterrupt())
    toolkit = logging.getLogger("changeover")
    toolkit.addHandler(handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            logger("seam").warning("it is")
    finally:
        toolkit.removeHandler(handler)


def test_the_first_line_draws_no_random_number_of_the_program() -> None:
    program = """
import random
random.seed(1)
alone = random.Random(1)
from changeover.telemetry.logs import logger
logger("test").warning("said")
assert random.random() == alone.random()
"""
    subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
