"""Methods that one object of a port's class has for itself are as much the port's as those of the class.

    client.send = fake    a test, a client that chooses its way when it is made, a field that holds a function

Python asks an object before it asks its class, so what stands in the class would never be called.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, wraps
from types import FunctionType, MemberDescriptorType, MethodType
from typing import Any
from weakref import ref

from changeover.record import callable_kind
from changeover.record.asked_object import AskedObject, behind
from changeover.record.attributes_set import is_its_own_affair
from changeover.record.called_back import HANDED, notice
from changeover.record.context import (
    SESSION,
    TASKS_AT_WORK,
    UNSET,
    WORK_HERE,
    Args,
    Kwargs,
    Session,
    current_session,
)
from changeover.record.covered_owner import members
from changeover.record.instrument import Hook, function_of, hook_of
from changeover.record.loose_functions import acts_by_itself
from changeover.values.atom_types import ATOMS
from changeover.values.own_state import found_in, namespace, own_state

_FUNCTIONS = (FunctionType, MethodType)
_WATCHED = "__changeover_own_methods__"


def watch_own_methods(cls: type) -> None:
    """Cover whatever an object of the class is given from now on; a second time changes nothing."""
    own = namespace(cls).get("__setattr__")
    if hasattr(own, _WATCHED):
        return

    plainly, atoms = object.__setattr__, ATOMS
    is_plain = own is None and found_in(cls, "__setattr__") is plainly

    current, unset, elsewhere, of_tasks = SESSION.get, UNSET, WORK_HERE, TASKS_AT_WORK

    def set_attribute(self: Any, name: str, value: Any, /) -> None:
        session = current(unset)
        is_in_run = session is not None and (session is not unset or elsewhere or of_tasks)
        if is_in_run and not _may_set(self, name, value):
            return
        kind = type(self)
        if is_plain and kind is cls:  # felt wherever an object of a port counts something
            plainly(self, name, value)
        elif own is None:
            super(cls, self).__setattr__(name, value)  # type: ignore[arg-type]
        else:
            own.__get__(self, kind)(name, value)
        if type(value) not in atoms and callable(value):
            _cover(self, name)

    asked = wraps(object.__setattr__ if own is None else own)(set_attribute)
    setattr(asked, _WATCHED, True)
    with suppress(AttributeError, TypeError):
        cls.__setattr__ = asked  # type: ignore[method-assign, assignment]


def _may_set(owner: Any, name: str, value: Any) -> bool:
    session = current_session()
    return session is None or is_its_own_affair(owner) or session.sets(owner, name, value)


def cover_own_methods(owner: Any) -> None:
    """Cover what an object has by now."""
    for name, value in [*own_state(owner).items()]:
        if type(value) not in ATOMS and callable(value) and type(name) is str:
            _cover(owner, name)


def own_method(owner: Any, name: str) -> Callable[..., Any] | None:
    """The program's own function that an object has in place of that of its class; None where it has none."""
    found = members(owner).get(name)
    if type(found) is not AskedObject or isinstance(owner, type):
        return None
    value: Callable[..., Any] = behind(found)
    return value


def hook_in_class(cls: type, name: str) -> Hook | None:
    """The hook of what stands in a class under this name, where a call of an object asks it."""
    static = found_in(cls, name)
    is_method = static is not None and not isinstance(static, cached_property | property)
    return hook_of(function_of(static)) if is_method else None


def _cover(owner: Any, name: str) -> None:
    here, slot = members(owner), found_in(type(owner), name)
    is_slot = type(slot) is MemberDescriptorType
    value = own_state(owner).get(name) if is_slot else here.get(name)
    hook = hook_in_class(type(owner), name) or _own_hook(owner, name, value)
    # What asks a hook already is a port's own method, which stands there under another name or once more.
    if hook is None or value is None or type(value) is AskedObject:
        return
    if type(value) in _FUNCTIONS and hook_of(value) is not None:
        return
    asked = AskedObject(value, _asking(hook, owner, value), hook)
    with suppress(TypeError):
        if is_slot:
            slot.__set__(owner, asked)
        else:
            here[name] = asked  # type: ignore[index]


def asked_of_itself(owner: Any, name: str, value: Any) -> Any:
    """A function that an object gives, as one of the object alone; any other value as it is."""
    hook = _own_hook(owner, name, value)
    return value if hook is None else AskedObject(value, _asking(hook, owner, value), hook)


def _own_hook(owner: Any, name: str, value: Any) -> Hook | None:
    """That of a function under a name that the class does not have; None for what does not act by itself."""
    cls = type(owner)
    static = found_in(cls, name)
    may_be_there = static is None or isinstance(static, cached_property | MemberDescriptorType)
    if name.startswith("_") or not may_be_there:
        return None
    return (
        Hook(name, cls.__module__, _unknown, has_owner=True, is_own=True) if acts_by_itself(value) else None
    )


def _unknown(*args: Any, **kwargs: Any) -> None:
    """In place of the function of a class that has none."""


def _asking(hook: Hook, owner: Any, value: Callable[..., Any]) -> Callable[..., Any]:
    itself = _weak(owner)

    def asked(*args: Any, **kwargs: Any) -> Any:
        return call_of_hook(hook, itself(), value, args, kwargs)

    if not (hook.is_async and callable_kind.is_async(value)):
        return asked

    async def asked_async(*args: Any, **kwargs: Any) -> Any:
        return await asked(*args, **kwargs)

    return asked_async


def call_of_hook(hook: Hook, owner: Any, value: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
    """Call a function that an object has in place of an instrumented one, as a call of that one."""
    session: Session | None = SESSION.get(UNSET)
    if session is UNSET:
        session = current_session() if WORK_HERE or TASKS_AT_WORK else None
    has_owner = hook.has_owner
    named = (owner, *args) if has_owner else args
    if session is None:
        if HANDED:
            notice(hook, named)
        return value(*args, **kwargs)

    def called(*args: Any, **kwargs: Any) -> Any:
        return value(*args[has_owner:], **kwargs)

    return session.call(hook, called, named, kwargs)


def _weak(owner: Any) -> Callable[[], Any]:
    """The object as long as somebody else holds it; its class, where nobody can refer to it so."""
    try:
        return ref(owner)
    except TypeError:
        cls = type(owner)
        return lambda: cls
