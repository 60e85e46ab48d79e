"""The flow of one call through a seam: pins, the answering path, and then what is compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import copy_context
from inspect import iscoroutinefunction
from time import perf_counter
from typing import TYPE_CHECKING, Any

from changeover.errors import LegacyRemovedError
from changeover.record.context import SESSION
from changeover.replay.fresh_path import Fresh
from changeover.replay.runner import completed, threaded
from changeover.rollout.test_override import imposed
from changeover.seam.experiment import SAMPLED_OUT, Crossing, sampled_out
from changeover.values.observation import Side
from changeover.values.outcome import Outcome, Raised, Returned
from changeover.values.pins import Pins
from changeover.values.stage import BUCKETS, Stage, bucket

if TYPE_CHECKING:
    from changeover.seam.seam import Seam


def sync_path(seam: Seam, path: Callable[..., Any] | Fresh[..., Any]) -> Callable[..., Any]:
    """A path that answers, as a plain function."""
    function = _live(seam, path)
    if not iscoroutinefunction(function):
        return function

    def complete(*args: Any, **kwargs: Any) -> Any:
        return completed(lambda: function(*args, **kwargs), copy_context()).give()

    return complete


def async_path(seam: Seam, path: Callable[..., Any] | Fresh[..., Any]) -> Callable[..., Awaitable[Any]]:
    """A path that answers, as a coroutine function."""
    function = _live(seam, path)
    if iscoroutinefunction(function):
        return function

    async def in_thread(*args: Any, **kwargs: Any) -> Any:
        return await threaded(lambda: function(*args, **kwargs))

    return in_thread


def _live(seam: Seam, path: Callable[..., Any] | Fresh[..., Any]) -> Callable[..., Any]:
    if not isinstance(path, Fresh):
        return path
    session = SESSION.get()
    replay = getattr(session, "replay", None)  # inside a replayed path: of the replay that is under way
    return path.real(seam.home.book) if replay is None else path.replayed_inside(seam.home.book, replay)


def plan(seam: Seam, pins: Pins) -> tuple[Callable[..., Any] | Fresh[..., Any], Side, bool]:
    """The path that answers, which side it is, and whether the run is compared."""
    answering, shadowed, compared = pins.roles(seam.phase)
    path = seam.path_of(answering)
    if path is None:
        path, answering, compared = _the_only_path(seam, answering)
    elif shadowed is not None and seam.path_of(shadowed) is None:
        seam.home.note(f"seam {seam.name!r} has no {shadowed} path: nothing is compared")
        compared = False
    elif compared and pins.key is None and pins.setting(seam.phase).stage is Stage.RAMP:
        seam.home.note(f"phase {seam.phase!r} ramps and a run has no key (key=): legacy answers it")
    session = SESSION.get()
    return path, answering, compared and not (session is not None and session.replaying)


def _the_only_path(seam: Seam, wanted: Side) -> tuple[Any, Side, bool]:
    other = seam.path_of(wanted.other)
    if other is None:
        raise LegacyRemovedError(f"seam {seam.name!r} has neither path")
    seam.home.note(f"seam {seam.name!r} has no {wanted} path: {wanted.other} answers")
    return other, wanted.other, False


def sampled(seam: Seam, pins: Pins) -> bool:
    """Whether this run is among those that are compared; in a test session all are."""
    share = seam.sample
    return (
        share >= 1.0
        or imposed() is not None
        or bucket(f"sample {seam.phase}", pins.correlation_id) < share * BUCKETS
    )


def cross(seam: Seam, pins: Pins, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer one call whose run is pinned, and compare it."""
    path, answering, compared = plan(seam, pins)
    if not compared:
        return sync_path(seam, path)(*args, **kwargs)
    if not seam.fallback and not sampled(seam, pins):
        sampled_out(seam, pins, answering)
        return sync_path(seam, path)(*args, **kwargs)
    crossing = Crossing(seam, pins, answering, args, kwargs)
    outcome = _answered(crossing, sync_path(seam, path), args, kwargs)
    if _falls_back(seam, crossing, pins, outcome):
        crossing, fallen = Crossing(seam, pins, Side.LEGACY, args, kwargs), crossing
        outcome = _answered(crossing, sync_path(seam, seam.path_of(Side.LEGACY) or path), args, kwargs)
        crossing.fallen_from(fallen)
    for job in _due(seam, crossing, pins):
        seam.home.dispatch(job)
    return outcome.give()


async def cross_async(seam: Seam, pins: Pins, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer one call of an async seam whose run is pinned, and compare it."""
    path, answering, compared = plan(seam, pins)
    if not compared:
        return await async_path(seam, path)(*args, **kwargs)
    if not seam.fallback and not sampled(seam, pins):
        sampled_out(seam, pins, answering)
        return await async_path(seam, path)(*args, **kwargs)
    crossing = Crossing(seam, pins, answering, args, kwargs)
    outcome = await _answered_async(crossing, async_path(seam, path), args, kwargs)
    if _falls_back(seam, crossing, pins, outcome):
        crossing, fallen = Crossing(seam, pins, Side.LEGACY, args, kwargs), crossing
        legacy = async_path(seam, seam.path_of(Side.LEGACY) or path)
        outcome = await _answered_async(crossing, legacy, args, kwargs)
        crossing.fallen_from(fallen)
    for job in _due(seam, crossing, pins):
        await seam.home.dispatch_async(job)
    return outcome.give()


def _answered(
    crossing: Crossing, path: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Outcome:
    token = SESSION.set(crossing.recorder)
    began = perf_counter()
    try:
        outcome: Outcome = Returned(path(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001  raised again when everything is kept
        outcome = Raised(error)
    finally:
        SESSION.reset(token)
    crossing.ended(outcome, perf_counter() - began)
    return outcome


async def _answered_async(
    crossing: Crossing, path: Callable[..., Awaitable[Any]], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Outcome:
    token = SESSION.set(crossing.recorder)
    began = perf_counter()
    try:
        outcome: Outcome = Returned(await path(*args, **kwargs))
    except BaseException as error:  # noqa: BLE001  raised again when everything is kept
        outcome = Raised(error)
    finally:
        SESSION.reset(token)
    crossing.ended(outcome, perf_counter() - began)
    return outcome


def _falls_back(seam: Seam, crossing: Crossing, pins: Pins, outcome: Outcome) -> bool:
    """Whether the candidate gave up in `live` before it attempted or changed anything."""
    return (
        seam.fallback
        and crossing.answering is Side.CANDIDATE
        and pins.setting(seam.phase).stage is Stage.LIVE
        and isinstance(outcome, Raised)
        and isinstance(outcome.error, Exception)
        and not crossing.recorder.attempted
        and not crossing.mutated
        and seam.path_of(Side.LEGACY) is not None
    )


def _due(seam: Seam, crossing: Crossing, pins: Pins) -> list[Crossing]:
    """What may be replayed now: nothing, while a run around this one has still to answer."""
    jobs: list[Crossing] = [*crossing.recorder.deferred, crossing]
    if crossing.interrupted:
        for job in jobs:
            job.drop("interrupted")
        return []
    if not crossing.fell_back and not sampled(seam, pins):
        jobs.pop().drop(SAMPLED_OUT)
    if crossing.outer is None:
        return jobs
    crossing.outer.deferred.extend(jobs)
    return []
