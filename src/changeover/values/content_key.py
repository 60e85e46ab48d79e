"""Values as keys: a hashable form to look them up by, a digest, and whether two have the same content."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from decimal import Decimal
from hashlib import sha256
from typing import Any

from changeover.values.copying import field_names, kind_of

_SCALARS = (str, bytes, int, float, complex, bool, type(None))
DEPTH_MAX = 100


def frozen(value: Any, depth: int = 0) -> Any:
    """A hashable value that is equal for equal values: list and tuple alike, objects by type and fields.

    An object without readable fields is its own key; deeper than DEPTH_MAX raises ValueError.
    """
    cls = type(value)
    if cls in _SCALARS and (cls is not float or math.isfinite(value)):
        return value
    if _is_odd(value):
        return (cls.__name__, str(value))
    if depth > DEPTH_MAX:
        raise ValueError(f"a key is nested deeper than {DEPTH_MAX} levels")
    if isinstance(value, list | tuple):
        return ("[]", *(frozen(item, depth + 1) for item in value))
    if isinstance(value, Mapping):
        return (
            "{}",
            frozenset((frozen(key, depth + 1), frozen(item, depth + 1)) for key, item in value.items()),
        )
    if isinstance(value, Set):
        return ("set", frozenset(frozen(item, depth + 1) for item in value))
    if isinstance(value, BaseException):
        return (cls.__qualname__, frozen(value.args, depth + 1), frozen(vars(value), depth + 1))
    names = None if kind_of(cls) == "shared" else field_names(value)
    if names is not None:
        return (cls.__qualname__, *((name, frozen(getattr(value, name, None), depth + 1)) for name in names))
    try:
        hash(value)
    except TypeError:
        return (cls.__qualname__, repr(value))
    return value


def _is_odd(value: Any) -> bool:
    """Infinite, or NaN: the one differs from itself, and the signalling kind cannot even be hashed."""
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, Decimal) and not value.is_finite()


def same_content(one: Any, other: Any) -> bool:
    """Whether two values have the same types and contents; NaN equals NaN, identity does not matter."""
    return one is other or _typed(one) == _typed(other)


def _typed(value: Any, depth: int = 0) -> Any:
    if depth > DEPTH_MAX:
        raise ValueError(f"a value is nested deeper than {DEPTH_MAX} levels")
    cls = type(value)
    if _is_odd(value):
        return (cls, str(value))
    if isinstance(value, list | tuple):
        return (cls, [_typed(item, depth + 1) for item in value])
    if isinstance(value, Mapping):
        return (cls, {frozen(key): _typed(item, depth + 1) for key, item in value.items()})
    if isinstance(value, Set):
        return (cls, frozenset(frozen(item) for item in value))
    if isinstance(value, BaseException):
        return (cls, _typed(value.args, depth + 1), _typed(vars(value), depth + 1))
    names = None if kind_of(cls) == "shared" else field_names(value)
    if names is not None:
        return (cls, [(name, _typed(getattr(value, name, None), depth + 1)) for name in names])
    return (cls, value)


def text_digest(value: Any) -> str:
    """The digest of how a value prints itself: for large answers whose classes print their contents."""
    return sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def digest(value: Any) -> str:
    """Sixteen hexadecimal digits that equal values share, in every process."""
    return sha256(_canonical(frozen(value)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _canonical(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ",".join(map(_canonical, value)) + ")"
    if isinstance(value, frozenset):
        return "{" + ",".join(sorted(map(_canonical, value))) + "}"
    if getattr(type(value), "__repr__", None) is object.__repr__ or callable(
        value
    ):  # its repr would name an address
        return getattr(value, "__qualname__", type(value).__qualname__)
    return repr(value)
