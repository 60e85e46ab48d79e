"""The environment of commands that are to use the packages in a copy, and not those of the working tree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def environment_for(folder: Path, first: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """`first` stands first on the path of imports; settings of the toolkit itself are left out."""
    kept = {name: value for name, value in environment.items() if not name.startswith("CHANGEOVER_")}
    places = [first, *(place for place in (folder / "src", folder) if place.is_dir())]
    kept["PYTHONPATH"] = os.pathsep.join(map(str, places))
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    return kept
