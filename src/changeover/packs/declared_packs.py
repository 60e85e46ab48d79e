"""The packs that a migration uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter, signature
from typing import Any

from changeover.errors import DeclarationError, did_you_mean
from changeover.packs.catalogue import pack_class
from changeover.packs.host import Host
from changeover.record.codec import Codec
from changeover.record.loaded_module import module_loaded_here
from changeover.record.option_check import shown
from changeover.record.port import PortBook
from changeover.seam.runtime import Runtime

IN_USE = "is in use already: keep one of them, the line of [ports] in phases.toml or migration.use"


class WithPacks:
    """A migration that uses packs: those in `book`."""

    book: PortBook
    codec: Codec
    runtime: Runtime

    def use(self, name: str, *targets: Any, **options: Any) -> None:
        """Cover a library that the program uses: its calls become port calls, and nothing else is declared.

        Args:
            name: of the pack: `http`, or one of an installed package.
            targets: the objects that the pack is about, where it needs any, such as an engine.
            options: of the pack; `changeover docs packs` lists them.

        Raises:
            DeclarationError: there is no such pack, it is in use, or a target or an option is not what it is
                to be.
            MissingPackageError: the library that the pack is for is not installed.

        Example:
            migration.use("http", reads=["POST https://api.example.org/search"])
        """
        if not isinstance(name, str) or not name:
            raise DeclarationError("use", f"the name was {shown(name)}, allowed: a text")
        make = pack_class(name)
        if name in self.book.packs and not getattr(make, "is_of_one_thing", False):
            if module_loaded_here().is_again(self.book.packs_loaded.get(name)) and not targets:
                return
            raise DeclarationError(f'use("{name}")', IN_USE)
        _check(name, make, targets, options)
        pack = make(*targets, **options)
        pack.install(Host(name, self.book, self.codec, self.runtime))
        number = sum(known == name or known.startswith(f"{name}:") for known in self.book.packs)
        self.book.packs[pack.name if number else name] = pack
        self.book.packs_loaded[name] = module_loaded_here()


def _check(name: str, make: Callable[..., Any], targets: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    """Hold what is given against what the pack takes; raises DeclarationError."""
    place = f'use("{name}")'
    parameters = signature(make).parameters.values()
    known = [one.name for one in parameters if one.kind is Parameter.KEYWORD_ONLY]
    for option in options:
        if option not in known:
            allowed = ", ".join(known) or "none"
            problem = f"{option!r} is no option{did_you_mean(option, known)} allowed: {allowed}"
            raise DeclarationError(place, problem)
    wanted = [one for one in parameters if one.kind is Parameter.POSITIONAL_OR_KEYWORD]
    if len(targets) < sum(one.default is Parameter.empty for one in wanted):
        needed = ", ".join(one.name for one in wanted)
        raise DeclarationError(place, f'needs what it is about: migration.use("{name}", {needed})')
    if len(targets) > len(wanted) and not any(one.kind is Parameter.VAR_POSITIONAL for one in parameters):
        raise DeclarationError(place, f"got {len(targets)} objects, allowed: {len(wanted)}")
