"""Entities, rows and statements of SQLAlchemy.

An entity is the columns and relations that are loaded, and attributes that the program set beside them; what
is not loaded stands as `NotLoaded`, and reading loads nothing. Its copy has a state of its own, belongs to no
session, and ends a replay that asks it for more, unless the replay has a session for it. A statement that has
not run is its text and parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from changeover.values.libraries.database_errors import reading_for as error_reading
from changeover.values.libraries.sqlalchemy_statements import statement_reading
from changeover.values.not_loaded import NotLoaded, refuse
from changeover.values.own_state import class_name, dict_of, found_in, mro, own_state
from changeover.values.place import key_text
from changeover.values.scalar_values import scalar_reading
from changeover.values.shapes import Handle, Reading, Shape, State

_STATE = "_sa_instance_state"
_SESSION, _EXPIRED = "changeover_session", "changeover_expired"
"""What the state of a copy notes of its original: its session, and which attributes it was to load again."""
_ADAPTER = "_sa_adapter"
_OF_MODEL = ("__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
"""What pydantic keeps of an entity that is a model too (SQLModel); which fields were set says nothing."""


def reading_for(cls: type) -> Reading | None:
    """The reading of an entity, or of a class of SQLAlchemy; None for its sessions and engines."""
    if found_in(cls, "_sa_class_manager") is not None and dict_of(cls) is not None:
        return Reading(
            Shape.NAMES, _entity_parts, copied=_entity_copied, make=_entity_blank, fill=_entity_fill
        )
    if BaseException in mro(cls):
        return error_reading(cls)
    names = {class_name(base) for base in mro(cls)}
    if _MUTABLE in names:
        return _mutable_reading(cls)
    if names & _COLLECTIONS.keys():
        shape = next(_COLLECTIONS[name] for name in names if name in _COLLECTIONS)
        return Reading(
            shape,
            _items,
            mapping=shape is Shape.NAMES,
            state=_without_adapter,
            copied=_collection_copied,
            make=_collection_made,
        )
    if cls.__name__ == "immutabledict":  # of an address, say: its `__new__` is not that of dict
        return Reading(Shape.NAMES, _items_of_mapping, mapping=True, make=_mapping_made, is_frozen=True)
    if names & _RESULTS:
        return Reading(Shape.UNREADABLE, lambda _: None, handle=Handle.LIVE)
    if "sqlalchemy.engine.row.Row" in names:
        return Reading(Shape.NAMES, _row_parts, copied=_row_copied, make=_row_made, is_frozen=True)
    if "sqlalchemy.engine.row.RowMapping" in names:
        return Reading(Shape.NAMES, _row_parts, copied=_row_copied, make=_row_made, is_frozen=True)
    if found_in(cls, "__module__") == "sqlalchemy.sql.elements" and scalar_reading(cls) is not None:
        return scalar_reading(cls)  # texts with marks of SQLAlchemy's own
    return statement_reading(cls)


def _items_of_mapping(value: Any) -> Any:
    return dict(dict.items(value))


def _mapping_made(cls: Any, parts: State, _: State) -> Any:
    return cls(parts)


_MUTABLE = "sqlalchemy.ext.mutable.MutableBase"
_RESULTS = frozenset(
    {
        "sqlalchemy.engine.result.ResultInternal",
        "sqlalchemy.ext.asyncio.result.AsyncCommon",
        "sqlalchemy.engine.result.FrozenResult",
    }
)
_COLLECTIONS = {
    "sqlalchemy.orm.collections.InstrumentedList": Shape.ITEMS,
    "sqlalchemy.orm.collections.InstrumentedSet": Shape.BAG,
    "sqlalchemy.orm.collections.InstrumentedDict": Shape.NAMES,
    "sqlalchemy.orm.mapped_collection.MappedCollection": Shape.NAMES,
    "sqlalchemy.orm.mapped_collection.KeyFuncDict": Shape.NAMES,
}


def _manager(entity: Any) -> Any:
    return found_in(type(entity), "_sa_class_manager")


def _identity(entity: Any, state: Any) -> str:
    key = None if state is None else vars(state).get("key")
    return "" if key is None else ", ".join(key_text(one) for one in key[1])


def _attributes(entity: Any) -> State:
    """What is loaded, and what the program keeps beside it."""
    state = own_state(entity)
    beside = [state[name] for name in _OF_MODEL[1:] if state.get(name)]
    return {
        name: part
        for kept in (state, *beside)
        for name, part in kept.items()
        if not name.startswith(("_sa_", "_AssociationProxy_")) and name not in _OF_MODEL
    }


def _entity_parts(entity: Any) -> State:
    found = _attributes(entity)
    state = own_state(entity).get(_STATE)
    identity = _identity(entity, state)
    if not identity:  # nothing can be fetched of what is in no database
        return found
    name = class_name(type(entity))
    for key in _mapped_names(entity):
        if key not in found:
            found[key] = NotLoaded(name, identity, key)
    return found


def _mapped_names(entity: Any) -> list[str]:
    return [key for key in _manager(entity) if isinstance(key, str)]


def _entity_copied(entity: Any) -> State:
    """Collections as what they hold: those of the copy tell another state of their changes."""
    state = own_state(entity).get(_STATE)
    whole = own_state(entity)
    attributes = {
        key: _bare(part) if _is_collection(entity, key) else part
        for key, part in _attributes(entity).items()
        if key in whole
    }
    key = None if state is None else vars(state).get("key")
    identity = None if key is None else tuple(key[1])
    has_state = {} if state is None else vars(state)
    return {
        "attributes": attributes,
        "identity": identity,
        "has_state": state is not None,
        "model": {name: whole[name] for name in _OF_MODEL if name in whole},
        "session": has_state.get("session_id", has_state.get(_SESSION)),
        "expired": (*sorted(getattr(state, "expired_attributes", ())),),
    }


def session_of_original(copy: Any) -> int | None:
    """The number of the session of an entity's original; None for all else, and where the copy is in one."""
    state: Any = vars(copy).get(_STATE) if hasattr(copy, "__dict__") else None
    if state is None or _SESSION not in getattr(state, "__dict__", {}) or state.session_id is not None:
        return None
    number: int | None = vars(state)[_SESSION]
    return number


