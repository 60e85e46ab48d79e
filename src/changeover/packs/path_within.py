"""A path inside of one that is followed: what it changes belongs to the run around it."""

from __future__ import annotations

from typing import Any


class PathWithin:
    """Hands on to the follower around it whatever it is asked, but for a begin and an end of its own."""

    def __init__(self, around: Any) -> None:
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
