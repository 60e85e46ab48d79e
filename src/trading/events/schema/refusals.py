"""What a reader refuses beyond the shape: bounds, patterns, validators, names in JSON; in words of its own.

A description is compared with the one of another program: two that differ may refuse what the other wrote.
"""

import inspect
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from hashlib import sha256
from io import StringIO
from textwrap import dedent
from typing import Any

import annotated_types
from pydantic import AliasChoices, PlainSerializer, WrapSerializer
from pydantic.fields import FieldInfo

# What of a model's configuration decides about reading.
CONFIGURED = (
    "extra",
    "strict",
    "allow_inf_nan",
    "str_min_length",
    "str_max_length",
    "str_strip_whitespace",
    "str_to_lower",
    "str_to_upper",
    "coerce_numbers_to_str",
    "use_enum_values",
)
DOCSTRING = re.compile(r'"""[\s\S]*?"""')
WRITES_ONLY = (PlainSerializer, WrapSerializer, str)


def rules_of(metadata: Iterable[Any]) -> list[str]:
    """The bounds and validators beside a type, each as a text, in an order that does not depend on theirs."""
    return sorted({rule for item in metadata for rule in _rules(item)})


def rules_of_class(described: type) -> list[str]:
    """The validators of a class and what its configuration says about reading."""
    config = getattr(described, "model_config", None) or getattr(described, "__pydantic_config__", None) or {}
    found = [f"{key}={config[key]!r}" for key in CONFIGURED if key in config]
    decorators = getattr(described, "__pydantic_decorators__", None)
    if decorators is not None:
        for name, decorator in decorators.field_validators.items():
            where = ",".join(sorted(decorator.info.fields))
            found.append(_validator(f"{decorator.info.mode} {where}", name, decorator.func))
        for name, decorator in decorators.model_validators.items():
            found.append(_validator(decorator.info.mode, name, decorator.func))
    return sorted(found)


def json_names(name: str, field: FieldInfo, model: type) -> list[str]:
    """The names by which a reader takes a field."""
    alias = field.validation_alias
    if alias is None:
        return [name]
    chosen = alias.choices if isinstance(alias, AliasChoices) else [alias]
    names = {choice if isinstance(choice, str) else repr(choice) for choice in chosen}
    config = getattr(model, "model_config", {})
    if config.get("populate_by_name") or config.get("validate_by_name"):
        names.add(name)
    return sorted(names)


def _rules(item: Any) -> Iterator[str]:
    if isinstance(item, WRITES_ONLY):
        return
    if isinstance(item, FieldInfo):
        yield from rules_of(item.metadata)
    elif isinstance(item, annotated_types.GroupedMetadata):
        yield from rules_of(item)
    elif callable(getattr(item, "func", None)):
        yield _validator(type(item).__name__, getattr(item.func, "__qualname__", ""), item.func)
    elif is_dataclass(item) and not isinstance(item, type):
        yield from _told(type(item), {one.name: getattr(item, one.name) for one in fields(item)})
    elif isinstance(item, type) or not hasattr(item, "__dict__"):
        yield getattr(item, "__qualname__", repr(item))
    else:
        yield from _told(type(item), vars(item))


def _told(kind: type, values: dict[str, Any]) -> Iterator[str]:
    """A bound names itself ("max_length=3"); what says nothing of itself is named by its class."""
    told = [f"{name}={value!r}" for name, value in values.items() if value is not None]
    yield from told or [kind.__qualname__]


def _validator(mode: str, name: str, function: Any) -> str:
    return f"{mode} {name} {_fingerprint(function)}".strip()


def _fingerprint(function: Any) -> str:
    """Of the text of a function without comments, docstring and layout; empty where there is no text.

    What a validator refuses cannot be read off its name: one that was changed may refuse what is stored.
    """
    try:
        text = inspect.getsource(inspect.unwrap(getattr(function, "__func__", function)))
    except (OSError, TypeError):
        return ""
    bare = "".join(_without_comments(DOCSTRING.sub("", dedent(text))).split())
    return sha256(bare.encode()).hexdigest()[:12]


def _without_comments(text: str) -> str:
    try:
        tokens = list(tokenize.generate_tokens(StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):  # a lambda in the middle of an expression
        return text
    return "".join(token.string for token in tokens if token.type != tokenize.COMMENT)
