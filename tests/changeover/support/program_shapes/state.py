"""Shapes that touch what a process shares: random numbers, logs, signals, globals, files, environment."""

from __future__ import annotations

import logging
import os
import random
import secrets
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from changeover import Migration
from tests.changeover.support.program_shapes.shape import Path, declared_shape, shape

calls = {"made": 0}
RENAMED = """
[[rule]]
path = "**.{first,second,order_id}"
same_as = "bijection"
reason = "each path mints its own"
"""


@shape("result")
def random_numbers_of_the_module(shop: Any, planted: str) -> Path:
    def path(number: int) -> Any:
        drawn = random.randint(1, 9)  # noqa: S311
        return random.random(), random.choice("abc"), drawn + (100 if planted else 0)  # noqa: S311

    return path


@shape("result")
def random_generator_of_the_path(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[float]:
        draw = random.Random(number + (1 if planted else 0))  # noqa: S311
        return [draw.random() for _ in range(3)]

    return path


@shape("result", arguments=lambda number: (random.Random(number),))  # noqa: S311
def random_generator_as_an_argument(shop: Any, planted: str) -> Path:
    return lambda draw: draw.random() + (1 if planted else 0)


def orders(mint: Callable[[], str], shop: Any, planted: str) -> Path:
    """Paths that make identifiers and use them."""

    def path(number: int) -> dict[str, str]:
        first, second = mint(), mint()
        shop.submit("a", first, "urgent" if planted == "text" else "normal")
        shop.submit("b", second if planted != "effect" else first, "normal")
        return {"first": first if planted != "result" else second, "second": second}

    return path


@shape("effect", "result", "text", rules=RENAMED)
def identifiers_that_a_port_mints(shop: Any, planted: str) -> Path:
    return orders(shop.mint, shop, planted)


@shape("effect", "result", "text", rules=RENAMED)
def identifiers_of_uuid4(shop: Any, planted: str) -> Path:
    return orders(lambda: str(uuid.uuid4()), shop, planted)


@shape("result")
def uuids_by_name(shop: Any, planted: str) -> Path:
    return lambda number: uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}{planted}")


@shape("result", "effect")
def tokens_that_are_used_and_thrown_away(shop: Any, planted: str) -> Path:
    def path(number: int) -> int:
        token = secrets.token_hex(8)
        shop.send(len(token) + (1 if planted == "effect" else 0))
        return len(token) + (1 if planted == "result" else 0)

    return path


