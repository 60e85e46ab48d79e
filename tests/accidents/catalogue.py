"""All accidents by number: every `aNN_what_happened.py` of this folder is one."""

from importlib import import_module
from pathlib import Path

from tests.accidents.accident import Accident

FILES = {int(path.stem[1:3]): path for path in sorted(Path(__file__).parent.glob("a[0-9][0-9]_*.py"))}


def load(number: int) -> Accident:
    """One accident; nothing is planted by it."""
    accident: Accident = import_module(f"tests.accidents.{FILES[number].stem}").ACCIDENT
    return accident
