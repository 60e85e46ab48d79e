"""The command line with an accident planted: `python -m tests.accidents 7 compare --source stress`.

It is that of `changeover`; 0 plants nothing. What it compares goes to a store of its own, which is deleted
afterwards: nobody's evidence is about a planted program.
"""

import os
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory

import pytest

from changeover.cli.main import main as changeover
from tests.accidents.catalogue import FILES, load


def main(arguments: Sequence[str]) -> None:
    """Run the command; it exits with the command's code, 2 for a number that is no accident's."""
    number = int(arguments[0]) if arguments and arguments[0].isdecimal() else -1
    if number and number not in FILES:
        print(f"python -m tests.accidents NUMBER COMMAND...; numbers: 0 to {max(FILES)}", file=sys.stderr)
        sys.exit(2)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "CHANGEOVER_STORE", f"sqlite:///{folder}/evidence.db")
        if number:
            load(number).plant(patch)
        patch.setattr(sys, "argv", ["changeover", *arguments[1:]])
        changeover()


if __name__ == "__main__":
    main(sys.argv[1:])
