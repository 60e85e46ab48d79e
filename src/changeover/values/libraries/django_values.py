"""Models and query sets of Django, without a query.

A model instance is its fields, the relations and prefetched lists that are loaded, and attributes that the
program set beside them. A query set that has run is what it holds; one that has not is its text and
parameters. Copies end a replay that asks them for what only the database knows, unless the replay has a
database of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from changeover.values.not_loaded import NotLoaded, refuse
from changeover.values.own_state import class_name, dict_of, mro, own_state
from changeover.values.place import key_text
from changeover.values.reading import register
from changeover.values.shapes import Handle, Reading, Shape, State

_STATE = "_state"
_PREFETCHED = "_prefetched_objects_cache"
_NAMES = {
    "django.db.models.base.Model": "model",
    "django.db.models.query.QuerySet": "query_set",
    "django.db.models.manager.BaseManager": "manager",
    "django.utils.functional.SimpleLazyObject": "lazy",
    "django.utils.functional.LazyObject": "lazy",
    "django.utils.functional.Promise": "lazy_text",
    "django.db.backends.base.base.BaseDatabaseWrapper": "handle",
    "django.db.models.fields.Field": "by_name",
    "django.db.models.options.Options": "by_name",
}


def reading_for(cls: type) -> Reading | None:
    """The reading of a class of Django or derived from one."""
    found = next((_NAMES[name] for name in map(class_name, mro(cls)) if name in _NAMES), None)
    return None if found is None else _READINGS.get(found)


def _fields(model: Any) -> list[Any]:
    return [*type(model)._meta.concrete_fields]


def _identity(model: Any, state: State) -> str:
    key = type(model)._meta.pk
    return key_text(state[key.attname]) if key is not None and key.attname in state else ""


def _model_parts(model: Any) -> State:
    state = own_state(model)
    found = {name: part for name, part in state.items() if name not in (_STATE, _PREFETCHED)}
    its_state = own_state(state[_STATE]) if _STATE in state else {}
    name, identity = class_name(type(model)), _identity(model, state)
    related = its_state.get("fields_cache") or {}
    for field in _fields(model):
        if field.attname not in found:
            found[field.attname] = NotLoaded(name, identity, field.attname)
        if field.is_relation and field.attname != field.name:
            if field.name in related:
                found[field.name] = related[field.name]
            elif found[field.attname] is not None:
                found[field.name] = NotLoaded(name, identity, field.name)
    for relation, part in related.items():
        found.setdefault(relation, part)
    found |= state.get(_PREFETCHED) or {}
    return found


def _model_copied(model: Any) -> State:
    state = own_state(model)
    its_state = own_state(state[_STATE]) if _STATE in state else {}
    return {
        "attributes": {name: part for name, part in state.items() if name not in (_STATE, _PREFETCHED)},
        "related": dict(its_state.get("fields_cache") or {}),
        "prefetched": dict(state.get(_PREFETCHED) or {}),
        "adding": its_state.get("adding", True),
        "database": its_state.get("db"),
    }


def _model_blank(cls: type, parts: State, _: State) -> Any:
    return object.__new__(cls)


def _model_fill(made: Any, parts: State) -> None:
    from django.db.models.base import ModelState

    kept = dict_of(type(made))(made)  # type: ignore[misc]
    state: Any = ModelState()
    state.adding = parts["adding"]
    state.db = None if parts["database"] is None else Unreachable(parts["database"])
    state.fields_cache = dict(parts["related"])
    kept[_STATE] = state
    kept.update(parts["attributes"])
    if parts["prefetched"]:
        kept[_PREFETCHED] = dict(parts["prefetched"])


_answered: list[Callable[[str], bool]] = []


def let_copies_ask(is_answered: Callable[[str], bool]) -> None:
    """Let copies ask databases for which this is true of their name: those that a replay has of its own.

    The name is empty where the routers of the program decide.
    """
    if is_answered not in _answered:
        _answered.append(is_answered)


class Unreachable(str):
    """The name of the database of a copy: Django asks whether it is there before every query."""

    __slots__ = ()

    def __bool__(self) -> bool:
        name = str.__str__(self)
        if not any(is_answered(name) for is_answered in _answered):
            refuse(*_asked())
        return name != ""


register(Unreachable, Reading(Shape.SCALAR, str.__str__, scalar=str, is_atom=True))
_STEPS_MAX = 12


def _asked() -> tuple[str, str]:
    """What Django is about to fetch: the field whose descriptor is on the stack."""
    frame = sys._getframe(1)
    for _ in range(_STEPS_MAX):
        if frame.f_back is None:
            break
        frame = frame.f_back
        asked = frame.f_locals.get("self")
        if frame.f_code.co_name == "__get__" and str(type(asked).__module__).startswith("django.db.models"):
            field = getattr(asked, "field", None) or getattr(asked, "related", None)
            model, name = getattr(field, "model", None), getattr(field, "name", "")
            if isinstance(model, type):
                return f"{class_name(model)}.{name}", "was not loaded"
    return "the database of a model", "was asked for what had not been loaded"


def _query_parts(query_set: Any) -> Any:
    """The cache where it has run, else text and parameters; None where they cannot be had."""
    state = own_state(query_set)
    cached = state.get("_result_cache")
    if cached is not None:
        return {"model": class_name(state["model"]), "items": cached}
    try:
        text, parameters = _statement(state["_query"])
    except Exception:  # noqa: BLE001  what only the program's own database can write
        return None
    return {"model": class_name(state["model"]), "statement": text, "parameters": [*parameters]}


def _statement(query: Any) -> Any:
    """As SQLite would be asked, by a connection that is never opened."""
    from django.db.backends.sqlite3.base import DatabaseWrapper

    settings: State = {
        "NAME": ":memory:",
        "ENGINE": "django.db.backends.sqlite3",
        "OPTIONS": {},
        "TIME_ZONE": None,
    }
    connection = DatabaseWrapper(settings, "changeover")
    connection.ensure_connection = _never
    return query.clone().get_compiler(connection=connection).as_sql()


def _never() -> None:
    raise ConnectionError("a statement is only written down")


def _query_copied(query_set: Any) -> State:
    state = own_state(query_set)
    kept = {name: part for name, part in state.items() if name not in ("_result_cache", "_query")}
    known = kept.pop("_known_related_objects", None) or {}
    return {
        "items": state.get("_result_cache"),
        "known": {field: dict(objects) for field, objects in known.items()},
        "held": Held({**kept, "_query": state["_query"].clone()}),
    }


class Held:
    """What a copy of a query set shares with its original, or has of its own already."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state = state