@shape("result")
def counters_in_module_globals(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        calls["made"] += 1
        return f"{number} {calls['made'] > 0}{planted}"

    return path


@shape("result")
def global_that_is_put_back(shop: Any, planted: str) -> Path:
    settings = {"verbose": False}

    def path(number: int) -> list[bool]:
        before, settings["verbose"] = settings["verbose"], True
        try:
            return [before, settings["verbose"] is not bool(planted)]
        finally:
            settings["verbose"] = before

    return path


@declared_shape("result", "effect")
def log_that_rotates(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    logger = logging.getLogger(f"shapes.rotating.{uuid.uuid4().hex}")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    file = FilePath(gettempdir()) / f"{logger.name}.log"
    handler = RotatingFileHandler(file, maxBytes=200, backupCount=1)
    logger.addHandler(handler)

    def path(twist: str) -> Path:
        def told(number: int) -> str:
            logger.info("order %d was taken, and this line is as long as lines are", number)
            shop.send(f"{number}{twist if twist == 'effect' else ''}")
            return f"{number}{twist if twist == 'result' else ''}"

        return told

    return _closing(migration.seam("s", legacy=path(""), candidate=path(planted)), handler, file)


def _closing(
    seam: Callable[[int], Any], handler: RotatingFileHandler, file: FilePath
) -> Callable[[int], Any]:
    def close() -> None:
        handler.close()
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink(missing_ok=True)

    def call(number: int) -> Any:
        return seam(number)

    call.close = close  # type: ignore[attr-defined]
    return call


@shape("result")
def logger_kept_by_the_path(shop: Any, planted: str) -> Path:
    logger = logging.getLogger("shapes.kept")

    def path(number: int) -> tuple[bool, str]:
        logger.debug("number %s", number)
        return logger.isEnabledFor(logging.CRITICAL), f"{number}{planted}"

    return path


@shape("result", modes=("inline",))
def alarm_during_the_run(shop: Any, planted: str) -> Path:
    def path(number: int) -> list[Any]:
        heard: list[int] = []
        before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            signal.sigtimedwait([], 0.003) if hasattr(signal, "sigtimedwait") else None
            while not heard:
                threading.Event().wait(0.0005)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return [len(heard), planted]

    return path


@declared_shape("result")
def alarms_that_the_program_counts(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    heard: list[int] = []

    def path(twist: str) -> Path:
        return lambda number: (number, sum(range(3_000)), shop.price("x"), twist)

    seam = migration.seam("s", legacy=path(""), candidate=path(planted))

    def call(number: int) -> Any:
        before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.00005, 0.0001)
        try:
            return seam(number)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    return call


@shape("result")
def environment_that_is_read(shop: Any, planted: str) -> Path:
    return lambda number: (os.environ.get("HOME"), os.environ.get("SHAPES_NONE", "none"), planted)


@shape("result")
def file_that_is_read(shop: Any, planted: str) -> Path:
    return lambda number: FilePath(__file__).read_text("utf-8")[: 30 - len(planted)]


@declared_shape("result", "effect")
def pool_of_connections_that_grows(migration: Migration, shop: Any, planted: str) -> Callable[[int], Any]:
    class Connection:
        def __init__(self, shop: Any) -> None:
            self.shop, self.used = shop, 0

    class Pool:
        def __init__(self, shop: Any) -> None:
            self.shop, self.idle, self.made = shop, list[Connection](), 0

        def take(self) -> Connection:
            if self.idle:
                return self.idle.pop()
            self.made += 1
            return Connection(self.shop)

        def answer(self, number: int) -> str:
            return use(self, number, "")

    def use(self: Pool, number: int, twist: str) -> str:
        one = self.take()
        one.used += 1
        try:
            one.shop.send(f"{number}{twist if twist == 'effect' else ''}")
            return f"{one.shop.price('x')}{twist if twist == 'result' else ''}"
        finally:
            self.idle.append(one)

    migration.wrap(Pool, "answer", candidate=lambda self, number: use(self, number, planted), name="s")
    return Pool(shop).answer


@shape("result", "effect")
def pool_that_both_paths_share(shop: Any, planted: str) -> Path:
    idle: list[dict[str, int]] = shop.__dict__.setdefault("idle", [])

    def path(number: int) -> int:
        one = idle.pop() if idle else {"used": 0}
        one["used"] += 1
        shop.send(f"{number}{'!' if planted == 'effect' else ''}")
        idle.append(one)
        return number + (1 if planted == "result" else 0)

    return path


@shape(
    "text",
    expected="mkdir",
    why="a temporary folder is made past every port, by both paths",
)
def temporary_files(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        with TemporaryDirectory() as folder:
            file = FilePath(folder) / "notes.txt"
            file.write_text(f"number {number}{planted}")
            return file.read_text()

    return path


@shape("text", expected="open", why="a file is written past every port, by both paths")
def files_named_by_uuid(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        file = FilePath(gettempdir()) / f"shapes-{uuid.uuid4()}.txt"
        file.write_text(f"number {number}{planted}")
        found = file.read_text()
        file.unlink()
        return found

    return path


@shape("text", expected="subprocess", why="a process is started past every port, by both paths")
def processes_that_are_started(shop: Any, planted: str) -> Path:
    def path(number: int) -> str:
        return subprocess.run(["true"], capture_output=True, text=True, check=True).stdout + planted

    return path
