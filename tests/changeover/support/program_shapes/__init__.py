"""Ordinary shapes of programs, in modules by theme; importing this package fills the table."""

from tests.changeover.support.program_shapes import (
    at_once,
    calls_out,
    flows,
    late_work,
    libraries,
    methods,
    objects,
    state,
    values,
)
from tests.changeover.support.program_shapes.shape import SHAPES, Shape

__all__ = [
    "SHAPES",
    "Shape",
    "at_once",
    "calls_out",
    "flows",
    "late_work",
    "libraries",
    "methods",
    "objects",
    "state",
    "values",
]
