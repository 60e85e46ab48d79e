"""Sweeps that take longer than a test may: `python -m tests.sweeps NAME [options]`."""

import sys
from collections.abc import Callable, Sequence

from tests.sweeps import equal_paths, injections, kills

SWEEPS: dict[str, Callable[[Sequence[str]], int]] = {
    "equal-paths": equal_paths.main,
    "kills": kills.main,
    "injections": injections.main,
}


def main(arguments: Sequence[str]) -> int:
    """Run one sweep; 2 where there is none of that name."""
    if not arguments or arguments[0] not in SWEEPS:
        print(f"python -m tests.sweeps NAME [options]; there are: {', '.join(SWEEPS)}", file=sys.stderr)
        return 2
    return SWEEPS[arguments[0]](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
