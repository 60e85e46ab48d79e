"""What is said about a port is checked where it is said."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, get_origin

from changeover.errors import DeclarationError, did_you_mean
from changeover.record.callable_kind import is_stream, opens_context
from changeover.record.instrument import function_of, original_of, public_functions
from changeover.record.key_function import WrongArity, fitted
from changeover.record.option_check import check_answers, check_function, check_gives_one_value, shown
from changeover.record.port import CallClass, Declaration, Methods, Port

_OPTIONS = {CallClass.EFFECT: "effects", CallClass.READ: "reads"}
_PORT_NAME = re.compile(r"[^\s.]+")


def declare(
    name: str,
    target: Any,
    classes: Mapping[CallClass, Methods],
    unaffected: Iterable[str],
    world: Callable[[Any], Any] | None,
    derive: Mapping[str, Callable[..., Any]] | None = None,
    order: str | None = None,
) -> Port:
    """Check what is said about a port; raises DeclarationError."""
    if not isinstance(name, str) or not _PORT_NAME.fullmatch(name):
        raise DeclarationError("port()", f"the name was {shown(name)}, allowed: one word, such as 'broker'")
    where = f'port "{name}"'
    _check_target(where, target)
    declared: dict[str, Declaration] = {}
    loose = set(_named(where, "unaffected", unaffected))
    if world is not None:
        check_function(where, "world", world, "target")
    for call_class, methods in classes.items():
        for method, option in _named(where, _OPTIONS.get(call_class, call_class), methods).items():
            if method in declared:
                both = f"{declared[method].call_class} and {call_class}"
                raise DeclarationError(where, f"{method!r} is declared as {both}, allowed: one of them")
            _check_method(where, target, method, call_class)
            if option is not None and call_class is CallClass.LOCAL:
                allowed = "a function of a random.Random and the arguments"
                check_answers(where, f"local: {method}", option, allowed)
            elif option is not None:
                _check_key(where, target, method, option)
            declared[method] = Declaration(call_class, option, method in loose)
    reads = [method for method, said in declared.items() if said.call_class is CallClass.READ]
    derived = {} if derive is None else _named(where, "derive", derive)
    for option, methods in (("unaffected", loose), ("derive", derived)):
        for stranger in sorted(set(methods).difference(reads)):
            meant = did_you_mean(stranger, reads)
            problem = f"{option}: {stranger!r} is not among the reads{meant}"
            raise DeclarationError(where, f"{problem} allowed: {', '.join(reads) or 'none'}")
    for method, function in derived.items():
        check_answers(
            where, f"derive: {method}", function, "a function of the recorded reads and the arguments"
        )
    if order not in (None, "any"):
        raise DeclarationError(where, f"order was {shown(order)}, allowed: any")
    return Port(name, target, declared, world, dict(derived), order == "any")


def _check_target(where: str, target: Any) -> None:
    origin = get_origin(target)
    if isinstance(origin, type):
        raise DeclarationError(where, f"was {shown(target)}, allowed: the class itself, {origin.__name__}")
    if isinstance(target, FunctionType | BuiltinFunctionType | MethodType):
        problem = f"was the function {getattr(target, '__qualname__', target.__name__)}"
        raise DeclarationError(where, f"{problem}, allowed: the module or class in which it stands")
    if target is None or type(target) in (str, bytes, int, float, bool):
        raise DeclarationError(where, f"was {shown(target)}, allowed: a class, a module or an object")


def _named(where: str, what: str, methods: Any) -> Mapping[str, Any]:
    """Names of methods, each with its option or None."""
    allowed = f"allowed: names of methods, such as {what}={{'name'}}"
    if isinstance(methods, str) or not isinstance(methods, Iterable):
        raise DeclarationError(where, f"{what}: was {shown(methods)}, {allowed}")
    methods = methods if isinstance(methods, Mapping) else [*methods]
    for method in methods:
        if not isinstance(method, str):
            raise DeclarationError(where, f"{what}: {shown(method)} is no text, {allowed}")
    options: Mapping[Any, Any] = methods if isinstance(methods, Mapping) else dict.fromkeys(methods)
    return options


def _check_method(where: str, target: Any, method: str, call_class: CallClass) -> None:
    if inspect.getattr_static(target, method, None) is None:
        has = _names(target)
        problem = f"{method!r} is no method of {shown(target)}{did_you_mean(method, has)}"
        raise DeclarationError(where, f"{problem} it has: {', '.join(has) or 'none'}")
    original = original_of(target, method)
    if not callable(original):
        problem = f"{method!r} is {shown(original)}, allowed: a method, a function or a property"
        raise DeclarationError(where, f"{problem}; write a method that gives it")
    if is_stream(original):
        problem = f"{method!r} is a generator; a port answers with values: declare what it calls,"
        raise DeclarationError(where, f"{problem} or write a method that returns a list")
    if call_class is not CallClass.FIXED and opens_context(original):
        problem = f"{method!r} opens a context, which no tape can hold"
        raise DeclarationError(where, f"{problem}: declare what is called in it, or the method as fixed")


def _check_key(place: str, target: Any, method: str, key: Callable[..., Any]) -> None:
    static = inspect.getattr_static(target, method)
    is_own = not isinstance(target, type) and method in getattr(target, "__dict__", {})
    has_owner = not is_own and not isinstance(static, staticmethod)
    check_answers(place, f"the key of {method!r}", key)
    check_gives_one_value(place, f"the key of {method!r}", key)
    try:
        fitted(key, function_of(static), skip_first=has_owner)
    except WrongArity as error:
        raise DeclarationError(place, f"the key of {method!r} {error}") from None


def _names(target: Any) -> list[str]:
    owner = target if isinstance(target, type | ModuleType) else type(target)
    return list(public_functions(owner))
