"""What a replayed path logs, prints or warns of reaches nothing of the program, and is kept with its run."""

import asyncio
import io
import logging
import logging.handlers
import queue
import random
import sqlite3
import subprocess
import sys
import traceback
import unittest
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import structlog

from changeover import Migration, Run
from changeover.values.log_line import CHARACTERS_KEPT_MAX, LINES_KEPT_MAX
from changeover.values.verdict import Verdict

LOG = logging.getLogger("shop.test")
CHILD = logging.getLogger("shop.test.child")


class Kept(logging.Handler):
    """A handler of the program."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())


class Counting(logging.Filter):
    seen = 0

    def filter(self, record: logging.LogRecord) -> bool:
        self.seen += 1
        return True


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    LOG.addHandler(handler)
    LOG.setLevel("INFO")
    yield handler
    LOG.removeHandler(handler)


def shadowing(legacy: Any, candidate: Any, **options: Any) -> tuple[Any, list[Run]]:
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append, **options
    )
    return migration.seam("s", legacy=legacy, candidate=candidate), runs


def saying(log: Callable[[str], None], text: str) -> Callable[[int], int]:
    def path(number: int) -> int:
        log(text)
        return number

    return path


def texts(run: Run) -> list[str]:
    assert run.candidate is not None
    return [line.text for line in run.candidate.logged]


WAYS: dict[str, Callable[[], object]] = {
    "a logger": lambda: LOG.warning("said %d", 1),
    "a child": lambda: CHILD.warning("said %d", 1),
    "a logger that is new": lambda: logging.getLogger("shop.test.new").warning("said %d", 1),
    "the root": lambda: logging.warning("said %d", 1),
    "an adapter": lambda: logging.LoggerAdapter(LOG, {"order": 1}).warning("said 1"),
    "a record of its own": lambda: LOG.handle(
        logging.makeLogRecord({"msg": "said 1", "levelno": 30, "levelname": "WARNING"})
    ),
    "a pool": lambda: ThreadPoolExecutor(1).submit(LOG.warning, "said 1").result(),
    "structlog": lambda: structlog.wrap_logger(
        LOG, processors=[structlog.stdlib.render_to_log_kwargs], wrapper_class=structlog.stdlib.BoundLogger
    ).warning("said 1"),
    "a logger that prints": lambda: structlog.PrintLogger().msg("said 1"),
    "print": lambda: print("said", 1),
    "print to stderr": lambda: print("said 1", file=sys.stderr),
    "a warning": lambda: warnings.warn("said 1", stacklevel=1),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.filterwarnings("default")
def test_a_line_of_a_replayed_path_goes_nowhere_and_is_kept(
    way: Callable[[], object],
    is_async: bool,
    kept: Kept,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    async def way_async() -> None:
        await asyncio.gather(asyncio.create_task(way_of()))

    async def way_of() -> None:
        way()

    async def nothing() -> None: ...

    paths: tuple[Any, Any] = (nothing, way_async) if is_async else (lambda: None, lambda: way() and None)
    seam, runs = shadowing(*paths)
    asyncio.run(seam()) if is_async else seam()
    assert texts(runs[0]) == ["said 1"]
    assert (kept.records, caplog.records, list(recwarn)) == ([], [], [])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.filterwarnings("default")
def test_the_answering_path_s_own_lines_go_where_they_went(
    way: Callable[[], object],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    seam, _ = shadowing(lambda: way() and None, lambda: way() and None)
    seam()
    seam()
    heard = [record.getMessage() for record in caplog.records]
    heard += [str(warning.message) for warning in recwarn]
    heard += [line for stream in capsys.readouterr() for line in stream.splitlines()]
    assert heard == ["said 1"] * (1 if way is WAYS["a warning"] else 2)


STRUCTLOG: dict[str, Callable[[], Any]] = {
    "through logging": lambda: structlog.wrap_logger(
        LOG, processors=[structlog.stdlib.render_to_log_kwargs], wrapper_class=structlog.stdlib.BoundLogger
    ),
    "to a stream": lambda: structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[structlog.dev.ConsoleRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    ),
    "as a dict": lambda: structlog.wrap_logger(
        structlog.PrintLogger(sys.stdout), processors=[structlog.processors.KeyValueRenderer()]
    ),
}


@pytest.mark.parametrize("made", STRUCTLOG.values(), ids=STRUCTLOG.keys())
@pytest.mark.parametrize("is_legacy", [False, True], ids=["candidate", "legacy"])
def test_a_warning_of_structlog_is_one_wherever_it_goes(
    made: Callable[[], Any], is_legacy: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    def warns(number: int) -> int:
        try:
            raise KeyError("ACCEPTED")
        except KeyError:
            made().exception("handler_failed", event_type="TradeExecuted")
        return number

    quiet = lambda number: number  # noqa: E731
    seam, runs = shadowing(*((warns, quiet) if is_legacy else (quiet, warns)))
    seam(1)
    (run,) = runs
    assert run.legacy is not None
    assert run.candidate is not None
    sides = run.legacy, run.candidate
    said, silent = sides if is_legacy else sides[::-1]
    assert said is not None
    assert silent is not None
    (line,) = said.logged
    assert (line.level, silent.logged) == ("ERROR", ())
    assert line.text == "handler_failed event_type=TradeExecuted (KeyError: 'ACCEPTED')"
    assert (capfd.readouterr() == ("", "")) or is_legacy


def test_a_path_that_catches_its_own_structlog_lines_gets_them_in_a_replay() -> None:
    def path(number: int) -> int:
        with structlog.testing.capture_logs() as caught:
            structlog.get_logger().warning("said", number=number)
        return len(caught)

    seam, runs = shadowing(path, path)
    assert seam(1) == 1
    assert runs[0].verdict == "match"


def test_no_handler_filter_or_queue_of_the_program_hears_of_it(kept: Kept, tmp_path: Path) -> None:
    counting, lines = Counting(), queue.SimpleQueue[Any]()
    handlers = [
        logging.handlers.QueueHandler(lines),
        logging.handlers.RotatingFileHandler(tmp_path / "a.log", maxBytes=5, backupCount=1),
        logging.FileHandler(tmp_path / "late.log", delay=True),
        logging.handlers.SysLogHandler(("127.0.0.1", 9)),
    ]
    LOG.addFilter(counting)
    for handler in handlers:
        handler.addFilter(counting)
        LOG.addHandler(handler)
    try:
        seam, runs = shadowing(lambda n: n, saying(LOG.warning, "said"))
        seam(1)
    finally:
        LOG.removeFilter(counting)
        for handler in handlers:
            LOG.removeHandler(handler)
            handler.close()
    assert (counting.seen, lines.empty(), (tmp_path / "late.log").exists()) == (0, True, False)
    assert (tmp_path / "a.log").read_text() == ""
    assert runs[0].verdict == "match"


def configure() -> None:
    LOG.addHandler(Kept())
    LOG.setLevel("DEBUG")
    LOG.addFilter(Counting())
    logging.disable(logging.ERROR)
    logging.captureWarnings(True)
    logging.basicConfig(level="DEBUG")


def test_what_a_replayed_path_configures_is_no_configuration_of_the_program(kept: Kept) -> None:
    def configuration() -> list[object]:
        shown = vars(warnings)["showwarning"]
        loggers = [(log.level, [*log.handlers], [*log.filters]) for log in (LOG, logging.getLogger())]
        return [*loggers, logging.root.manager.disable, shown]

    def candidate() -> None:
        configure()
        LOG.removeHandler(kept)

    seam, _ = shadowing(lambda: None, candidate)
    before = configuration()
    seam()
    assert configuration() == before


def test_a_path_that_reads_its_own_log_reads_the_same_in_a_replay(kept: Kept) -> None:
    def path(number: int) -> list[str]:
        own = Kept()
        LOG.addHandler(own)
        try:
            CHILD.info("order %d", number)
        finally:
            LOG.removeHandler(own)
        with redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            print("printed")
            warnings.warn("warned", stacklevel=1)
        return [*own.records, printed.getvalue(), *(str(one.message) for one in warned)]

    seam, runs = shadowing(path, path)
    assert seam(7) == ["order 7", "printed\n", "warned"]
    assert runs[0].verdict == "match"
    assert kept.records == ["order 7"]


def test_a_warning_that_is_an_error_is_one_in_a_replay_as_well() -> None:
    def path(number: int) -> None:
        warnings.warn("too many", RuntimeWarning, stacklevel=1)

    seam, runs = shadowing(path, path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning):
            seam(1)
    assert runs[0].verdict == "match"


def test_a_warning_is_shown_to_the_program_when_it_meets_it_after_a_replay() -> None:
    program = """
