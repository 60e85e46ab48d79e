"""What a recorded call left changed in its arguments, written into those of the replayed call."""

from __future__ import annotations

import _random
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from io import BytesIO, StringIO
from random import Random
from typing import Any

from changeover.values.changed_since_copy import is_unchanged
from changeover.values.own_state import has_state, layout_base, own_state, set_state
from changeover.values.reading import Shape, reading_of

Given = Callable[[Any], Any]
_MISSING = object()


def _write_file(live: Any, after: Any) -> None:
    base: Any = BytesIO if isinstance(live, BytesIO) else StringIO
    base.seek(live, 0)
    base.truncate(live)
    base.write(live, base.getvalue(after))
    base.seek(live, base.tell(after))


def _write_items(live: Any, after: Any) -> None:
    base: Any = bytearray if isinstance(live, bytearray) else array
    base.__setitem__(live, slice(None), after)


def _write_generator(live: Any, after: Any) -> None:
    Random.setstate(live, Random.getstate(after))


_DICTS: tuple[Any, ...] = (dict, defaultdict, OrderedDict)
_WRITTEN: dict[type, Callable[[Any, Any], None]] = {
    bytearray: _write_items,
    array: _write_items,
    BytesIO: _write_file,
    StringIO: _write_file,
    _random.Random: _write_generator,
}
_KNOWN = frozenset({object, list, set, deque, *_DICTS, *_WRITTEN})


class NotCarried(Exception):
    """The change cannot be made in the object of the replayed path."""


def carry(before: Any, after: Any, live: Any, given: Given) -> Any:
    """Change an object where it was changed from `before` to `after`; gives what stands in its place.

    Args:
        before: a copy from before the recorded call.
        after: a copy from after it.
        live: what the replayed path has instead; what is unchanged in it stays the same object.
        given: makes a copy of what is new in `after` for the replayed path.

    Raises:
        NotCarried: It keeps its content where nobody can write.
    """
    if before is after or is_unchanged(before, after):
        return live
    cls = type(after)
    if type(before) is not cls or type(live) is not cls:
        return given(after)
    base: Any = layout_base(cls)
    if base is list:
        list.__setitem__(live, slice(None), _items(before, after, live, given))
    elif base in _DICTS:
        named = _named(before, after, live, given)
        base.clear(live)
        base.update(live, named)
    elif base is set:
        set.clear(live)
        set.update(live, given(after))
    elif base is deque:
        made = _items(before, after, live, given)
        deque.clear(live)
        deque.extend(live, made)
    elif base in _WRITTEN:
        _WRITTEN[base](live, after)
    elif not has_state(cls):
        return given(after)
    if has_state(cls):
        _attributes(before, after, live, given)
    if base not in _KNOWN and not is_unchanged(live, after):
        raise NotCarried(f"{cls.__name__} keeps its content where nobody can write")
    return live


def carry_into(live: Any, before: Any, after: Any, given: Given) -> None:
    """The same for what the caller of a port has, who keeps the object that it is."""
    if carry(before, after, live, given) is not live:
        raise NotCarried(f"{type(after).__name__} keeps its content where nobody can write")


def _items(before: Any, after: Any, live: Any, given: Given) -> list[Any]:
    """What stands in a list afterwards: what stood there before keeps being the object that it is."""
    ours, theirs = [*zip(before, live, strict=False)], []
    same_length = len(before) == len(after)
    for number, part in enumerate(after):
        nearest = [*ours[number : number + 1], *ours]
        found = next((own for old, own in nearest if is_unchanged(old, part)), _MISSING)
        if found is _MISSING and same_length and number < len(ours):
            found = carry(ours[number][0], part, ours[number][1], given)
        theirs.append(given(part) if found is _MISSING else found)
    return theirs


def _named(before: Any, after: Any, live: Any, given: Given) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for name, part in dict.items(after):
        old, own = dict.get(before, name, _MISSING), dict.get(live, name, _MISSING)
        made[name] = given(part) if _MISSING in (old, own) else carry(old, part, own, given)
    kept = {name: part for name, part in dict.items(live) if not dict.__contains__(before, name)}
    return {**kept, **made}


def _attributes(before: Any, after: Any, live: Any, given: Given) -> None:
    ours, theirs = _parts(before), _parts(after)
    state, own = own_state(after), own_state(live)
    changed = {
        name: part for name, part in theirs.items() if name not in ours or not is_unchanged(ours[name], part)
    }
    if not changed.keys() <= state.keys() or not ours.keys() <= theirs.keys():
        raise NotCarried(f"{type(after).__name__} keeps its content where nobody can write")
    set_state(
        live,
        {
            name: carry(ours[name], part, own[name], given) if name in ours and name in own else given(part)
            for name, part in changed.items()
        },
    )


def _parts(value: Any) -> dict[Any, Any]:
    reading = reading_of(type(value))
    is_object = layout_base(type(value)) is object and reading.shape is Shape.NAMES and not reading.mapping
    return dict(reading.parts(value)) if is_object else own_state(value)
