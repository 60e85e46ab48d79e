"""Known clients that are imported, and that no port covers: what `doctor` names, and `init` may propose.

Nothing is imported, and no attribute is asked for: only the names that stand in modules are looked at.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.record.file_writing import FILE_WRITING, writes_files
from changeover.record.known_clients import KNOWN_CLIENTS, OPENING, KnownClient, client_named
from changeover.record.port import PortBook
from changeover.values.own_state import module_of, namespace

_USERS_SHOWN = 3
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class UncoveredClient:
    """A client that is imported, and the modules of the program that name it themselves."""

    client: KnownClient
    used_by: tuple[str, ...]

    def __str__(self) -> str:
        """`requests (shop.db): declare a port, or migration.use("http")`."""
        more = len(self.used_by) - _USERS_SHOWN
        users = ", ".join(self.used_by[:_USERS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        return f"{self.client.name}{f' ({users})' if users else ''}: {self.client.way_out}"


def uncovered_clients(book: PortBook, packs: Collection[str] = ()) -> list[UncoveredClient]:
    """Those that no port covers, by name.

    Args:
        book: The ports of the migration. One that is of a class of the client covers it, and so do ports of
            classes of the program, where no other code of it names that client.
        packs: The packs of ports that are in use.
    """
    owners = _owners_of_ports(book)
    users = _users(owners)
    homes = map(client_named, map(_home, owners))
    covered = {client.name for client in homes if client is not None}
    covered |= {name for name, client in KNOWN_CLIENTS.items() if client.pack in packs}
    covered |= {name for name, modules in users.items() if not any(modules.values())}
    return [
        UncoveredClient(client, tuple(sorted(name for name, past in users.get(name, {}).items() if past)))
        for name, client in KNOWN_CLIENTS.items()
        if name not in covered
        and (covered.isdisjoint(client.below) or _is_opened(client, users))
        and _is_used(client, users)
    ]


def _is_used(client: KnownClient, users: Mapping[str, Any]) -> bool:
    """Whether the program uses it: it says so, or nobody else is known who would have imported it."""
    if client.name in users:
        return True
    if client.is_shared or client.name not in sys.modules:
        return False
    return not any(other in sys.modules for other in client.below)


def _is_opened(client: KnownClient, users: Mapping[str, Mapping[str, bool]]) -> bool:
    """Whether the program opens connections of it past its ports, beside a covered one above it."""
    return any(
        _opens(vars(sys.modules[name]), client) for name, past in users.get(client.name, {}).items() if past
    )


def _opens(names: Mapping[str, Any], client: KnownClient) -> bool:
    found = {name for name, value in [*names.items()] if client_named(_home(value)) is client}
    if found & OPENING:
        return True
    said = [_said(code) for one in [*names.values()] for code in _codes(one)]
    return any(one & found and one & OPENING for one in said)


def _users(owners: list[Any]) -> dict[str, dict[str, bool]]:
    """By client: the modules of the program in which it has names, and whether it is used past the ports."""
    found: dict[str, dict[str, bool]] = {}
    for name, module in [*sys.modules.items()]:
        if not issubclass(type(module), ModuleType) or not _is_of_program(name, module):
            continue
        held: dict[str, set[str]] = {}
        for own_name, value in [*vars(module).items()]:
            for client_name in _clients_of(value, module):
                held.setdefault(client_name, set()).add(own_name)
        for client_name, names in held.items():
            found.setdefault(client_name, {})[name] = _is_used_past_ports(module, names, owners)
        writing = [one for one in vars(module).values() if _home(one) == name and _writes(one)]
        if writing:
            past = any(not any(one is owner for owner in owners) for one in writing)
            found.setdefault(FILE_WRITING, {})[name] = past
    return found


def _clients_of(value: Any, module: ModuleType) -> Iterator[str]:
    """The clients that a value in a module is of; `import http.client` leaves the name of the package."""
    home = _home(value)
    client = client_named(home)
    if client is not None:
        yield client.name
    elif issubclass(type(value), ModuleType):
        inside = [name for name in KNOWN_CLIENTS if name.rpartition(".")[0] == home]
        if inside:
            users = [one for one in vars(module).values() if _home(one) == module.__name__]
            said = {name for one in users for code in _codes(one) for name in _said(code)}
            yield from (name for name in inside if name.rpartition(".")[2] in said)


def _is_used_past_ports(module: ModuleType, names: set[str], owners: list[Any]) -> bool:
    """Whether other code of the module than its ports says one of these names, or none of it does.

    Of a module that is a port a replay is refused the functions that are in no class.
    """
    is_port = any(module is owner for owner in owners)
    users = [one for one in [*vars(module).values()] if _home(one) == module.__name__]
    users = [one for one in users if any(names & _said(code) for code in _codes(one))]
    if is_port:
        users = [one for one in users if type(one) is not FunctionType]
    return not (users or is_port) or any(not any(one is owner for owner in owners) for one in users)


def _codes(owner: Any) -> Iterator[CodeType]:
    """The code of a function, or of the functions of a class; other objects of a program may be anything."""
    cls = type(owner)
    if cls is FunctionType:
        yield _innermost(owner).__code__
    elif issubclass(cls, type):
        for one in namespace(owner).values():
            found = one.__func__ if type(one) in (staticmethod, classmethod) else one
            found = found.fget if type(found) is property else found
            if type(found) is FunctionType:
                yield _innermost(found).__code__


def _writes(owner: Any) -> bool:
    """Whether a function, or one of a class, seems to write files."""
    return any(writes_files(inner) for code in _codes(owner) for inner in _and_inner(code))


def _and_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _and_inner(one)


def _innermost(function: FunctionType) -> FunctionType:
    """The function behind those that were put around it: a port has one around each of its methods."""
    inner = vars(function).get("__wrapped__")
    return function if type(inner) is not FunctionType else _innermost(inner)


def _said(code: CodeType) -> set[str]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return {*code.co_names, *(name for one in inner for name in _said(one))}


def _home(value: Any) -> str:
    """The module that a value is of."""
    cls = type(value)
    if issubclass(cls, ModuleType):
        home = vars(value).get("__name__")
    elif issubclass(cls, type):
        home = module_of(value)
    elif cls is BuiltinFunctionType:  # of `_sqlite3`, as its package has it from there
        home = value.__module__.removeprefix("_") if type(value.__module__) is str else None
    elif cls is FunctionType:
        home = value.__module__
    else:
        home = module_of(cls)
    return home if type(home) is str else ""


def _is_of_program(name: str, module: ModuleType) -> bool:
    """Whether it is neither Python's own, nor installed, nor the toolkit's."""
    file = vars(module).get("__file__")
    if not isinstance(file, str) or name.partition(".")[0] == "changeover":
        return False
    is_installed = any(f"/{folder}/" in file.replace("\\", "/") for folder in _INSTALLED)
    return not is_installed and not file.startswith(_standard())


@cache
def _standard() -> tuple[str, ...]:
    """Where modules of Python itself are; sysconfig works it out anew each time it is asked."""
    paths = sysconfig.get_paths()
    return paths["stdlib"], paths["platstdlib"]


def _owners_of_ports(book: PortBook) -> list[Any]:
    """The classes and modules that are ports, and what those classes are derived from."""
    found: list[Any] = []
    for port in book.ports.values():
        target = port.target
        if isinstance(target, ModuleType):
            found.append(target)
        else:
            found += (target if isinstance(target, type) else type(target)).__mro__
    return found
