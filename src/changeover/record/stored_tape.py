"""A tape as files have it: its calls, what the path drew and reckoned with, and what it left behind.

When calls were made stands there as ranks, as ticks of a process mean nothing elsewhere. A tape of calls that
were made one after the other has none of it.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable
from typing import Any

from changeover.errors import ConfigurationError
from changeover.record.codec import Codec
from changeover.record.port import PortBook
from changeover.record.port_object import PortObject
from changeover.record.scripts import Scripts
from changeover.record.tape import Entry, Tape, near
from changeover.record.work_branch import NEVER
from changeover.values.observation import During, Outcome, Raised, Returned, Side, Step
from changeover.values.toml_table import Table

_USUAL_DECIMALS = (decimal.DefaultContext.prec, decimal.DefaultContext.rounding)
Encode = Callable[[Any, str], Any]
"""How a value becomes data; raises CodecError naming a place, and TookTooLong."""


def add_tape(data: dict[str, Any], tape: Tape, encode: Encode) -> None:
    """Add to a run, whose calls are there, what is to be known of its tape besides."""
    if tape.scripts is not None:
        _add_scripts(data, tape.scripts, encode)
    if tape.random_states:
        data["random"] = encode(tape.random_states, "the state of random numbers")
    if tape.supplements:
        data["supplements"] = tape.supplements
    moments, late_from = _moments_of(tape)
    if moments:
        for call, moment in zip(data["calls"], moments, strict=False):
            call["during"] = moment
    if late_from is not None:
        data["late_from"] = late_from
    decimals = tape.decimals
    if decimals is not None and (decimals.prec, decimals.rounding) != _USUAL_DECIMALS:
        data["decimals"] = [decimals.prec, decimals.rounding]
    if tape.left_out:
        data["left_out"] = tape.left_out
    for name, work in (("unfinished", tape.unfinished), ("handed_over", tape.handed_over)):
        if work:
            data[name] = (*dict.fromkeys(work),)  # two tasks of one function have one name


def _add_scripts(data: dict[str, Any], scripts: Scripts, encode: Encode) -> None:
    by_side = scripts.by_side()
    if by_side:
        data["scripts"] = {
            side: {pack: encode(script, f"what {pack} keeps") for pack, script in packs.items()}
            for side, packs in by_side.items()
        }
    elif scripts.problem:
        data["no_scripts"] = scripts.problem


def read_tape(top: Table, codec: Codec, book: PortBook) -> Tape:
    """The inverse; raises CodecError, or ConfigurationError where the program changed since."""
    calls = _Calls(codec, book)
    entries = [calls.read(call) for call in top.tables("calls")]
    for entry in entries:
        entry.site = None if entry.site is None else near(entry.site)
    tape = Tape(entries, is_stored=True)
    tape.supplements, tape.late_from = top.whole("supplements", 0), top.whole("late_from", NEVER)
    tape.unfinished, tape.handed_over = top.texts("unfinished"), top.texts("handed_over")
    tape.decimals, tape.left_out = _decimals(top), top.texts("left_out")
    tape.scripts = _scripts(top, codec)
    if top.has("random"):
        states = codec.decode(top.raw("random"), "the state of random numbers")
        if not isinstance(states, dict):
            raise top.error("random", "was no table")
        tape.random_states = states
    return tape


def _scripts(top: Table, codec: Codec) -> Scripts | None:
    problem, table = top.text("no_scripts", ""), top.table("scripts")
    if table is None:
        return Scripts(Side(top.text("answered_by", among=list(Side))), problem=problem) if problem else None
    kept: dict[Side, dict[str, Any]] = {}
    for side in Side:
        packs = table.table(side)
        if packs is not None:
            kept[side] = {pack: codec.decode(data, f"what {pack} keeps") for pack, data in packs.items()}
    table.done()
    return Scripts(Side(top.text("answered_by", among=list(Side))), kept)


def _decimals(top: Table) -> decimal.Context | None:
    match top.raw("decimals"):
        case None:
            return None
        case [int(precision), str(rounding)]:
            return decimal.Context(prec=precision, rounding=rounding)
        case other:
            raise top.error("decimals", f"was {other!r}, allowed: precision and rounding")


class _Calls:
    """Reads the calls of one tape; objects that called themselves alike are one there."""

    def __init__(self, codec: Codec, book: PortBook) -> None:
        self._codec, self._book = codec, book
        self._objects: dict[tuple[tuple[str, str], ...], PortObject] = {}

    def read(self, table: Table) -> Entry:
        """One call; raises CodecError, or ConfigurationError where the program has no such method."""
        codec = self._codec
        port_name, method_name = table.text("port"), table.text("method")
        port = self._book.ports.get(port_name)
        method = None if port is None else port.methods.get(method_name)
        if method is None:
            raise table.error("method", f"{port_name}.{method_name} is no method of a port of this program")
        args = codec.decode(table.raw("args", []), f"{method.full_name} args")
        kwargs = codec.decode(table.raw("kwargs", {}), f"{method.full_name} kwargs")
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise table.error("args", "are no list, or kwargs no table")
        left = codec.decode(table.raw("left"), f"{method.full_name} left") if table.has("left") else None
        if left is not None and [*map(type, left)] != [list, dict]:
            raise table.error("left", "was no pair of a list and a table")
        outcome = read_outcome(table, codec, method.full_name)
        digest = table.text("digest", None)
        if outcome is None and digest is None:
            raise table.error("returned", "is missing, needed: returned, raised or digest")
        site = table.raw("site")
        if site is not None and (not isinstance(site, list) or [type(part) for part in site] != [str, int]):
            raise table.error("site", f"was {site!r}, allowed: file and line")
        during = table.raw("during")
        owner = self._object(table)
        if table.flag("awaited"):  # where nothing but a call says that its answer is to be awaited
            method.hook.gives_coroutine = True
        table.done()
        entry = Entry(
            method, tuple(args), kwargs, outcome, None if site is None else (site[0], site[1]), digest
        )
        entry.left = None if left is None else (tuple(left[0]), left[1])
        entry.during = None if during is None else _read_moment(during)
        entry.owner = owner
        return entry

    def _object(self, table: Table) -> PortObject | None:
        if not table.has("object"):
            return None
        texts = table.raw("object")
        if not isinstance(texts, dict) or {*map(type, texts.values())} - {str}:
            raise table.error("object", f"was {texts!r}, allowed: texts by name")
        return self._objects.setdefault(tuple(sorted(texts.items())), PortObject(object(), texts))


def read_outcome(table: Table, codec: Codec, place: str) -> Outcome | None:
    """How a call ended, None where the table does not say."""
    if table.has("raised"):
        error = codec.decode(table.raw("raised"), f"{place} raised")
        if not isinstance(error, BaseException):
            raise table.error("raised", "was no exception")
        return Raised(error)
    if table.has("returned"):
        return Returned(codec.decode(table.raw("returned"), f"{place} returned"))
    return None


def _moments_of(tape: Tape) -> tuple[list[Any], int | None]:
    """The moments of each call, and the first after the answer; nothing where calls came one by one."""
    if not tape.is_concurrent:
        return [], None
    during = [tape.during(entry) for entry in tape.entries]
    ticks = {tick for one in during for tick in _ticks(one)}
    if tape.has_late:
        ticks.add(tape.late_from)
    rank = {tick: number for number, tick in enumerate(sorted(ticks))}
    written = [
        [
            rank[one.began],
            rank[one.ended],
            [[step.name, rank[step.began], rank[step.ended]] for step in one.lane],
        ]
        for one in during
    ]
    return written, rank[tape.late_from] if tape.has_late else None


def _ticks(during: During) -> list[int]:
    return [during.began, during.ended, *(tick for step in during.lane for tick in (step.began, step.ended))]


def _read_moment(data: Any) -> During:
    """The inverse for one call; raises ConfigurationError."""
    match data:
        case [int(began), int(ended), [*steps]]:
            return During(began, ended, tuple(map(_read_step, steps)))
    raise ConfigurationError("during", f"was {data!r}, allowed: begin, end and steps")


def _read_step(data: Any) -> Step:
    match data:
        case [str(name), int(began), int(ended)]:
            return Step(name, began, ended)
    raise ConfigurationError("during", f"was {data!r}, allowed: a name, begin and end")
