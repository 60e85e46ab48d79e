"""One path on the tape of one recorded run, in a process that was made for replays."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from threading import active_count
from typing import Any

from changeover.evidence.program_interface import Program
from changeover.record.call_inputs import OBJECT
from changeover.record.codec import Codec, CodecError
from changeover.record.context import Args
from changeover.record.recorded_run import RecordedRun, written
from changeover.record.recorded_run_reading import read_recorded
from changeover.record.replay_problems import ReplayProblem, ReplayProblems
from changeover.replay.runner import OwnerIs, ReplayTask
from changeover.seam.seam import Seam
from changeover.values.error_text import class_and_message
from changeover.values.observation import Side
from changeover.values.pins import resumed

ProblemData = list[Any]


def answer_to(program: Program, codec: Codec, side: Side, payload: bytes) -> tuple[dict[str, Any], bytes]:
    """What the path left behind, as it is sent back: the problems of the replay, and the replay as a run.

    Where it cannot be replayed, or what it left cannot be written down, the head says why (`failed`).
    """
    try:
        run = read_recorded(payload, codec, program.runtime.book)
        seam = program.seams.get(run.passage.seam)
        if seam is None:
            return _failed(f"the program has no seam {run.passage.seam!r}")
        made, problems = replayed(program, seam, run, side)
        return _said(problems), written(made, codec)
    except CodecError as error:
        return _failed(f"cannot be written down, or read back: {error}")
    except MemoryError:
        return _failed("memory limit reached")
    except Exception as error:  # noqa: BLE001  one run must not end the rest; owner= is the app's own code
        return _failed(class_and_message(error))


def _failed(why: str) -> tuple[dict[str, Any], bytes]:
    return {"failed": why}, b""


def _said(problems: ReplayProblems) -> dict[str, Any]:
    listed = [[str(one.kind), one.place, one.detail, one.position, one.asked_at] for one in problems.all]
    return {"problems": listed, "left_out": problems.left_out, "goes_on": active_count() > 1}


def read_problem(data: ProblemData) -> ReplayProblem:
    """A problem of a replay again; raises ValueError for what is none."""
    from changeover.record.replay_problems import ProblemKind

    match data:
        case [str(kind), str(place), str(detail), int(position), (None | str()) as asked_at]:
            return ReplayProblem(ProblemKind(kind), place, detail, position, asked_at)
    raise ValueError(f"{data!r} is no problem of a replay")


def replayed(
    program: Program, seam: Seam, run: RecordedRun, side: Side, *, path_of: Side | None = None
) -> tuple[RecordedRun, ReplayProblems]:
    """What the path did, as a run whose only argument is the object of a method that either path changed.

    `path_of` names the side whose path takes the place of that of `side`.
    """
    path = seam.paths.get(path_of or side)
    if path is None:
        raise LookupError(f"the seam has no {path_of or side} path")
    passage, book = run.passage, program.runtime.book
    with resumed(passage.pins, program.runtime), _owner(seam, run) as owner:
        task = ReplayTask(
            side=side,
            path=path,
            view=seam.views.get(path_of or side),
            owner=owner,
            owner_is=OwnerIs.SHARED if seam.shared_self else OwnerIs.COPIED,
            named=seam.named[len(owner)],
            seam=seam.name,
            args=run.args,
            kwargs=run.kwargs,
            tape=run.tape,
            book=book,
            seed=passage.pins.correlation_id,
            limits=program.runtime.limits,
            context=copy_context(),
            decimals=run.tape.decimals or decimal.Context(),
            apart=True,
            loop_goes_on=seam.is_async,
            is_awaited=seam.is_async,
            inside_loop=run.inside_loop,
        )
        pending = task.start()
        pending.wait()
        replayed = pending.closed()
        made = run._replace(
            args=owner if OBJECT in pending.changed or OBJECT in run.changed else (),
            kwargs={},
            tape=pending.replay.made,
            outcome=pending.outcome,
            own_time_s=pending.own_time_s,
            changed=pending.changed,
            logged=replayed.observation.logged,
            inside_loop=False,
            events=replayed.observation.events,
        )
        return made, replayed.problems


@contextmanager
def _owner(seam: Seam, run: RecordedRun) -> Iterator[Args]:
    """The object of a method, made anew for this replay."""
    if not seam.owners or seam.owner_of is None:
        yield ()
        return
    arguments = seam.named[1](run.args, run.kwargs)
    made = seam.owner_of(run.scenario(arguments))
    with made if isinstance(made, AbstractContextManager) else nullcontext(made) as owner:
        yield (owner,)
