"""Where an exception was raised: the innermost line of its traceback outside the toolkit."""

from __future__ import annotations

from changeover.record.tape import site_text

FRAMES_MAX = 1_000
_TOOLKIT = "changeover."


def line_that_raised(error: BaseException) -> str | None:
    """File and line as people write them; None for an exception that was not raised by the program."""
    site = None
    step = error.__traceback__
    for _ in range(FRAMES_MAX):
        if step is None:
            break
        name = step.tb_frame.f_globals.get("__name__", "")
        if not (type(name) is str and name.startswith(_TOOLKIT)):
            site = (step.tb_frame.f_code.co_filename, step.tb_lineno)
        step = step.tb_next
    return site_text(site)
