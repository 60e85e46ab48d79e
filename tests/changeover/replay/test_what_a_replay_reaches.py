"""What a replayed path may not do is refused, however it is begun; what is harmless is not."""

import _thread
import asyncio
import contextvars
import email.utils
import inspect
import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run


def replayed(candidate: Callable[[Path], Any], folder: Path) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.seam("s", legacy=lambda folder: None, candidate=candidate)(folder)
    return runs[0]


def state_of(folder: Path) -> list[tuple[str, int, int]]:
    return sorted((one.name, one.stat().st_mode, one.stat().st_mtime_ns) for one in folder.iterdir())


def write(folder: Path) -> None:
    (folder / "made").write_text("x")


def database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:", isolation_level=None)


def attaches(folder: Path) -> None:
    connection = database()
    connection.execute(f"attach '{folder / 'made'}' as other")
    connection.execute("create table other.t (x)")


def attaches_a_parameter(folder: Path) -> None:
    connection = database()
    connection.execute("attach ? as other", (str(folder / "made"),))
    connection.execute("create table other.t (x)")


def vacuums(folder: Path) -> None:
    database().execute(f"vacuum into '{folder / 'made'}'")


def in_a_bare_thread(folder: Path) -> None:
    _thread.start_new_thread(write, (folder,))
    time.sleep(0.05)


def in_a_process(method: str) -> Callable[[Path], None]:
    def path(folder: Path) -> None:
        context: Any = multiprocessing.get_context(method)
        process = context.Process(target=write, args=(folder,))
        process.start()
        process.join()

    return path


REFUSED: dict[str, Callable[[Path], Any]] = {
    "chmod": lambda folder: (folder / "there").chmod(0o600),
    "utime": lambda folder: os.utime(folder / "there", (1, 1)),
    "kill": lambda folder: os.kill(os.getpid(), signal.SIGCONT),
    "environment": lambda folder: os.environ.__setitem__("CHANGEOVER_TEST", "x"),
    "working folder": lambda folder: os.chdir(folder),
    "attach": attaches,
    "attach a parameter": attaches_a_parameter,
    "vacuum into": vacuums,
    "bare thread": in_a_bare_thread,
    "thread": lambda folder: threading.Thread(target=write, args=(folder,)).start(),
    "timer": lambda folder: threading.Timer(0, write, (folder,)).start(),
    "empty context": lambda folder: contextvars.Context().run(write, folder),
    "pool": lambda folder: ThreadPoolExecutor(1).submit(write, folder).result(),
    **{f"process by {method}": in_a_process(method) for method in multiprocessing.get_all_start_methods()},
}


@pytest.mark.parametrize("candidate", REFUSED.values(), ids=REFUSED)
def test_what_is_no_port_is_refused_and_unsafe(tmp_path: Path, candidate: Callable[[Path], Any]) -> None:
    (tmp_path / "there").write_text("x")
    (tmp_path / "there").chmod(0o644)
    before, here = state_of(tmp_path), Path.cwd()
    run = replayed(candidate, tmp_path)
    assert run.verdict == "unsafe"
    assert (state_of(tmp_path), Path.cwd()) == (before, here)
    assert "CHANGEOVER_TEST" not in os.environ


HARMLESS: dict[str, Callable[[Path], Any]] = {
    "the machine's own name": lambda folder: len(email.utils.make_msgid()) > 0,
    "whether a process is there": lambda folder: os.kill(os.getpid(), 0),
    "a database in memory": lambda folder: database().execute("attach ':memory:' as other").close(),
    "a pool": lambda folder: ThreadPoolExecutor(1).submit(len, "x").result(),
    "an empty context": lambda folder: contextvars.Context().run(len, "x"),
}


@pytest.mark.parametrize("candidate", HARMLESS.values(), ids=HARMLESS)
def test_what_reaches_nobody_is_let_through(tmp_path: Path, candidate: Callable[[Path], Any]) -> None:
    run = replayed(candidate, tmp_path)
    assert not [found for found in run.divergences if found.is_unsafe]


def desk(**parts: Any) -> Any:
    """A class of its own for each test."""

    def submit(self: Any, order: str) -> str:
        self.sent.append(order)
        return f"order {order}"

    return type("Desk", (), {"sent": [], "submit": submit, **parts})


def shadowed(target: Any, legacy: Callable[[], Any], candidate: Callable[[], Any]) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.port("desk", target, effects={"submit": lambda order: order})
    migration.seam("s", legacy=lambda n: legacy(), candidate=lambda n: candidate())(1)
    return runs[0]


