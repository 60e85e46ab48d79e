"""A way onto the tape for what is no function of the program: calls of libraries, or what is found later."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar

from changeover.errors import DeclarationError
from changeover.quick_dataclass import dataclass
from changeover.record.context import current_session
from changeover.record.instrument import MACHINERY, Hook
from changeover.record.port import CallClass, Declaration, Port, PortBook, PortMethod

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation:
    """What a channel may be asked: under which class, with which arguments, and what makes two the same.

    `key` gets the arguments in their order; without one they are all the key. Effects that `commute` may come
    in any order. A read is `unaffected` where no effect of the channel changes its answer; `derive` answers
    one that the recorded path never asked (`replay.derived_reads`). `sleeps` marks a clock's waiting, `make`
    mints a local value in a replay. `parts` gets the arguments too and says which parts of the port the call
    touches, None for all of it: an effect may change the answers of reads that touch a part which it touches.
    `is_mark` says that the pack keeps it for itself: it is no question of a path.
    """

    name: str
    call_class: CallClass
    parameters: tuple[str, ...]
    key: Callable[..., Any] | None = None
    commutes: bool = False
    unaffected: bool = False
    derive: Callable[..., Any] | None = None
    sleeps: bool = False
    make: Callable[..., Any] | None = None
    parts: Callable[..., frozenset[Hashable] | None] | None = None
    is_mark: bool = False


class Channel:
    """One port that is asked by name of the operation, in either colour: who asks hands over how it is done.

    A sync call and an async one of the same operation are the same on the tape.

    Args:
        book: the ports of the migration.
        name: of the port, unique in the migration.
        operations: what may be asked.
        packages: of the client libraries; a call is shown where the program made it, outside of them.

    Raises:
        DeclarationError: the name is taken.
    """

    def __init__(
        self, book: PortBook, name: str, operations: Sequence[Operation], packages: Sequence[str] = ()
    ) -> None:
        self.name = name
        self._sync: dict[str, Hook] = {}
        self._async: dict[str, Hook] = {}
        declared = {
            one.name: Declaration(one.call_class, one.key, unaffected=one.unaffected) for one in operations
        }
        if len(declared) < len(operations):
            raise DeclarationError(f'port "{name}"', "has two operations of one name")
        methods = []
        skipped = (*MACHINERY, *(f"{package}." for package in packages))
        for operation in operations:
            for hooks, asked in ((self._sync, _asked(operation)), (self._async, _asked_async(operation))):
                hook = hooks[operation.name] = Hook(
                    operation.name, __name__, asked, has_owner=False, machinery=skipped
                )
                methods.append(
                    PortMethod(
                        name,
                        hook,
                        operation.call_class,
                        key=operation.key,
                        make=operation.make,
                        unaffected=operation.unaffected,
                        sleeps=operation.sleeps,
                        derive=operation.derive,
                        commutes=operation.commutes,
                        parts=operation.parts,
                        is_mark=operation.is_mark,
                    )
                )
        self._methods = {method.name: method for method in methods}
        book.join(Port(name, self, declared, None, is_channel=True), methods)

    def ask(self, operation: str, arguments: Sequence[Any], real: Callable[[], T]) -> T:
        """The answer of the world, or that of the tape in a replay; outside of any run `real` is called.

        Args:
            operation: one of those that were declared.
            arguments: as the operation names them, in a form that has nothing of the library.
            real: does it, and gives an answer that can be kept.

        Raises:
            Exception: whatever `real` raised, and that again in a replay.
        """
        session = current_session()
        if session is None:
            return real()
        answer: T = session.call(self._sync[operation], lambda *_: real(), tuple(arguments), {})
        return answer

    async def ask_async(
        self, operation: str, arguments: Sequence[Any], real: Callable[[], Awaitable[T]]
    ) -> T:
        """The same, where `real` is a coroutine function."""
        session = current_session()
        if session is None:
            return await real()

        async def asked(*_: Any) -> T:
            return await real()

        answer: T = await session.call(self._async[operation], asked, tuple(arguments), {})
        return answer

    def method(self, operation: str) -> PortMethod:
        """An operation as entries of a tape name it."""
        return self._methods[operation]

    def tell(self, operation: str, arguments: Sequence[Any]) -> None:
        """Something was done that was found afterwards: of either path it is kept, and neither is stopped."""
        session = current_session()
        if session is not None:
            session.tell(self._sync[operation], tuple(arguments))


def _signature(operation: Operation) -> inspect.Signature:
    return inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in operation.parameters]
    )


def _asked(operation: Operation) -> Callable[..., Any]:
    """In place of the function of a port: it is never called, and says what the arguments are called."""

    def asked(*_: Any) -> Any:
        raise _of_the_program(operation)

    asked.__signature__ = _signature(operation)  # type: ignore[attr-defined]
    return asked


def _asked_async(operation: Operation) -> Callable[..., Any]:
    async def asked(*_: Any) -> Any:
        raise _of_the_program(operation)

    asked.__signature__ = _signature(operation)  # type: ignore[attr-defined]
    return asked


def _of_the_program(operation: Operation) -> DeclarationError:
    return DeclarationError(operation.name, "is asked by the program alone: it cannot be a supplement")
