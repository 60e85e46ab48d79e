"""What cannot work is refused where it is written: by a sentence with what it was, where, and the way out."""

import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from changeover import Migration, fresh
from changeover.errors import DeclarationError
from changeover.values.limits import Limits

Refused = tuple[Callable[[Migration], object], str, str]
"""What is written, where the sentence says that it stands, and what the sentence must have."""


def same(n: Any) -> Any:
    return n


async def awaited(n: Any) -> Any:
    return n


def stream(n: Any) -> Iterator[Any]:
    yield n


async def async_stream(n: Any) -> AsyncIterator[Any]:
    yield n


def nothing() -> None:
    return None


def of_two(one: Any, other: Any) -> Any:
    return one, other


class Awaited:
    async def __call__(self, n: Any) -> Any:
        return n


class Stream:
    def __call__(self, n: Any) -> Iterator[Any]:
        yield n


class Desk:
    limit = 5

    def __init__(self) -> None:
        self.traded: list[Any] = []

    def trade(self, n: Any) -> Any:
        self.traded.append(n)
        return n

    def _hidden(self, n: Any) -> Any:
        return n

    @staticmethod
    def rate(n: Any) -> Any:
        return n

    @classmethod
    def made(cls, n: Any) -> Any:
        return n

    @property
    def total(self) -> int:
        return 1

    @functools.cached_property
    def first(self) -> int:
        return 1

    traded_once = functools.partialmethod(trade, 1)


class Broker:
    limit = 5

    def submit(self, symbol: Any, quantity: int = 1) -> None:
        return None

    def price(self, symbol: Any) -> int:
        return 5

    def stream(self) -> Iterator[int]:
        yield 1

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        yield 1


def seam(**options: Any) -> Callable[[Migration], object]:
    return lambda migration: migration.seam("s", **{"legacy": same, **options})


def decorated(path: Any) -> Callable[[Migration], object]:
    return lambda migration: migration.seam("s")(path)


def wrapped(method: Any, cls: Any = Desk, **options: Any) -> Callable[[Migration], object]:
    return lambda migration: migration.wrap(cls, method, **{"candidate": same, **options})


def port(name: Any = "broker", target: Any = Broker, **options: Any) -> Callable[[Migration], object]:
    return lambda migration: migration.port(name, target, **options)


def program(**options: Any) -> Callable[[Migration], object]:
    return lambda _: Migration(**{"environment": {}, **options})


def predicate(given: Any) -> Callable[[Migration], object]:
    return lambda migration: migration.invariant("s")(given)


SEAM, LEGACY, CANDIDATE = 'seam "s"', 'seam "s", legacy', 'seam "s", candidate'
BROKER = 'port "broker"'

