"""Whatever a test lets a command print as JSON fits the schema that is published for it."""

from tests.changeover.support.json_schemas import every_output_fits_its_schema

__all__ = ["every_output_fits_its_schema"]
