"""An object that is called in place of a function, such as a mock, stays that object for all else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_OWN = ("_asked_object", "_asks", "__changeover_hook__")
_ITSELF = ("__class__", "__reduce_ex__")


class AskedObject:
    """A call asks the hook; attributes, class, equality and text are those of the object behind it.

    `client.send = Mock()` is followed by `client.send.assert_called_once()`, which a function in its place
    could not answer.
    """

    __slots__ = (*_OWN, "__weakref__")

    def __init__(self, value: Any, asks: Callable[..., Any], hook: object) -> None:
        for name, own in zip(_OWN, (value, asks, hook), strict=True):
            object.__setattr__(self, name, own)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the hook makes of the call."""
        asks: Callable[..., Any] = object.__getattribute__(self, "_asks")
        return asks(*args, **kwargs)

    @property
    def __class__(self) -> Any:
        """That of the object, for whoever asks `isinstance`."""
        return type(behind(self))

    @__class__.setter
    def __class__(self, kind: Any) -> None:
        behind(self).__class__ = kind

    def __getattribute__(self, name: str) -> Any:
        if name in _OWN or name in _ITSELF:
            return object.__getattribute__(self, name)
        return getattr(object.__getattribute__(self, "_asked_object"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(behind(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(behind(self), name)

    def __eq__(self, other: object) -> bool:
        return bool(behind(self) == (behind(other) if type(other) is AskedObject else other))

    def __hash__(self) -> int:
        return hash(behind(self))

    def __repr__(self) -> str:
        return repr(behind(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Copied and pickled it is the object, which asks no hook."""
        return _plain, (behind(self),)

    def __dir__(self) -> list[str]:
        return dir(behind(self))


def behind(asked: AskedObject) -> Any:
    """The object that stands behind it."""
    return object.__getattribute__(asked, "_asked_object")


def _plain(value: Any) -> Any:
    return value
