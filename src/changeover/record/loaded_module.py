"""The module that a declaration stands in: loaded again, it declares everything once more."""

from __future__ import annotations

import sys
from types import CodeType
from typing import NamedTuple


class LoadedModule(NamedTuple):
    """One time that a module was loaded; `code` is another object each time."""

    name: str
    file: str
    code: CodeType

    def is_again(self, before: LoadedModule | None) -> bool:
        """Whether it is the module that declared this before, loaded again since."""
        return before is not None and self[:2] == before[:2] and self.code is not before.code


def module_loaded_here() -> LoadedModule:
    """The module whose loading makes the present declaration; the program's first one where none does."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    return LoadedModule(str(frame.f_globals.get("__name__")), frame.f_code.co_filename, frame.f_code)
