"""The function that stands in a seam's place: who answers a call, and whether it is compared."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from inspect import signature
from types import FunctionType
from typing import Any, NamedTuple

from changeover.errors import DeclarationError, LegacyRemovedError
from changeover.record.callable_kind import is_awaited
from changeover.record.context import CODE_OF_SEAMS, Args, Kwargs, current_session
from changeover.record.port import PortBook
from changeover.record.propagation import NOT_CARRIED, POOLS, carry_into_pools
from changeover.replay.fresh_path import Fresh
from changeover.seam.comparison_steps import completed_now
from changeover.seam.experiment import ASYNC, SYNC, experiment, is_sampled, sampled_out, too_deep
from changeover.seam.recording import Call
from changeover.seam.seam import PathFunction, Seam
from changeover.values.limits import SEAM_DEPTH_MAX
from changeover.values.observation import Side
from changeover.values.pins import PINNED, Pins, still_on
from changeover.values.stage import OFF, Stage


class Roles(NamedTuple):
    """Who answers one call, and whether the other path is replayed after it.

    `is_outermost` says that no run is around this one, and that its paths are called as they are; `is_plain`
    that the one that answers is no coroutine function.
    """

    answering: Side
    path: PathFunction
    compared: bool
    is_outermost: bool = False
    is_plain: bool = False


def seam_function(seam: Seam) -> Any:
    """The function that callers call."""
    if POOLS in NOT_CARRIED:
        carry_into_pools()
    pinned, session, phase, key = PINNED.get, current_session, seam.phase, seam.key
    runtime, current = seam.runtime, seam.runtime.current  # flags are the same in a comparison
    legacy, candidate = seam.paths.get(Side.LEGACY), seam.paths.get(Side.CANDIDATE)
    original = legacy if legacy is not None else candidate
    off, complete = Stage.OFF, Stage.COMPLETE
    # In these two stages one path answers alone; where path and seam are both sync it is called directly.
    legacy_alone = _plain(seam, legacy)
    candidate_alone = _plain(seam, candidate)

    def call(*args: Any, **kwargs: Any) -> Any:
        outer = pinned()
        if outer is not None:
            pins = outer.of(runtime)
            if pins is not None:
                if session() is None:  # few frames, for a seam that calls itself
                    stage = pins.settings.get(phase, OFF).stage
                    if stage is off and legacy_alone is not None:
                        return legacy_alone(*args, **kwargs)
                    if stage is complete and candidate_alone is not None:
                        return candidate_alone(*args, **kwargs)
                return _answer(seam, pins, args, kwargs)
        resolution = current()
        settings = resolution.settings
        pins = Pins(settings) if key is None else runtime.pins(seam.name, key, resolution, args, kwargs)
        pins.owner = runtime
        if outer is not None:
            pins.around = still_on(outer)
            _meet(runtime.book)
        try:
            PINNED.set(pins)
            stage = settings.get(phase, OFF).stage
            if stage is off and legacy_alone is not None:
                return legacy_alone(*args, **kwargs)
            if stage is complete and candidate_alone is not None:
                return candidate_alone(*args, **kwargs)
            return _answer(seam, pins, args, kwargs)
        finally:
            pins.ended = True
            PINNED.set(outer)

    async def call_async(*args: Any, **kwargs: Any) -> Any:
        outer = pinned()
        if outer is not None:
            pins = outer.of(runtime)
            if pins is not None:
                return await _answer_async(seam, pins, args, kwargs)
        pins = runtime.pins(seam.name, key, current(), args, kwargs)
        pins.owner, pins.around = runtime, still_on(outer)
        if outer is not None:
            _meet(runtime.book)
        try:
            PINNED.set(pins)
            return await _answer_async(seam, pins, args, kwargs)
        finally:
            pins.ended = True
            if pinned() is pins:  # whoever goes on with a coroutine elsewhere has another context
                PINNED.set(outer)

    def give_candidate(path: Any = None) -> Any:
        nonlocal candidate_alone
        if path is None:
            place = f'seam "{seam.name}", candidate'
            raise DeclarationError(place, "was given no path; write @NAME.candidate without parentheses")
        seam.add(Side.CANDIDATE, path)
        candidate_alone = _plain(seam, path)
        return path

    CODE_OF_SEAMS.add(call.__code__)
    made: Any = call_async if seam.is_async else call
    if original is not None and not isinstance(original, Fresh):
        made = wraps(original)(made)
        _give_attributes(made, original)
        _give_types(made, original)
    seam.method_object.seam_function = made
    made.seam = seam
    made.candidate = give_candidate
    return made


def name_beside(made: Any, original: Any) -> None:
    """Let a process pool find the seam function by its name, where the name of its function is taken.

    `price = migration.seam("price", legacy=old_price, ...)` leaves `old_price` what it is.
    """
    if type(original) is FunctionType and "<" not in original.__qualname__:
        for one in (original, made):  # which of them has the name is for the program to say
            setattr(one, _NAME, made)
        made.__qualname__ = f"{original.__qualname__}.{_NAME}"


_NAME = "changeover_seam"


def _give_attributes(made: Any, original: Any) -> None:
    """What hangs on the class of the path, rather than on itself: `cache_clear` of a cached function, say."""
    for name in dir(original):
        if not name.startswith("__") and not hasattr(made, name):
            with suppress(Exception):  # a property of the program may raise anything
                setattr(made, name, getattr(original, name))


def _give_types(made: Any, original: Any) -> None:
    """The types of the parameters, where the path names them by texts: frameworks that inject arguments look
    such names up where the function was made, and that is this module.
    """
    texts = getattr(original, "__annotations__", None) or {}
    if type(original) is not FunctionType or not any(type(one) is str for one in texts.values()):
        return
    with suppress(Exception):  # a name may be known later, or nowhere: then the texts stay
        made.__signature__ = signature(original, eval_str=True)


def _plain(seam: Seam, path: PathFunction | None) -> Callable[..., Any] | None:
    """The path where it can be called as it is, else None."""
    if path is None or isinstance(path, Fresh) or seam.is_async or is_awaited(path):
        return None
    return path


def _answer(seam: Seam, pins: Pins, args: Args, kwargs: Kwargs) -> Any:
    roles = _roles(seam, pins)
    if not roles.compared:
        path = _callable(seam, roles.path)
        return (
            path(*args, **kwargs)
            if type(path) is FunctionType and not is_awaited(path)
            else SYNC.call(path, args, kwargs)
        )
    return completed_now(experiment(_call(seam, pins, roles, args, kwargs), SYNC)).give()


async def _answer_async(seam: Seam, pins: Pins, args: Args, kwargs: Kwargs) -> Any:
    roles = _roles(seam, pins)
    if not roles.compared:
        return await ASYNC.call(_callable(seam, roles.path), args, kwargs)
    return (await experiment(_call(seam, pins, roles, args, kwargs), ASYNC)).give()


def _call(seam: Seam, pins: Pins, roles: Roles, args: Args, kwargs: Kwargs) -> Call:
    if roles.is_outermost:
        path: Any = roles.path
        return Call(seam, pins, roles.answering, path, args, kwargs, path, roles.is_plain)
    path = _callable(seam, roles.path)
    legacy = seam.paths.get(Side.LEGACY) if seam.fallback else None
    fallback = path if legacy is None else _callable(seam, legacy)
    return Call(seam, pins, roles.answering, path, args, kwargs, fallback)


def _meet(book: PortBook) -> None:
    """A run of another migration is on: what this seam does through its ports is done in that run as well."""
    around: PortBook | None = getattr(current_session(), "book", None)
    if around is not None:
        around.admit(book)


def _roles(seam: Seam, pins: Pins) -> Roles:
    """What the stage table says of this run, and what there is to carry it out with."""
    known, session = seam.known_roles, current_session()
    if known is not None and known[0] is pins.settings and session is None:
        roles: Roles = known[1]
        return roles
    found = _found_roles(seam, pins, session)
    if found.compared and seam.sample >= 1.0 and _is_plain(seam, pins):
        is_plain = not is_awaited(found.path)
        seam.known_roles = pins.settings, found._replace(is_outermost=True, is_plain=is_plain)
    return found


def _is_plain(seam: Seam, pins: Pins) -> bool:
    """Whether every run outside of others has the same roles by these settings; no path has to be built."""
    paths = seam.paths.values()
    has_both = len(paths) == 2 and not any(isinstance(path, Fresh) for path in paths)
    return has_both and not seam.fallback and pins.setting(seam.phase).stage is not Stage.RAMP


def _found_roles(seam: Seam, pins: Pins, session: Any) -> Roles:
    runtime = seam.runtime.active
    answering, replayed, compared = pins.roles(seam.phase)
    path = seam.paths.get(answering)
    if path is None:
        path, answering, compared = _the_only_path(seam, answering)
    elif replayed is not None and seam.paths.get(replayed) is None and runtime.on_itself is None:
        runtime.note(f"seam {seam.name!r} has no {replayed} path: nothing is compared", seam=seam.name)
        compared = False
    elif compared and pins.key is None and pins.setting(seam.phase).stage is Stage.RAMP:
        text = f"phase {seam.phase!r} ramps and a run has no key (key=): legacy answers it"
        runtime.note(text, phase=seam.phase, seam=seam.name)
    if compared and session is not None and session.replaying:
        compared = False
    if compared and getattr(session, "depth", 0) >= SEAM_DEPTH_MAX:
        too_deep(seam, pins, answering)
        compared = False
    if compared and not seam.fallback and not is_sampled(seam, pins):
        sampled_out(seam, pins, answering)
        compared = False
    return Roles(answering, path, compared)


def _the_only_path(seam: Seam, wanted: Side) -> tuple[PathFunction, Side, bool]:
    other = seam.paths.get(wanted.other)
    if other is None:
        raise LegacyRemovedError(f"seam {seam.name!r} has neither path")
    text = f"seam {seam.name!r} has no {wanted} path: {wanted.other} answers"
    seam.runtime.active.note(text, seam=seam.name)
    return other, wanted.other, False


def _callable(seam: Seam, path: PathFunction) -> Callable[..., Any]:
    """The path as it may answer; one that is built is built with real ports, or with those of the replay
    that is under way, and one with an object of its own acts on a copy there.
    """
    session = current_session()
    if session is None and not isinstance(path, Fresh):
        return path
    replay, book = getattr(session, "replay", None), seam.runtime.active.book
    if not isinstance(path, Fresh):
        return path if replay is None else seam.bound.inside(path, book)
    return path.real(book) if replay is None else path.replayed_inside(book, replay)
