"""Paths that are built anew for every replay, with ports that belong to that replay alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Generic, ParamSpec, TypeVar

from changeover.errors import DeclarationError
from changeover.record.context import Args
from changeover.record.option_check import check_answers, check_gives_one_value, shown
from changeover.record.port import Port, PortBook, PortMethod
from changeover.replay.replayer import Replay

P = ParamSpec("P")
R = TypeVar("R")


class Fresh(Generic[P, R]):
    """A path given as how to build it.

    When the path answers it is `answering`, or else built once with the real ports and kept. A build with a
    second parameter is given the `self` of the method that is the seam; such a path needs `answering`.
    """

    def __init__(self, build: Callable[..., Callable[P, R]], answering: Callable[P, R] | None = None) -> None:
        _check(build, answering)
        self.build = build
        self._answering = answering
        self._takes_owner = _positional(build) > 1
        if self._takes_owner and answering is None:
            raise DeclarationError("fresh()", "build(ports, owner) needs answering=: there is no one owner")

    @property
    def answering(self) -> Callable[P, R] | None:
        """The path that answers, None before one is needed that was not given."""
        return self._answering

    def real(self, book: PortBook) -> Callable[P, R]:
        """The path that may answer."""
        if self._answering is None:
            self._answering = self.build(Ports({name: port.target for name, port in book.ports.items()}))
        return self._answering

    def replayed(self, book: PortBook, replay: Replay, owner: Args = ()) -> Callable[P, R]:
        """A path of its own for one replay; `owner` is the `self` of the call, if it has one."""
        ports = Ports({name: ReplayPort(port, replay) for name, port in book.ports.items()})
        return self.build(ports, *owner) if self._takes_owner else self.build(ports)

    def replayed_inside(self, book: PortBook, replay: Replay) -> Callable[..., R]:
        """The same for a seam inside a path that is replayed: the owner comes with the call."""
        if not self._takes_owner:
            return self.replayed(book, replay)

        def owned(owner: Any, /, *args: Any, **kwargs: Any) -> R:
            path: Callable[..., R] = self.replayed(book, replay, (owner,))
            return path(owner, *args, **kwargs)

        return owned


def fresh(build: Callable[..., Callable[P, R]], *, answering: Callable[P, R] | None = None) -> Fresh[P, R]:
    """Say how a path is built from ports: `build(ports)`, with `ports.broker` or `ports["broker"]`.

    Args:
        build: gets the ports and gives the path; with a second parameter, `build(ports, owner)`, it gets the
            `self` of the method too, so that all that a program makes once is made here, and not in the time
            that counts as the path's own.
        answering: the path that answers; unless given it is built once, with the real ports.

    Raises:
        DeclarationError: `build` takes something else, or takes an owner and there is no `answering`.

    Example:
        candidate = fresh(lambda ports: Handlers(ports.broker).rebalance)
        migration.seam("portfolio.rebalance", legacy=old.rebalance, candidate=candidate)
    """
    return Fresh(build, answering)


def _check(build: Any, answering: Any) -> None:
    check_answers("fresh()", "build", build, "a function of (ports) or (ports, owner)")
    check_gives_one_value("fresh()", "build", build)
    try:
        signature = inspect.signature(build)
    except (TypeError, ValueError):
        signature = None
    if signature is not None and not any(_takes(signature, count) for count in (1, 2)):
        raise DeclarationError(
            "fresh()", f"build takes {signature}, needed: a function of (ports) or (ports, owner)"
        )
    if answering is not None and not callable(answering):
        raise DeclarationError("fresh()", f"answering was {shown(answering)}, allowed: a function")


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _positional(build: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds and one.default is inspect.Parameter.empty for one in parameters)


class Ports(Mapping[str, Any]):
    """The ports by name, as attributes and as items."""

    def __init__(self, ports: dict[str, Any]) -> None:
        self._ports = ports

    def __getitem__(self, name: str) -> Any:
        return self._ports[name]

    def __iter__(self) -> Any:
        return iter(self._ports)

    def __len__(self) -> int:
        return len(self._ports)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._ports[name]
        except KeyError:
            raise AttributeError(f"there is no port {name!r}, there are: {', '.join(self._ports)}") from None


class ReplayPort:
    """Looks like the port's object, and knows only the tape."""

    def __init__(self, port: Port, replay: Replay) -> None:
        self.__port = port
        self.__replay = replay

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        target = self.__port.target
        return target if isinstance(target, type) else type(target)

    def __getattr__(self, name: str) -> Any:
        method = self.__port.methods.get(name)
        if method is None:
            raise AttributeError(f"port {self.__port.name!r} has no {name!r} in a replay")
        asked = _asked(self.__replay, method, self.__port)
        if not method.hook.is_property:
            vars(self)[name] = asked  # found at once the next time: looking it up is not the path's own time
        return asked


def _asked(replay: Replay, method: PortMethod, port: Port) -> Any:
    owner = port.target if port.is_object or not method.has_owner else None

    def port_call(*args: Any, **kwargs: Any) -> Any:
        return replay.ask(method, owner, args, kwargs)

    async def port_call_async(*args: Any, **kwargs: Any) -> Any:
        return await replay.ask(method, owner, args, kwargs)

    if method.hook.is_property:
        return port_call()
    return port_call_async if method.hook.is_async else port_call
