"""JSON Schemas of the models, as editors and other programs read them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class SchemaWriter(GenerateJsonSchema):
    """Without what pydantic would add of its own: titles made from names, and null for what is left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A title that repeats the key says nothing."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default of null means that there is none."""
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def generate(
        self, schema: core_schema.CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        """The whole schema, with its dialect."""
        return {"$schema": DIALECT, **super().generate(schema, mode)}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of a model (draft 2020-12), as plain data."""
    return model.model_json_schema(schema_generator=SchemaWriter)
