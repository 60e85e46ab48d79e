"""The parts of answers on a tape whose change is compared, and what each of them was before it was given."""

from __future__ import annotations

from dataclasses import field
from typing import Generic, TypeVar

from changeover.quick_dataclass import dataclass
from changeover.record.answer_parts import Path
from changeover.record.call_inputs import InputPlace

EntryT = TypeVar("EntryT")
SpotT = TypeVar("SpotT")


@dataclass(eq=False, repr=False, slots=True)
class WatchedParts(Generic[EntryT, SpotT]):
    """By entry of the tape, the `paths` of its parts.

    `first` has, of a part that had been given before, where that was; `inputs` which of them the path was
    called with; `arguments` the name under which the port was called with it.
    """

    paths: dict[EntryT, list[Path]] = field(default_factory=dict)
    first: dict[SpotT, SpotT] = field(default_factory=dict)
    inputs: dict[SpotT, InputPlace] = field(default_factory=dict)
    arguments: dict[SpotT, str] = field(default_factory=dict)