import warnings
from changeover import Migration

def warned(n):
    warnings.warn("look out")
    return n

migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"})
migration.seam("s", legacy=lambda n: n, candidate=warned)(1)
print("now", flush=True)
warned(1)
warned(1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "now\n"
    assert done.stderr.count("UserWarning: look out") == 1  # the line itself may be shown below


def test_what_is_kept_is_bounded_and_says_which_exception_it_was_about() -> None:
    def candidate() -> None:
        try:
            raise LookupError("no price")
        except LookupError:
            LOG.exception("failed")
            traceback.print_exc()
        LOG.warning("x" * 10_000)
        LOG.warning("%d", "no number")
        for number in range(1_000):
            LOG.warning("%d", number)

    seam, runs = shadowing(lambda: None, candidate)
    seam()
    lines = texts(runs[0])
    assert lines[0] == "failed (LookupError: no price)"
    assert len(lines) == LINES_KEPT_MAX
    assert max(map(len, lines)) == CHARACTERS_KEPT_MAX


def test_of_the_answering_path_warnings_are_kept_with_those_of_seams_inside_it() -> None:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_OUTER": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append)

    def warn_inside(number: int) -> None:
        LOG.info("nothing")
        LOG.warning("inside %d", number)

    inner = migration.seam("inner", legacy=warn_inside, candidate=lambda n: None)

    def warn_around(number: int) -> None:
        inner(number)
        LOG.error("around %d", number)

    migration.seam("outer", legacy=warn_around, candidate=warn_around)(7)
    logged = {
        (run.seam, str(side.path)): [str(line) for line in side.logged if line.is_loud]
        for run in runs
        for side in (run.legacy, run.candidate)
        if side is not None
    }
    inside, around = "WARNING shop.test: inside 7", "ERROR shop.test: around 7"
    assert logged["inner", "legacy"] == [inside]
    assert logged["inner", "candidate"] == []
    assert logged["outer", "legacy"] == [inside, around]
    assert logged["outer", "candidate"] == [inside, around]


class Down(logging.Handler):
    """A handler of the program that always raises."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def emit(self, record: logging.LogRecord) -> None:
        raise self.error


@pytest.mark.parametrize("error", [RuntimeError("down"), SystemExit(3), GeneratorExit(), MemoryError()])
@pytest.mark.parametrize("stage", ["ramp:50", "lvie", "live", "shadow", "off"])
@pytest.mark.parametrize("killed", [False, True])
def test_a_log_that_raises_breaks_no_answer(error: BaseException, stage: str, killed: bool) -> None:
    down = Down(error)
    logging.getLogger("changeover").addHandler(down)
    try:
        environment = {"CHANGEOVER_STAGE_S": stage, **({"CHANGEOVER_KILL": "1"} if killed else {})}
        migration = Migration(environment=environment, refresh_s=0)
        assert migration.seam("s", legacy=lambda n: n, candidate=lambda n: n)(7) == 7
        alone = Migration(environment=environment, refresh_s=0)
        assert alone.seam("s", legacy=lambda n: n)(7) == 7
    finally:
        logging.getLogger("changeover").removeHandler(down)


def test_what_is_logged_is_no_difference(kept: Kept) -> None:
    seam, runs = shadowing(saying(LOG.error, "old"), saying(LOG.error, "new"))
    seam(1)
    assert runs[0].verdict is Verdict.MATCH


class Looking:
    """A key, tags, a view and an invariant that log, print, warn and draw."""

    def __init__(self) -> None:
        self.looked: list[str] = []

    def look(self, at: str) -> None:
        self.looked.append(at)
        LOG.warning(at)
        print(at)
        warnings.warn(at, stacklevel=1)
        random.random()  # noqa: S311

    def key(self, number: int) -> str:
        self.look("key")
        return "key"

    def tags(self, number: int) -> list[str]:
        self.look("tags")
        return []

    def view(self, answer: int) -> int:
        self.look("view")
        return answer

    def invariant(self, observation: Any) -> bool:
        self.look("invariant")
        return True


@pytest.mark.filterwarnings("default")
def test_what_only_looks_says_and_draws_nothing(
    kept: Kept, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    looking = Looking()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0)
    migration.invariant("s")(looking.invariant)
    seam = migration.seam(
        "s",
        legacy=lambda n: n,
        candidate=lambda n: n,
        key=looking.key,
        tags=looking.tags,
        view=(looking.view, looking.view),
    )
    random.seed(7)
    before = random.getstate()
    assert seam(1) == 1
    assert random.getstate() == before
    assert (kept.records, list(recwarn), capfd.readouterr()) == ([], [], ("", ""))
    assert set(looking.looked) == {"key", "tags", "view", "invariant"}
    assert migration.counts == {("s", "match"): 1}


class Assigned(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def taken_by_a_test(number: int) -> list[str]:
    with unittest.TestCase().assertLogs("shop.taken", level="INFO") as taken:
        logging.getLogger("shop.taken").info("sold %s", number)
        logging.getLogger("shop.taken").debug("unheard")
        logging.getLogger("shop.taken.below").info("sold below")
    return taken.output


def taken_by_a_handler(number: int) -> list[str]:
    logger, mine = logging.getLogger("shop.assigned"), Assigned()
    before, logger.handlers, logger.propagate = logger.handlers, [mine], False
    try:
        logger.warning("sold %s", number)
        logger.info("unheard")
    finally:
        logger.handlers, logger.propagate = before, True
    return mine.lines


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("path", [taken_by_a_test, taken_by_a_handler])
def test_a_path_that_takes_its_own_lines_gets_them_in_a_replay(path: Any, mode: str) -> None:
    level = logging.getLogger("shop.taken").level

    def otherwise(number: int) -> list[str]:
        return [*path(number), "one more"]

    for candidate, verdict in ((path, "match"), (otherwise, "diverged")):
        runs: list[Run] = []
        environment = {"CHANGEOVER_STAGE_S": "shadow"}
        migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
        lines: Any = migration.seam("s", legacy=path, candidate=candidate)(1)
        migration.close()
        assert (len(lines) > 0, runs[0].verdict) == (True, verdict)
    assert logging.getLogger("shop.taken").level == level


class Outside:
    """What a handler of the program sends its lines to: a port all the same."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> int:
        self.sent.append(text)
        return len(self.sent)

    def name(self) -> str:
        return "shop"


class Sending(logging.Handler):
    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self._outside = outside

    def filter(self, record: logging.LogRecord) -> bool:
        return self._outside.name() == "shop"

    def emit(self, record: logging.LogRecord) -> None:
        self._outside.send(record.getMessage())


def warns(outside: Outside, more: str = "") -> Callable[[int], int]:
    """A path that logs, asks the port itself, and sends one thing more if so."""

    def path(number: int) -> int:
        LOG.warning("order %s", number)
        if more:
            outside.send(more)
        return number + len(outside.name())

    return path


@pytest.mark.parametrize("in_a_thread", [False, True])
@pytest.mark.parametrize(("more", "verdict"), [("", Verdict.MATCH), ("gift", Verdict.UNSAFE)])
def test_what_a_handler_of_the_program_does_at_a_port_is_no_effect_of_the_path(
    in_a_thread: bool, more: str, verdict: Verdict
) -> None:
    outside = Outside()
    handler = Sending(outside)
    LOG.addHandler(handler)

    def threaded(path: Callable[[int], int]) -> Callable[[int], int]:
        def in_pool(number: int) -> int:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(path, number).result()

        return in_pool if in_a_thread else path

    try:
        runs: list[Run] = []
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        migration.port("outside", outside, effects={"send": None}, reads={"name"})
        legacy, candidate = threaded(warns(outside)), threaded(warns(outside, more))
        migration.seam("s", legacy=legacy, candidate=candidate)(3)
    finally:
        LOG.removeHandler(handler)
    assert outside.sent == ["order 3"]
    assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences
    assert runs[-1].legacy is not None
    assert [call.method for call in runs[-1].legacy.effects] == []


def test_rows_that_a_handler_of_the_program_writes_are_no_rows_of_the_path(tmp_path: Path) -> None:
    with closing(sqlite3.Connection(tmp_path / "log.db")) as db:
        db.execute("CREATE TABLE lines (text TEXT)")

    class ToTable(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with closing(sqlite3.connect(tmp_path / "log.db")) as db, db:
                db.execute("INSERT INTO lines VALUES (?)", (record.getMessage(),))

    handler = ToTable()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("sqlite3", tmp_path / "log.db", rows=True)

    def path(number: int) -> int:
        LOG.warning("order %s", number)
        return number

    LOG.addHandler(handler)
    try:
        migration.seam("s", legacy=path, candidate=lambda number: path(number))(3)
    finally:
        LOG.removeHandler(handler)
    assert runs[-1].verdict == Verdict.MATCH, runs[-1].reason or runs[-1].divergences
    with closing(sqlite3.Connection(tmp_path / "log.db")) as db:
        assert db.execute("SELECT text FROM lines").fetchall() == [("order 3",)]
