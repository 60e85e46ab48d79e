"""The end of the migration, rehearsed as a whole: legacy deleted in a scratch copy, the rest run there."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """What `changeover legacy prove` prints and answers."""
    command = [str(Path(sys.executable).with_name("changeover")), "legacy", "prove", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode
