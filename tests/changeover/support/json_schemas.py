"""Every JSON output of the test suite is held against its published schema."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from changeover.models import catalogue

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
_fitted = catalogue.fitted


@cache
def validator(name: str) -> Any:
    """Of the schema as it is published."""
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def held_against_schema(name: str, content: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """In place of `fitted`: nothing that a command prints may differ from its model or from its schema."""
    document, problems = _fitted(name, content)
    problems += [
        f"{list(error.path)}: {error.message[:300]}" for error in validator(name).iter_errors(document)
    ]
    assert not problems, f"changeover schema {name}: {problems}"
    assert document == json.loads(json.dumps(content))
    return document, []


@pytest.fixture(autouse=True, scope="session")
def every_output_fits_its_schema() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue, "fitted", held_against_schema)
        yield
