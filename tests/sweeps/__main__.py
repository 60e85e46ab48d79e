"""Sweeps that take longer than a test may: `python -m tests.sweeps NAME [options]`.

Every module of this folder that has a `main` is one, under the name of its file (`equal-paths` for
`equal_paths.py`).
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

SWEEPS = {
    path.stem.replace("_", "-"): f"tests.sweeps.{path.stem}"
    for path in sorted(Path(__file__).parent.glob("[!_]*.py"))
    if "\ndef main(" in path.read_text("utf-8")
}


def main(arguments: Sequence[str]) -> int:
    """Run one sweep; 2 where there is none of that name."""
    if not arguments or arguments[0] not in SWEEPS:
        print(f"python -m tests.sweeps NAME [options]; there are: {', '.join(SWEEPS)}", file=sys.stderr)
        return 2
    code: int = import_module(SWEEPS[arguments[0]]).main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