def with_session(copy: Any, session: Any) -> None:
    """Put a copy into a session, from which it loads what its original had not loaded."""
    state = own_state(copy)[_STATE]
    state.callables = {}
    state.expired_attributes.update(vars(state)[_EXPIRED])
    session.add(copy)


def _is_collection(entity: Any, key: str) -> bool:
    manager = _manager(entity)
    return key in manager and bool(getattr(manager[key].impl, "collection", False))


def _bare(collection: Any) -> Any:
    if isinstance(collection, dict):
        return dict(dict.items(collection))
    if isinstance(collection, set):
        return {*set.__iter__(collection)}
    return [*list.__iter__(collection)] if isinstance(collection, list) else collection


def _entity_blank(cls: Any, parts: State, _: State) -> Any:
    made = object.__new__(cls)
    if parts["has_state"]:
        found_in(cls, "_sa_class_manager").setup_instance(made)
    return made


def _entity_fill(made: Any, parts: State) -> None:
    in_dict = own_state(made)
    state = in_dict.get(_STATE)
    kept = dict_of(type(made))(made)  # type: ignore[misc]
    for name, part in parts.get("model", {}).items():
        object.__setattr__(made, name, part)
    for key, part in parts["attributes"].items():
        kept[key] = _given_collection(made, state, key, part) if state and _is_collection(made, key) else part
    if state is None:
        return
    vars(state)[_SESSION] = parts.get("session")
    vars(state)[_EXPIRED] = parts.get("expired", ())
    if parts["identity"] is None:
        return
    mapper = _manager(made).mapper
    state.key = mapper.identity_key_from_primary_key(parts["identity"])
    state.expired_attributes.clear()
    name, identity = class_name(type(made)), _identity(made, state)
    state.callables = {
        key: partial(_refused, f"{name}.{key}", f"was not loaded for the one with the key {identity}")
        for key in _mapped_names(made)
        if key not in kept
    }


def _refused(place: str, what: str, _state: Any, passive: Any) -> Any:
    from sqlalchemy.orm import base

    if not passive & base.PassiveFlag.SQL_OK:
        return base.PASSIVE_NO_RESULT
    return refuse(place, what)


def _given_collection(made: Any, state: Any, key: str, part: Any) -> Any:
    manager = _manager(made)
    _, collection = manager.initialize_collection(key, state, manager[key].impl.collection_factory)
    if isinstance(collection, dict):
        dict.update(collection, part)
    elif isinstance(collection, set):
        set.update(collection, part)
    elif isinstance(collection, list):
        list.extend(collection, part)
    else:
        raise TypeError(f"{class_name(type(collection))} is a collection of the program's own")
    return collection


def _items(collection: Any) -> Any:
    if isinstance(collection, dict):
        return dict(dict.items(collection))
    if isinstance(collection, set):
        return (*set.__iter__(collection),)
    return [*list.__iter__(collection)]


def _without_adapter(collection: Any) -> State:
    return {
        name: part
        for name, part in own_state(collection).items()
        if name not in (_ADAPTER, "keyfunc", "ignore_unpopulated_attribute")
    }


def _collection_copied(collection: Any) -> State:
    """By its owner, where that is still there."""
    adapter: Any = own_state(collection).get(_ADAPTER)
    owner = None if adapter is None else adapter.owner_state.obj()
    if owner is not None and own_state(owner).get(adapter._key) is collection:
        return {"owner": owner, "key": adapter._key}
    return {"items": _bare(collection)}


def _collection_made(cls: Any, parts: State, _: State) -> Any:
    if "owner" in parts:
        return own_state(parts["owner"])[parts["key"]]
    base: Any = next(base for base in (list, set, dict) if base in mro(cls))
    made = base.__new__(cls)
    (base.extend if base is list else base.update)(made, parts["items"])
    return made


def _mutable_reading(cls: type) -> Reading | None:
    """A list, dict or set that tells its entity of changes; who is told is no part of it."""
    from changeover.values.container_values import container_reading
    from changeover.values.object_values import object_reading

    reading = container_reading(cls)
    if reading is None:
        plain = object_reading(cls)
        parts: Callable[[Any], Any] = plain.parts
        return Reading(plain.shape, lambda value: _unwatched(parts(value)))
    from dataclasses import replace

    return replace(reading, state=lambda value: _unwatched(own_state(value)))


def _unwatched(state: State) -> State:
    return {name: part for name, part in state.items() if name != "_parents"}


def _row_parts(row: Any) -> State:
    names = [*row._parent.keys]
    if len({*names}) == len(names):
        return dict(zip(names, row._data, strict=True))
    return {"names": names, "values": [*row._data]}


def _row_copied(row: Any) -> State:
    return {"names": (*row._parent.keys,), "values": (*row._data,)}


def _row_made(cls: Any, parts: State, _: State) -> Any:
    from sqlalchemy.engine.result import SimpleResultMetaData

    parent = SimpleResultMetaData(parts["names"])
    return cls(parent, None, parent._key_to_index, tuple(parts["values"]))
