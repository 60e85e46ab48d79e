"""Mocks of `unittest.mock`: those of a port's class are its objects, and none counts what a replay does.

    client = Mock(spec=Client)    a call of it is one of the port: `isinstance(client, Client)` holds
    mailer = Mock()               a replay gets what it would give, and it does not keep that it was asked

Both paths would call the mock of a test, which then counts twice what happened once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import FunctionType
from typing import Any

from changeover.record.context import Args, Kwargs, current_session
from changeover.record.covered_owner import members
from changeover.record.own_methods import call_of_hook, hook_in_class

_MODULE = "unittest.mock"
_MARK = "__changeover_mocks__"
_MADE = "_changeover_made"
"""On the class that each mock has for itself: the number of that mock, which no copy of it has."""
DEPTH_MAX = 100
Refuse = Callable[[str, str], None]
"""Of a session that lets nothing reach the world: it makes a run no comparison, or refuses who only looks."""
WAY_OUT = "which would happen once more: give it a return_value, or make it a mock of a port's class"


def watch_mocks() -> None:
    """Let mocks ask the hooks of the class that they stand for, where the program has imported them."""
    module = sys.modules.get(_MODULE)
    if module is None or _MARK in vars(module):
        return
    with suppress(AttributeError):
        _watch_calls(module.CallableMixin)
        _watch_new_ones(module.NonCallableMock)
        setattr(module, _MARK, True)


def specification(mock: Any) -> type | None:
    """The class that an object is a mock of; None for any other object."""
    found = members(mock).get("_spec_class")
    base = getattr(sys.modules.get(_MODULE), "NonCallableMock", None)
    is_mock = isinstance(found, type) and base is not None and base in type(mock).__mro__
    return found if is_mock else None


def _watch_calls(mixin: Any) -> None:
    original = mixin.__call__

    @wraps(original)
    def called(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        own = members(self)
        parent, name = own.get("_mock_new_parent"), own.get("_mock_new_name")
        cls = specification(parent)
        hook = None if cls is None or type(name) is not str else hook_in_class(cls, name)
        if hook is not None:
            return call_of_hook(hook, parent, original.__get__(self), args, kwargs)
        session = current_session()
        catch: Refuse | None = getattr(session, "catch", None)
        if catch is None or not _is_of_the_program(self):
            return original(self, *args, **kwargs)
        return _answered(getattr(session, "cannot_follow", catch), self, args, kwargs)

    mixin.__call__ = called


def _watch_new_ones(base: Any) -> None:
    original: Callable[..., None] = base.__init__

    @wraps(original)
    def begun(self: Any, /, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        session = current_session()
        if session is None or not session.replaying:
            setattr(type(self), _MADE, id(self))

    base.__init__ = begun


def _is_of_the_program(mock: Any) -> bool:
    """Whether no replay made or copied it, nor the one that it is a part of."""
    for _ in range(DEPTH_MAX):
        parent = members(mock).get("_mock_new_parent")
        if parent is None:
            break
        mock = parent
    return bool(vars(type(mock)).get(_MADE) == id(mock))


def _answered(refuse: Refuse, mock: Any, args: Args, kwargs: Kwargs) -> Any:
    """What it gives, without its keeping that it was asked; what would act by then is refused."""
    module: Any = sys.modules[_MODULE]
    mock._mock_check_sig(*args, **kwargs)
    effect = mock.side_effect
    is_error = isinstance(effect, BaseException) or (
        isinstance(effect, type) and issubclass(effect, BaseException)
    )
    is_special = (
        type(effect) is FunctionType and effect.__module__ == _MODULE
    )  # of `__iter__`, of `mock_open`
    if not (effect is None or is_error or is_special) or members(mock).get("_mock_wraps") is not None:
        refuse("the mock", f"{mock._extract_mock_name()} has a side effect, {WAY_OUT}")

    def given() -> Any:
        if is_error:
            raise effect
        value = effect(*args, **kwargs) if is_special else module.DEFAULT
        return mock.return_value if value is module.DEFAULT else value

    async def awaited() -> Any:
        return given()

    return awaited() if isinstance(mock, module.AsyncMockMixin) else given()
