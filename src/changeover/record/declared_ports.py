"""The ports that a migration declares: each is instrumented, and its types become known to the codec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from changeover.record.codec import Codec
from changeover.record.port import CallClass, Methods, PortBook, PortMethod
from changeover.record.port_declaration import declare


class WithPorts:
    """A migration that has ports: those in `book`, whose types `codec` knows."""

    book: PortBook
    codec: Codec

    def port(
        self,
        name: str,
        target: Any,
        *,
        effects: Methods = (),
        reads: Methods = (),
        local: Methods = (),
        fixed: Methods = (),
        clock: Methods = (),
        unaffected: Iterable[str] = (),
        world: Callable[[Any], Any] | None = None,
        derive: Mapping[str, Callable[..., Any]] | None = None,
        order: str | None = None,
    ) -> None:
        """Declare a class, a module or one object as a port, and instrument it in place.

        Each class of calls takes method names, or a mapping from them to functions: for `effects`, `reads`
        and `fixed` a key function (calls with equal keys count as the same), for `local` one that makes a
        value from a seeded `random.Random`. A method in no class is refused in a replay.

        Args:
            name: of the port, unique in the migration.
            target: what the paths reach the world through; a class stands for those that are derived from it
                or registered with it as well, and for all of their objects.
            effects: change the world; withheld from the path that does not answer.
            reads: ask the world; a replay answers from the recording.
            local: make values such as identifiers, which differ from call to call.
            fixed: answer the same whenever they are called.
            clock: tell the time; a replay gives the recorded times.
            unaffected: reads that the port's own effects do not change.
            world: copies the object, for `world="copy"`.
            derive: answers reads that the recorded path never asked from those that it did: a function by
                name of the read, which gets the recorded reads as methods (`recorded.positions()`), then the
                arguments. What it raises is no answer; it may return `Raised(error)`.
            order: `any` where its effects commute: the same ones in another order are no difference.
                Among those of other ports their order counts; a rule for `effects` frees it.

        Raises:
            DeclarationError: the target has no such method, a method is in two classes, or the name is taken.

        Example:
            migration.port("broker", Broker, effects={"submit_order": lambda order: order.symbol})
        """
        classes = {
            CallClass.EFFECT: effects,
            CallClass.READ: reads,
            CallClass.LOCAL: local,
            CallClass.FIXED: fixed,
            CallClass.CLOCK: clock,
        }
        port = declare(name, target, classes, unaffected, world, derive, order)
        self.book.add(port)
        for method in port.methods.values():
            self.codec.learn(method.hook.original)

    @property
    def undeclared(self) -> list[PortMethod]:
        """Methods of ports of which nothing is said."""
        return list(self.book.undeclared())
