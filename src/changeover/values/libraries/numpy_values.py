"""Arrays and scalars of numpy: the type of their elements, their shape, and what they hold.

A number of numpy is a number: as the key of a question `numpy.int64(7)` is 7. Arrays are copied so that two
of them that look at one memory do so in the copy as well, and one that nobody may write into stays so.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from changeover.values import limits
from changeover.values.added_state import with_state
from changeover.values.libraries.numpy_scalars import DTYPE, NOT_IN_BYTES, SCALARS, dtype_text
from changeover.values.own_state import class_name, mro, own_state
from changeover.values.shapes import Handle, Reading, Shape, State

_ARRAY = numpy.ndarray
_BETWEEN = type(sliding_window_view(numpy.zeros(1), 1).base)
"""What `as_strided` and `sliding_window_view` put between an array and the one whose memory it looks at."""
SHARED_BYTES_MAX = 64_000_000
"""Of a view into a larger memory than this only what it shows is copied."""
_MASKED = frozenset(
    {"_mask", "_fill_value", "_hardmask", "_sharedmask", "_isfield", "_baseclass", "_optinfo"}
)


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of numpy or derived from one."""
    found = _of_base(cls)
    if found is None or _ARRAY in mro(cls):
        return found
    return with_state(found, cls)


def _of_base(cls: type) -> Reading | None:
    bases = mro(cls)
    for base, reading in SCALARS.items():
        if base in bases:
            return reading
    if numpy.memmap in bases:
        return Reading(Shape.UNREADABLE, _nothing, handle=Handle.LIVE)
    if cls is type(numpy.ma.masked):
        return Reading(
            Shape.SCALAR,
            lambda _: "numpy.ma.masked",
            scalar=Handle,
            is_atom=True,
            copied=lambda _: {},
            make=lambda *_: numpy.ma.masked,
        )
    if numpy.ma.MaskedArray in bases:
        return Reading(Shape.NAMES, _masked_parts, copied=_array_copied, make=_array_made)
    if _ARRAY in bases:
        return Reading(Shape.NAMES, array_parts, copied=_array_copied, make=_array_made, alike=_same_bytes)
    if numpy.dtype in bases:
        return DTYPE
    if numpy.ufunc in bases:
        return Reading(Shape.SCALAR, lambda value: f"numpy.{value.__name__}", scalar=Handle, is_atom=True)
    if numpy.random.BitGenerator in bases:
        return _BITS
    if numpy.random.Generator in bases:
        return _GENERATOR
    if numpy.random.RandomState in bases:
        return _OLD_GENERATOR
    return None


def _nothing(_value: Any) -> None:
    return None


def _plain(array: Any) -> Any:
    """The memory of an array of any class, as an array of numpy itself; nothing of its class is asked."""
    return array if type(array) is _ARRAY else _ARRAY.view(array, _ARRAY)


def items_of(array: Any) -> Any:
    """What an array holds as nested lists; one without dimensions is what it holds."""
    if array.size > limits.LEAVES_MAX:
        raise limits.too_many()
    plain = _plain(array)
    if plain.dtype.kind in "mM":
        return _times(plain)
    return plain.tolist()


def _times(array: Any) -> Any:
    """Moments and periods as numpy writes them, since Python's own are not as fine."""
    if array.ndim:
        return [_times(row) for row in array]
    return array[()]


def array_parts(array: Any) -> State:
    """The element type, the shape and the elements; attributes that a class of the program added."""
    parts = {"dtype": dtype_text(array.dtype), "shape": _plain(array).shape, "values": items_of(array)}
    if type(array) is not _ARRAY:
        parts = {**own_state(array), **parts}
    return parts


def _masked_parts(array: Any) -> State:
    """A masked element is none, whatever stands behind the mask."""
    state = own_state(array)
    plain, mask = _plain(array), state.get("_mask", numpy.ma.nomask)
    fill = state.get("_fill_value")
    parts = {name: part for name, part in state.items() if name not in _MASKED}
    parts |= {"dtype": dtype_text(plain.dtype), "shape": plain.shape}
    if mask is numpy.ma.nomask:
        parts["values"] = items_of(plain)
        parts["mask"] = False
    else:
        visible = plain.copy()
        if plain.dtype.names is None:
            visible = visible.astype(object)
            visible[_plain(mask)] = None
        parts["values"] = items_of(visible)
        parts["mask"] = items_of(mask)
    usual = numpy.ma.default_fill_value(plain.dtype) if plain.dtype.names is None else None
    if fill is not None and plain.dtype.names is None and fill != numpy.asarray(usual, plain.dtype):
        parts["fill"] = fill.item() if isinstance(fill, numpy.ndarray | numpy.generic) else fill
    return parts


def _memory(array: Any) -> Any:
    """The array whose memory this one looks at, where it looks at that of another."""
    owner = array
    while True:
        base = owner.base
        if type(base) is _BETWEEN:
            base = base.base
        if not isinstance(base, _ARRAY):
            return owner
        owner = base


def _in_order(array: Any) -> Any:
    """The array with its axes turned so that it reads its memory from front to end; None where it skips."""
    axes = sorted(range(array.ndim), key=lambda axis: -array.strides[axis])
    turned = array.transpose(axes)
    return (turned, axes) if turned.flags.c_contiguous else None


