"""The packs that a migration uses."""

from __future__ import annotations

from typing import Any

from changeover.errors import DeclarationError
from changeover.packs.catalogue import pack_class
from changeover.packs.host import Host
from changeover.record.codec import Codec
from changeover.record.option_check import shown
from changeover.record.port import PortBook


class WithPacks:
    """A migration that uses packs: those in `book`."""

    book: PortBook
    codec: Codec

    def use(self, name: str, *targets: Any, **options: Any) -> None:
        """Cover a library that the program uses: its calls become port calls, and nothing else is declared.

        Args:
            name: of the pack: `http`, or one of an installed package.
            targets: the objects that the pack is about, where it needs any, such as an engine.
            options: of the pack; docs/packs.md lists them.

        Raises:
            DeclarationError: there is no such pack, it is in use, or a target or an option is not what it is
                to be.
            MissingPackageError: the library that the pack is for is not installed.

        Example:
            migration.use("http", reads=["POST https://api.example.org/search"])
        """
        if not isinstance(name, str) or not name:
            raise DeclarationError("use", f"the name was {shown(name)}, allowed: a text")
        if name in self.book.packs:
            raise DeclarationError(f'use("{name}")', "is in use already")
        make = pack_class(name)
        try:
            pack = make(*targets, **options)
        except TypeError as error:
            raise DeclarationError(f'use("{name}")', str(error)) from None
        pack.install(Host(name, self.book, self.codec))
        self.book.packs[name] = pack
