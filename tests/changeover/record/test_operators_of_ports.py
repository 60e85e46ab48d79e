"""What a port does by a sign of Python (`bus << event`, `client.level = 1`) acts once, and is no match."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict
from tests.programs.process import run_python

STAGES, MODES = ["shadow", "live"], ["inline", "background"]
Happened = list[Any]


def acting(happened: Happened) -> Any:
    class Outside:
        """What a port talks to."""

        def put(self, what: Any) -> None:
            happened.append(what)

        def size(self) -> int:
            happened.append("asked")
            return len(happened)

    class Base:
        def __init__(self) -> None:
            self.outside, self._level = Outside(), 0

        def send(self, what: Any) -> None:
            happened.append(what)

        def __lshift__(self, what: Any) -> Any:
            self.outside.put(what)
            return self

        __rshift__ = __or__ = __add__ = __matmul__ = __ror__ = __iadd__ = __ilshift__ = __lshift__

        def __neg__(self) -> None:
            self.outside.put("neg")

        def __len__(self) -> int:
            return self.outside.size()

        def __bool__(self) -> bool:
            return self.outside.size() > 0

        def __reversed__(self) -> Any:
            return iter([self.outside.size()])

        def __await__(self) -> Generator[Any, None, None]:
            self.outside.put("awaited")
            return asyncio.sleep(0).__await__()

        @property
        def level(self) -> int:
            return 1

        @level.setter
        def level(self, value: int) -> None:
            self.outside.put(value)

        @level.deleter
        def level(self) -> None:
            self.outside.put("deleted")

    return Base()


def derived(happened: Happened) -> Any:
    base = type(acting(happened))

    class Derived(base):  # type: ignore[misc, valid-type]
        @property
        def more(self) -> int:
            return 1

        @more.setter
        def more(self, value: int) -> None:
            self.outside.put(value)

    return Derived()


def sets(port: Any, value: int) -> None:
    port.level = value


def sets_more(port: Any, value: int) -> None:
    port.more = value


def deletes(port: Any, value: int) -> None:
    for _ in range(value):
        del port.level


async def awaits(port: Any, value: int) -> None:
    for _ in range(value):
        await port


def times(does: Callable[[Any], Any]) -> Callable[[Any, int], Any]:
    return lambda port, value: [does(port) for _ in range(value)]


ACTS: dict[str, Callable[[Any, int], Any]] = {
    "<<": operator.lshift,
    ">>": operator.rshift,
    "|": operator.or_,
    "other |": lambda port, value: value | port,
    "+": operator.add,
    "@": operator.matmul,
    "+=": operator.iadd,
    "<<=": operator.ilshift,
    "-": times(operator.neg),
    "len": times(len),
    "bool": times(bool),
    "reversed": times(reversed),
    "await": awaits,
    "set": sets,
    "delete": deletes,
}


def compared(
    make: Callable[[Happened], Any],
    does: Callable[[Any, int], Any],
    *,
    stage: str,
    mode: str,
    other: int = 1,
    as_object: bool = False,
) -> tuple[Run, Happened]:
    """The run of a path that does this with a port, the candidate with another number, and what happened."""
    happened: Happened = []
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    port = make(happened)
    target = port if as_object else type(port).__mro__[-2]
    migration.port("port", target, effects={"send"})

    def path_with(value: int) -> Any:
        def path(number: int) -> int:
            does(port, value)
            return number

        async def path_async(number: int) -> int:
            await does(port, value)
            return number

        return path_async if asyncio.iscoroutinefunction(does) else path

    one, two = path_with(1), path_with(other)
    seam: Any = migration.seam("s", legacy=one, candidate=two)
    asyncio.run(seam(1)) if asyncio.iscoroutinefunction(one) else seam(1)
    migration.flush()
    migration.close()
    return runs[0], happened


def once(make: Callable[[Happened], Any], does: Callable[[Any, int], Any], value: int) -> Happened:
    """What happens where nobody looks."""
    happened: Happened = []
    done = does(make(happened), value)
    if asyncio.iscoroutine(done):
        asyncio.run(done)
    return happened


@pytest.mark.parametrize("other", [1, 2], ids=["same", "another"])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("as_object", [False, True], ids=["class", "object"])
@pytest.mark.parametrize("does", ACTS.values(), ids=ACTS)
def test_a_sign_that_acts_acts_once_and_fails_the_run(
    does: Callable[[Any, int], Any], as_object: bool, mode: str, stage: str, other: int
) -> None:
    run, happened = compared(acting, does, stage=stage, mode=mode, other=other, as_object=as_object)
    assert happened == once(acting, does, other if stage == "live" else 1)
    if does is sets and other == 1 and not as_object:  # what both set alike is set once, and known to be so
        assert run.verdict is Verdict.MATCH
        return
    assert run.verdict is Verdict.FAILED
    assert "undeclared-call: " in str(run.reason)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("does", [sets, sets_more, operator.lshift], ids=["inherited", "added", "sign"])
def test_a_sign_of_a_derived_class_acts_once(does: Callable[[Any, int], Any], stage: str) -> None:
    run, happened = compared(derived, does, stage=stage, mode="inline", other=2)
    assert happened == once(derived, does, 2 if stage == "live" else 1)
    assert run.verdict is Verdict.FAILED


def quiet(happened: Happened) -> Any:
    class Quiet:
        """Its signs look, make another value, keep what they are given, or call what is declared."""

        def __init__(self, *parts: Any) -> None:
            self.parts, self._level = parts, 0

        def send(self, what: Any) -> None:
            happened.append(what)

        def __lshift__(self, what: Any) -> Any:
            self.send(what)
            return self

        def __or__(self, what: Any) -> Any:
            return type(self)(*self.parts, what)

        def __truediv__(self, what: Any) -> str:
            return "/".join([*map(str, self.parts), str(what)])

        def __len__(self) -> int:
            return len(self.parts)

        def __bool__(self) -> bool:
            return True

        @property
        def level(self) -> int:
            return self._level

        @level.setter
        def level(self, value: int) -> None:
            if value < 0:
                raise ValueError(value)
            self._level = int(value)

    return Quiet()


QUIET: dict[str, Callable[[Any, int], Any]] = {
    "calls what is declared": operator.lshift,
    "makes another": operator.or_,
    "makes a text": operator.truediv,
    "len": times(len),
    "bool": times(bool),
    "keeps": sets,
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("as_object", [False, True], ids=["class", "object"])
@pytest.mark.parametrize("does", QUIET.values(), ids=QUIET)
def test_a_sign_that_does_not_act_is_no_call_of_its_own(
    does: Callable[[Any, int], Any], as_object: bool, mode: str, stage: str
) -> None:
    run, happened = compared(quiet, does, stage=stage, mode=mode, as_object=as_object)
    assert happened == once(quiet, does, 1)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(("first", "verdict"), [(1, Verdict.MATCH), (2, Verdict.UNSAFE)])
def test_a_sign_that_is_declared_is_compared(first: int, verdict: Verdict, stage: str) -> None:
    happened: Happened = []
    bus = acting(happened)
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    migration.port("bus", type(bus), effects={"__lshift__"}, reads={"__len__"})

    def sending(first: int) -> Callable[[int], int]:
        def path(number: int) -> int:
            _ = bus << first << number
            return len(bus)

        return path

    migration.seam("s", legacy=sending(1), candidate=sending(first))(7)
    assert happened == [first if stage == "live" else 1, 7, "asked"]
    assert (runs[0].verdict, runs[0].reason) == (verdict, None)


OF_PATHS = """
from pathlib import Path
from changeover import Migration

class Folder(type(Path())):
    pass

runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
migration.port("folder", Folder, reads={"read_text"})
folder = Folder(".")
(Path(".") / "a").write_text("one")

def path(name):
    return (folder / name).read_text()

print(migration.seam("s", legacy=path, candidate=path)("a"), runs[0].verdict, runs[0].reason)
"""


def test_a_path_of_the_standard_library_is_joined_as_ever(tmp_path: Path) -> None:
    """In a process of its own: a port covers what its class takes over, of all other paths as well."""
    done = run_python(["-c", OF_PATHS], timeout=60, cwd=tmp_path, text=True)
    assert done.stdout.split() == ["one", "match", "None"], done.stderr