register(Held, Reading(Shape.SCALAR, lambda _: "held", scalar=Handle, is_atom=True))


def _query_made(cls: type, parts: State, _: State) -> Any:
    made: Any = object.__new__(cls)
    kept = dict_of(cls)(made)  # type: ignore[misc]
    kept.update(parts["held"].state)
    kept["_result_cache"], kept["_known_related_objects"] = parts["items"], parts["known"]
    database = kept.get("_db")
    kept["_db"] = Unreachable("" if database is None else str.__str__(database))
    kept["_prefetch_done"] = parts["items"] is not None
    kept["_hints"] = {}
    return made


def _lazy_parts(lazy: Any) -> Any:
    """What a lazy object holds, where it was asked before."""
    held = own_state(lazy).get("_wrapped")
    return None if held is None or type(held) is object else {"wrapped": held}


def _lazy_made(cls: type, parts: State, _: State) -> Any:
    made: Any = object.__new__(cls)
    dict_of(cls)(made).update(_wrapped=parts["wrapped"], _setupfunc=None)  # type: ignore[misc]
    return made


def _lazy_text(promise: Any) -> Any:
    state = own_state(promise)
    return {"args": state.get("_args"), "kwargs": state.get("_kw")}


def _by_name(value: Any) -> str:
    state = own_state(value)
    model = state.get("model")
    return f"{class_name(model)}.{state.get('name')}" if isinstance(model, type) else class_name(type(value))


_READINGS = {
    "model": Reading(Shape.NAMES, _model_parts, copied=_model_copied, make=_model_blank, fill=_model_fill),
    "query_set": Reading(Shape.NAMES, _query_parts, copied=_query_copied, make=_query_made),
    "manager": Reading(Shape.UNREADABLE, lambda _: None, handle=Handle.LIVE),
    "handle": Reading(Shape.UNREADABLE, lambda _: None, handle=Handle.LIVE),
    "lazy": Reading(Shape.NAMES, _lazy_parts, copied=_lazy_parts, make=_lazy_made),
    "lazy_text": Reading(Shape.NAMES, _lazy_text, is_atom=True),
    "by_name": Reading(Shape.SCALAR, _by_name, scalar=Handle, is_atom=True),
}
