"""What the models of files share: tables that know all their keys, and texts of a given form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, ValidationError, core_schema

from changeover.values.toml_table import shown

SAID = "said"
"""The type of an error whose message is a whole sentence already."""

UNSET: Any = None
"""The default of a key that may be left out; null is never what stands there."""


class FileTable(BaseModel):
    """A table of a file: values are of their own type, and a key that nobody knows is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Like:
    """A text of a form: all of it matches `pattern`, in words `allowed`."""

    pattern: str
    allowed: str
    most: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        found = {**handler(schema), "pattern": f"^(?:{self.pattern})$", "$comment": self.allowed}
        return found if self.most is None else {**found, "maxLength": self.most}

    def _checked(self, text: str) -> str:
        if self.most is not None and len(text) > self.most:
            raise said(f"has {len(text):,} characters, allowed: {self.most:,}")
        if not re.fullmatch(self.pattern, text):
            begins = re.match(self.pattern, text)
            wrong = f", wrong from character {begins.end() + 1} on" if begins and begins.end() else ""
            raise said(f"was {shown(text)}{wrong}, allowed: {self.allowed}")
        return text


def said(sentence: str) -> PydanticCustomError:
    """An error that is told as it is."""
    return PydanticCustomError(SAID, "{sentence}", {"sentence": sentence})


def refuse(found: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
    """Raise all of these at once, each at a place below the table that is looked at."""
    errors = [InitErrorDetails(type=said(text), loc=place, input=None) for place, text in found]
    if errors:
        raise ValidationError.from_exception_data("table", errors)


class EachOnce:
    """A list in which nothing stands twice."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "uniqueItems": True}

    def _checked(self, texts: list[Any]) -> list[Any]:
        refuse(
            ((number,), f"{text!r} stands there twice")
            for number, text in enumerate(texts)
            if text in texts[:number]
        )
        return texts


Text = Annotated[str, Like(r"[\s\S]*\S[\s\S]*", "a text that is not empty")]
Texts = Annotated[list[Text], EachOnce()]
Share = Annotated[float, Field(ge=0, le=1)]
