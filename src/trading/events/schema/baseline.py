"""The committed description of all event schemas, and the command that checks and renews it.

`python -m trading.events.schema.baseline` exits 1 where the schemas break a promise of `baseline.json`, or
where that file is not up to date; with `--write` it brings the file up to date, unless a promise is broken.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.compatibility import check_compatibility
from trading.events.schema.shape import shape_of
from trading.events.schema.versions import Versions, version_of

BASELINE = Path(__file__).with_name("baseline.json")

Description = dict[str, Any]


def describe(versions: Versions) -> Description:
    """Version, readable versions and shape of every event type, in plain JSON values."""
    return {
        name: {
            "version": version_of(event),
            "reads": list(versions.readable_versions(name)),
            "shape": _without_address(shape_of(event)),
        }
        for name, event in sorted(versions.classes.items())
    }


def read_baseline(path: Path = BASELINE) -> Description:
    """The committed description."""
    described: Description = json.loads(path.read_text("utf-8"))
    return described


def main(arguments: Sequence[str] | None = None, *, path: Path = BASELINE) -> int:
    """The command; 0 means compatible and up to date."""
    parser = argparse.ArgumentParser(prog="python -m trading.events.schema.baseline", description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring baseline.json up to date")
    writes = parser.parse_args(arguments).write
    current = describe(VERSIONS)
    baseline = read_baseline(path) if path.exists() else {}
    problems = check_compatibility(baseline, current)
    for problem in problems:
        print(problem)
    if problems:
        return 1
    if writes:
        path.write_text(json.dumps(current, indent=1) + "\n", "utf-8")
    elif baseline != current:
        print(f"{path}: is not up to date; run python -m trading.events.schema.baseline --write")
        return 1
    return 0


def _without_address(shape: Description) -> Description:
    """Type and version stand beside the shape: a raised version alone is no change of shape."""
    fields = {n: f for n, f in shape["fields"].items() if n not in ("event_type", "schema_version")}
    return {**shape, "fields": fields}


if __name__ == "__main__":
    sys.exit(main())
