"""A path inside of one that is followed: the files that it reaches are those of the run around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.files.answering_path import AnsweringPath
from changeover.packs.files.file_calls import FileCall

WITHIN = "the files of a seam inside another one are those of the run around it"


class PathWithin:
    """Hands on to the follower around it whatever it is asked; a run that reaches a file cannot be compared.

    Args:
        name: of the pack.
        session: of the path.
        around: who follows the path around it.
    """

    def __init__(self, name: str, session: Any, around: AnsweringPath | PathWithin) -> None:
        self._name = name
        self._session = session
        self._around = around

    def __getattr__(self, name: str) -> Any:
        return getattr(self._around, name)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Nothing is to be done."""
        return args, kwargs

    def end(self) -> None:
        """Nothing is to be done."""

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Nothing is to be done."""
        return args, kwargs

    async def end_async(self) -> None:
        """Nothing is to be done."""

    def call(self, call: FileCall, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """A function that names places."""
        return self._noting(lambda: self._around.call(call, original, args, kwargs))

    def open(self, original: Callable[..., Any], file: Any, mode: Any, args: Any, kwargs: Any) -> Any:
        """A file is opened."""
        return self._noting(lambda: self._around.open(original, file, mode, args, kwargs))

    def open_descriptor(
        self, original: Callable[..., Any], path: Any, flags: int, args: Any, kwargs: Any
    ) -> Any:
        """The same by `os.open`."""
        return self._noting(lambda: self._around.open_descriptor(original, path, flags, args, kwargs))

    def on_descriptor(self, original: Callable[..., Any], descriptor: Any, args: Any, kwargs: Any) -> Any:
        """Something is done to a file that is open."""
        self._reaches()
        return self._around.on_descriptor(original, descriptor, args, kwargs)

    def temporary_name(self, real: Callable[[], str]) -> str:
        """`tempfile` is about to make something."""
        self._reaches()
        return self._around.temporary_name(real)

    def _noting(self, ask: Callable[[], Any]) -> Any:
        before = self._around.touched
        try:
            return ask()
        finally:
            if self._around.touched != before:
                self._reaches()

    def _reaches(self) -> None:
        self._session.cannot_follow(self._name, WITHIN)