def _array_copied(array: Any) -> State:
    plain = _plain(array)
    parts: State = {"dtype": plain.dtype, "shape": plain.shape, "writeable": bool(plain.flags.writeable)}
    if type(array) is not _ARRAY:
        parts["state"] = own_state(array)
    owner = _memory(array)
    has_objects = plain.dtype.hasobject or plain.dtype.kind == NOT_IN_BYTES
    if owner is not array and _may_be_shared(plain, _plain(owner), has_objects):
        start = plain.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
        return {**parts, "memory": owner, "start": start, "strides": plain.strides}
    ordered = _in_order(plain)
    if ordered is None:
        plain = plain.copy(order="C")
        ordered = plain, [*range(plain.ndim)]
    turned, parts["axes"] = ordered
    if not has_objects:
        return {**parts, "data": turned.tobytes()}
    if turned.size > limits.LEAVES_MAX:
        raise limits.too_many()
    return {**parts, "items": turned.reshape(-1).tolist()}


def _same_bytes(one: Any, other: Any) -> bool:
    """Whether two arrays of numpy itself have the same elements by their bytes."""
    if type(one) is not _ARRAY or one.shape != other.shape or one.dtype is not other.dtype:
        return False
    in_bytes = not one.dtype.hasobject and one.dtype.kind != NOT_IN_BYTES
    return bool(in_bytes and one.tobytes() == other.tobytes())


def _may_be_shared(view: Any, owner: Any, has_objects: bool) -> bool:
    if owner.nbytes > SHARED_BYTES_MAX or owner.size == 0 or view.size == 0 or _in_order(owner) is None:
        return False
    if has_objects or owner.dtype.hasobject:
        return bool(view.dtype == owner.dtype and view.dtype.names is None)
    return bool(owner.dtype.kind != NOT_IN_BYTES)


def _array_made(cls: type, parts: State, _: State) -> Any:
    made = _viewed(parts) if "memory" in parts else _filled(parts)
    if cls is not _ARRAY:
        made = _ARRAY.view(made, cls)
        made.__dict__.clear()
        made.__dict__.update(parts["state"])
        if numpy.ma.MaskedArray in mro(cls):
            made.__dict__["_sharedmask"] = False
    if not parts["writeable"]:
        made.flags.writeable = False
    return made


def _filled(parts: State) -> Any:
    dtype, shape, axes = parts["dtype"], tuple(parts["shape"]), parts["axes"]
    turned = tuple(shape[axis] for axis in axes)
    if "data" in parts:
        if dtype.hasobject:
            raise ValueError("objects are no bytes")
        flat = numpy.empty(turned, dtype)
        if prod(turned) * dtype.itemsize:
            flat[...] = numpy.ndarray(turned, dtype, parts["data"])
    else:
        flat = numpy.empty(turned, dtype)
        in_a_row = flat.reshape(-1)  # looks at the same memory
        for at, item in enumerate(parts["items"]):
            in_a_row[at] = item
    if axes == sorted(axes):
        return flat
    seen = flat.transpose([axes.index(axis) for axis in range(len(axes))])
    made = numpy.empty_like(seen)  # of the same order in memory, which is its own
    made[...] = seen
    return made


def _viewed(parts: State) -> Any:
    memory = _plain(parts["memory"])
    ordered = _in_order(memory)
    if ordered is None:
        raise ValueError("the memory of a view was copied in another order")
    flat = ordered[0].reshape(-1)
    _stay_inside(parts, memory.nbytes)
    if not parts["dtype"].hasobject:
        size = parts["dtype"].itemsize
        first = flat.view(numpy.uint8)[parts["start"] : parts["start"] + size].view(parts["dtype"])
    else:
        first = flat[parts["start"] // flat.itemsize :]
    return as_strided(first, parts["shape"], parts["strides"])


def _stay_inside(parts: State, size: int) -> None:
    """Parts may come from a file: nothing outside of the memory is looked at."""
    steps = [*zip(parts["strides"], parts["shape"], strict=True)]
    first = parts["start"] + sum(step * (count - 1) for step, count in steps if step < 0)
    last = parts["start"] + sum(step * (count - 1) for step, count in steps if step > 0)
    if min(parts["shape"], default=1) < 1 or first < 0 or last + parts["dtype"].itemsize > size:
        raise ValueError("a view reaches beyond the memory that it looks at")


def _bits_state(value: Any) -> State:
    state = value.state
    return {"kind": class_name(type(value)), "state": state}


def _bits_copied(value: Any) -> State:
    """With the seed sequence, from which further generators are spawned."""
    seed = getattr(value, "seed_seq", None)
    known = {} if type(seed) is not _SEED else {name: getattr(seed, name) for name in _OF_SEED}
    return {**_bits_state(value), "seed": known}


def _bits_made(cls: type, parts: State, _: State) -> Any:
    seed = parts.get("seed")
    made: Any = cls(_SEED(**seed)) if seed else cls()
    made.state = parts["state"]
    return made


_SEED = numpy.random.SeedSequence
_OF_SEED = ("entropy", "spawn_key", "pool_size", "n_children_spawned")
_BITS = Reading(Shape.NAMES, _bits_state, copied=_bits_copied, make=_bits_made)
_GENERATOR = Reading(
    Shape.NAMES,
    lambda value: {"bit_generator": value.bit_generator},
    make=lambda cls, parts, _: cls(parts["bit_generator"]),
)
_OLD_GENERATOR = Reading(
    Shape.NAMES,
    lambda value: {"state": numpy.random.RandomState.get_state(value, legacy=False)},
    make=lambda cls, parts, _: _old_made(cls, parts),
)


def _old_made(cls: type, parts: State) -> Any:
    made: Any = cls()
    made.set_state(parts["state"])
    return made
