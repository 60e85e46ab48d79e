"""Spools as tests fill and read them."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

from changeover.spool.folder import Claim, SpoolFolder
from changeover.spool.frame import FrameKind
from changeover.spool.writer import SpoolWriter
from tests.programs.process import run_python


def append(writer: SpoolWriter, *texts: str) -> list[bool]:
    """Whether each of these verdicts was appended."""
    return [writer.append(FrameKind.VERDICT, text.encode()) for text in texts]


def read(folder: Path, *, finish: bool = False) -> list[str]:
    """What nobody has done yet, of all processes; it is done then."""
    texts = []
    for claim in SpoolFolder(folder).claims():
        texts += take(claim)
        if finish:
            claim.finish()
    return texts


def take(claim: Claim) -> list[str]:
    """What is unread in one spool; it is done then."""
    texts = []
    for frame in claim.frames():
        texts.append(frame.payload.decode())
        claim.done(frame)
    return texts


def lost(folder: Path) -> int:
    """How many runs are lost for good, once all that is there is done."""
    total = 0
    for claim in SpoolFolder(folder).claims():
        take(claim)
        total += claim.lost
    return total


def in_a_process(folder: Path, program: str, *, ended: Callable[[int], bool] = lambda code: True) -> None:
    """Run a program that has `writer`, `say(*texts)`, `os`, `sys` and `signal`, to its end."""
    begin = f"""
        import os, signal, sys
        from pathlib import Path
        from changeover.spool.frame import FrameKind
        from changeover.spool.writer import SpoolWriter
        from tests.changeover.support.spools import append
        writer = SpoolWriter(Path({str(folder)!r}))
        say = lambda *texts: append(writer, *texts)
    """
    done = run_python(["-c", dedent(begin) + dedent(program)], stdout=None, stderr=None, timeout=60)
    assert ended(done.returncode), done.returncode