REFUSED: dict[str, Refused] = {
    "above a static method": (decorated(Desk.__dict__["rate"]), LEGACY, "write @staticmethod above the seam"),
    "above a class method": (decorated(Desk.__dict__["made"]), LEGACY, "write @classmethod above the seam"),
    "above a property": (decorated(Desk.__dict__["total"]), LEGACY, "write @property above the seam"),
    "above a cached property": (decorated(Desk.__dict__["first"]), LEGACY, "write @cached_property above"),
    "above a partial method": (decorated(Desk.__dict__["traded_once"]), LEGACY, "write a method that calls"),
    "a candidate above a static method": (
        lambda migration: migration.seam("s", legacy=same).candidate(staticmethod(same)),
        CANDIDATE,
        "write @staticmethod above the seam",
    ),
    "no parentheses": (lambda m: m.seam(same), "seam()", 'was given same in place .*seam."NAME"'),  # type: ignore[call-overload]
    "an invariant without parentheses": (
        lambda migration: migration.invariant(same),  # type: ignore[arg-type]
        "invariant()",
        'was given same in place .*invariant."NAME"',
    ),
    "a candidate with parentheses": (
        lambda migration: migration.seam("s", legacy=same).candidate(),  # type: ignore[call-overload]
        CANDIDATE,
        "write @NAME.candidate without parentheses",
    ),
    "a candidate that is a text": (
        lambda migration: migration.seam("s", legacy=same).candidate("x"),  # type: ignore[call-overload]
        CANDIDATE,
        "was 'x', allowed: a function",
    ),
    "a name in upper case": (lambda m: m.seam("Price", legacy=same), 'seam "Price"', 'such as "price"'),
    "a name in another script": (lambda m: m.seam("рrice", legacy=same), 'seam "рrice"', "lower-case words"),
    "an empty name": (lambda m: m.seam("", legacy=same), 'seam ""', "lower-case words"),
    "a name that is a number": (lambda m: m.seam(5), "seam()", "was given 5"),  # type: ignore[call-overload]
    "a sample that is a text": (seam(sample="0.5"), SEAM, "sample was '0.5', allowed: a number from 0 to 1"),
    "a sample that is no number": (seam(sample=float("nan")), SEAM, "sample was nan, allowed"),
    "a sample that is a truth value": (seam(sample=True), SEAM, "sample was True, allowed"),
    "a sample above 1": (seam(sample=1.5), SEAM, "sample was 1.5, allowed"),
    "a signalling sample": (seam(sample=Decimal("sNaN")), SEAM, "sample was Decimal"),
    "a sample without end": (seam(sample=10**400), SEAM, "sample was 1000"),
    "a complex sample": (seam(sample=1j), SEAM, "sample was 1j"),
    "tags that are a text": (seam(tags="large"), SEAM, "tags was 'large', allowed: a function"),
    "tags that are awaited": (seam(tags=awaited), SEAM, "tags is a coroutine function.*write def"),
    "tags of too many": (seam(tags=of_two), SEAM, "tags takes .one.*needed: a function of .n"),
    "a key that is a text": (seam(key="n"), SEAM, "key was 'n', allowed: a function"),
    "a key that is awaited": (seam(key=Awaited()), SEAM, "key is a coroutine function.*write def"),
    "a key that is a stream": (seam(key=stream), SEAM, "key is a generator function.*write return"),
    "a key of none": (seam(key=nothing), SEAM, "key takes .*needed: a function of .n"),
    "one view for two paths": (seam(view=same), SEAM, "view was .*write view=.of_legacy, of_candidate"),
    "a view for three paths": (seam(view=(same, same, same)), SEAM, "write view=.of_legacy, of_candidate"),
    "a view that is a text": (seam(view="ab"), SEAM, "view was 'ab'"),
    "a text among views": (seam(view=(None, "a")), SEAM, "view of candidate was 'a', allowed: a function"),
    "a view of two": (seam(view=(of_two, None)), SEAM, "view of legacy takes .one.*needed: a function of"),
    "a view that is awaited": (seam(view=(awaited, None)), SEAM, "view of legacy is a coroutine function"),
    "a fallback that is a text": (seam(fallback="no"), SEAM, "fallback was 'no', allowed: True or False"),
    "a shared self that is a number": (seam(shared_self=1), SEAM, "shared_self was 1, allowed: True or"),
    "an owner of nothing": (seam(owner=nothing), SEAM, "owner takes .*needed: a function of .scenario"),
    "an option that there is not": (seam(sampel=1), SEAM, 'no option .sampel., did you mean "sample"'),
    "a path that is a number": (seam(legacy=5), LEGACY, "was 5, allowed: a function or fresh"),
    "a generator": (seam(legacy=stream), LEGACY, "is a generator.*returns the whole"),
    "an async generator": (seam(legacy=async_stream), LEGACY, "is a generator"),
    "an object that is a generator": (seam(legacy=Stream()), LEGACY, "is a generator"),
    "a partial of a generator": (seam(legacy=functools.partial(stream, 1)), LEGACY, "is a generator"),
    "a context": (seam(legacy=contextlib.contextmanager(stream)), LEGACY, "opens a context.*inside"),
    "an async context": (
        seam(legacy=contextlib.asynccontextmanager(async_stream)),
        LEGACY,
        "opens a context",
    ),
    "a method that opens a context": (seam(legacy=Broker().opened), LEGACY, "opens a context"),
    "a partial of a context": (
        seam(legacy=functools.partial(contextlib.contextmanager(stream), 1)),
        LEGACY,
        "opens a context",
    ),
    "a candidate that is a context": (
        seam(candidate=contextlib.contextmanager(stream)),
        CANDIDATE,
        "opens a context",
    ),
    "an initialiser": (seam(legacy=Desk.__init__), LEGACY, "was __init__.*a method that it calls"),
    "a candidate of nothing": (seam(candidate=nothing), CANDIDATE, "takes .*needed: what legacy takes, .n"),
    "a candidate of too many": (seam(candidate=of_two), CANDIDATE, "takes .one.*needed: what legacy takes"),
    "a method that is not there": (wrapped("trad"), "wrap(Desk)", "no method 'trad', did you mean \"trade\""),
    "a method by number": (wrapped(5), "wrap(Desk)", "no method 5"),
    "an attribute in place of a method": (wrapped("limit"), 'seam "desk.limit", legacy', "was 5, allowed"),
    "an initialiser of a class": (wrapped("__init__"), 'seam "desk.init", legacy', "was __init__"),
    "a partial method of a class": (
        wrapped("traded_once"),
        'seam "desk.traded-once", legacy',
        "partialmethod",
    ),
    "an object in place of a class": (wrapped("trade", Desk()), "wrap()", "allowed: a class"),
    "a candidate without the object": (
        wrapped("trade", candidate=same),
        'seam "desk.trade", candidate',
        "needed: what legacy takes, .self, n",
    ),
    "a predicate that is a number": (predicate(5), 'invariant of seam "s"', "was 5, allowed: a function"),
    "a predicate that is awaited": (predicate(awaited), 'invariant of seam "s"', "coroutine function"),
    "a predicate that is a stream": (predicate(stream), 'invariant of seam "s"', "generator function"),
    "a predicate of two": (predicate(of_two), 'invariant of seam "s"', "needed: a function of .observation"),
    "a mode that there is not": (program(mode="process"), "Migration", "mode was .*inline, background"),
    "a mode that is a number": (program(mode=5), "Migration", "mode was 5, allowed: inline, background"),
    "a lingering text": (program(linger_s="1"), "Migration", "linger_s was '1', allowed: seconds from 0"),
    "a lingering of less than nothing": (program(linger_s=-1), "Migration", "linger_s was -1, allowed"),
    "a lingering without end": (program(linger_s=float("inf")), "Migration", "linger_s was inf, allowed"),
    "a refreshing text": (program(refresh_s="1"), "Migration", "refresh_s was '1', allowed: seconds"),
    "no refreshing": (program(refresh_s=None), "Migration", "refresh_s was None, allowed"),
    "a world that there is not": (
        program(world="moon"),
        "Migration",
        "world was 'moon', allowed: tape",
    ),
    "a program's sample": (program(sample="1"), "Migration", "sample was '1', allowed"),
    "a sink that is a number": (program(sink=5), "Migration", "sink was 5, allowed: a function of .run"),
    "a judge of nothing": (program(judge=nothing), "Migration", "judge takes .*needed: a function of .facts"),
    "limits that are a number": (program(limits=5), "Migration", "limits was 5, allowed: Limits"),
    "a limit that is a text": (program(limits=Limits(port_calls_max="9")), "Migration", "port_calls_max was"),  # type: ignore[arg-type]
    "an alert that is a number": (program(alerts=[5]), "Migration", "alerts was 5, allowed: a function of"),
    "a keeping text": (program(keep="no"), "Migration", "keep was 'no', allowed: True or False"),
    "a plan that is a name": (program(plan="phases.toml"), "Migration", "plan was .*Migration.load"),
    "a folder that is a number": (program(directory=5), "Migration", "directory was 5, allowed: a path"),
    "an option that no program has": (program(mod="inline"), "Migration", 'did you mean "mode"'),
    "an environment that is a number": (program(environment=5), "Migration", "environment was 5, allowed"),
    "a port method that is not there": (port(effects={"submt"}), BROKER, 'did you mean "submit"'),
    "port methods as one text": (port(effects="submit"), BROKER, "effects: was 'submit', allowed: names"),
    "port methods as a number": (port(reads=5), BROKER, "reads: was 5, allowed: names of methods"),
    "a port method that is a function": (port(effects=[Broker.submit]), BROKER, "is no text, allowed: names"),
    "a port method that is a value": (port(reads={"limit"}), BROKER, "'limit' is 5, allowed: a method"),
    "a port method that is a stream": (port(reads={"stream"}), BROKER, "'stream' is a generator.*a list"),
    "a port method that opens a context": (port(effects={"opened"}), BROKER, "opens a context.*as fixed"),
    "a port key of nothing": (port(reads={"price": nothing}), BROKER, "needed: a function of .symbol"),
    "a port key that is awaited": (port(reads={"price": awaited}), BROKER, "coroutine function.*write def"),
    "a port key that is a text": (port(reads={"price": "s"}), BROKER, "key of 'price' was 's', allowed"),
    "unaffected as one text": (
        port(reads={"price"}, unaffected="price"),
        BROKER,
        "was 'price', allowed: names",
    ),
    "unaffected that is no read": (port(reads={"price"}, unaffected={"prise"}), BROKER, 'mean "price"'),
    "a copy of nothing": (port(world=nothing), BROKER, "world takes .*needed: a function of .target"),
    "a port of nothing": (port(target=None), BROKER, "was None, allowed: a class, a module or an object"),
    "a port with a point": (port("a.b"), "port()", "the name was 'a.b', allowed: one word"),
    "a build that is a number": (lambda _: fresh(5), "fresh()", "build was 5, allowed: a function of .ports"),  # type: ignore[arg-type]
    "a build of nothing": (lambda _: fresh(nothing), "fresh()", "build takes .*needed: a function of .ports"),  # type: ignore[arg-type]
    "a build that is awaited": (lambda _: fresh(awaited), "fresh()", "build is a coroutine function"),  # type: ignore[arg-type]
    "a build that is a stream": (lambda _: fresh(stream), "fresh()", "build is a generator function"),  # type: ignore[arg-type]
    "a path that answers and is a number": (
        lambda _: fresh(lambda ports: same, answering=5),  # type: ignore[arg-type]
        "fresh()",
        "answering was 5, allowed: a function",
    ),
}


@pytest.mark.parametrize(("written", "where", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_work_is_refused_where_it_is_written(
    written: Callable[[Migration], object], where: str, sentence: str
) -> None:
    with pytest.raises(DeclarationError, match=sentence) as refused:
        written(Migration(environment={}, refresh_s=0))
    assert refused.value.where == where


def test_a_candidate_alone_answers_where_it_stands_above_no_function() -> None:
    migration = Migration(environment={})

    @migration.seam(
        "above",
        candidate=same,
    )
    def above(number: int) -> int:
        return -number

    assert above(7) == -7
    assert migration.seam("gone", candidate=same)(7) == 7  # type: ignore[arg-type, comparison-overlap]
    assert migration.seam("said", legacy=None, candidate=same)(7) == 7
