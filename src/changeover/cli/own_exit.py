"""The exit code of a command is its own, also where the program ends the process past every handler."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from changeover.cli.written_out import standard_error
from changeover.errors import ExitCode


@contextmanager
def exit_code_is_ours() -> Iterator[None]:
    """Let `os._exit` of the program end the command without an answer; children end as they ask to."""
    command, original = os.getpid(), os._exit

    def leave(status: int) -> NoReturn:
        if os.getpid() == command:
            with suppress(BaseException):
                said = f"the program asked for the end of the process (os._exit({status})): no answer"
                print(f"changeover: {said}", file=standard_error(), flush=True)
            status = ExitCode.INCONCLUSIVE
        original(status)

    os._exit = leave
    try:
        yield
    finally:
        if os._exit is leave:
            os._exit = original