def test_a_port_is_a_port_in_an_empty_context_too() -> None:
    cls = desk()
    run = shadowed(cls, lambda: None, lambda: contextvars.Context().run(cls().submit, "x"))
    assert (cls.sent, run.verdict) == ([], "unsafe")


def test_a_class_that_is_derived_while_the_path_runs_is_a_port() -> None:
    cls = desk()

    def candidate() -> Any:
        class Newer(cls):  # type: ignore[misc, valid-type]
            def submit(self, order: str) -> None:
                self.sent.append(f"newer {order}")

        return Newer().submit("x")

    assert (shadowed(cls, lambda: None, candidate).verdict, cls.sent) == ("unsafe", [])


def test_what_a_class_does_with_its_subclasses_is_still_done() -> None:
    named: dict[str, Any] = {}

    class Registered:
        def __init_subclass__(cls, **options: Any) -> None:
            named[cls.__name__] = options

        def submit(self, order: str) -> None:
            """Goes nowhere."""

    migration = Migration()
    migration.port("desk", Registered, effects={"submit"})

    class Newer(Registered, colour="red"):
        pass

    assert named == {"Newer": {"colour": "red"}}


def in_a_table(one: Any) -> Callable[[str], Any]:
    table: dict[str, Callable[[str], Any]] = {"buy": one.submit}
    return table["buy"]


def in_a_closure(one: Any) -> Callable[[str], Any]:
    held = one.submit

    def submit(order: str) -> Any:
        return held(order)

    return submit


HOLDS: dict[str, Callable[[Any], Callable[[str], Any]]] = {
    "a bound method": lambda one: one.submit,
    "a table": in_a_table,
    "a function of the class": lambda one: type(one).submit.__get__(one),
    "a partial": lambda one: partial(type(one).submit, one),
    "a closure": in_a_closure,
}


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
@pytest.mark.parametrize("by_class", [True, False])
def test_a_method_that_was_taken_before_is_a_port_all_the_same(
    hold: Callable[[Any], Callable[[str], Any]], by_class: bool
) -> None:
    cls = desk()
    one = cls()
    held = hold(one)
    run = shadowed(cls if by_class else one, lambda: held("x"), lambda: held("x"))
    assert (cls.sent, run.verdict) == (["x"], "match")
    assert held("y") == "order y"


def test_a_taken_method_keeps_defaults_closure_and_super() -> None:
    factor = 3

    class Base:
        def submit(self, order: int, *, times: int = 2) -> int:
            return order * times

    class Derived(Base):
        def submit(self, order: int, *, times: int = 5) -> int:
            return factor + super().submit(order, times=times)

    one = Derived()
    held = one.submit
    Migration().port("desk", Derived, effects={"submit"})
    assert (held(1), held(1, times=1), one.submit(1)) == (8, 4, 8)


def test_a_function_that_is_put_back_is_a_port_all_the_same() -> None:
    """As `mock.patch` does, where a port was declared in the meantime."""
    cls = desk()
    original = vars(cls)["submit"]
    Migration().port("desk", cls, effects={"submit"})
    cls.submit = original
    run = shadowed(cls, lambda: cls().submit("x"), lambda: cls().submit(order="x"))
    assert (cls.sent, run.verdict) == (["x"], "match")
    assert list(inspect.signature(original).parameters) == ["self", "order"]


def test_two_classes_with_the_same_function_are_two_ports() -> None:
    cls, runs = desk(), list[Run]()
    other: Any = type("Other", (), {"sent": [], "submit": vars(cls)["submit"]})
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    for name, target in (("desk", cls), ("other", other)):
        migration.port(name, target, effects={"submit": lambda order: order})
    migration.seam("s", legacy=lambda n: other().submit("x"), candidate=lambda n: cls().submit("x"))(1)
    assert (other.sent, cls.sent, runs[0].verdict) == (["x"], [], "unsafe")


def test_another_class_with_the_same_function_is_no_port() -> None:
    cls = desk()
    other: Any = type("Other", (), {"sent": [], "submit": vars(cls)["submit"]})
    run = shadowed(cls, lambda: other().submit("x"), lambda: None)
    assert (other.sent, run.verdict) == (["x"], "diverged")
    assert not run.tape.entries


def test_an_awaited_method_that_was_taken_before_is_a_port() -> None:
    async def submit(self: Any, order: str) -> None:
        self.sent.append(order)

    cls = desk(submit=submit)
    held = cls().submit
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.port("desk", cls, effects={"submit": lambda order: order})

    async def path(n: int) -> None:
        await held("x")

    asyncio.run(migration.seam("s", legacy=path, candidate=path)(1))
    assert (cls.sent, runs[0].verdict) == (["x"], "match")
