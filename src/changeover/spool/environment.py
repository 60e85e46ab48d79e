"""What the process is that appends: it stands at the beginning of each of its files."""

from __future__ import annotations

import json
import locale
import os
import platform
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

RUNS = "runs"
"""How many runs the process had appended before this file."""
PROBE = "changeover"
"""A text whose hash tells hash seeds apart."""


def describe_environment(runs: int, more: Mapping[str, Any]) -> bytes:
    """JSON of what may make the same code do something else in another process, and of `more`."""
    data = {
        RUNS: runs,
        "pid": os.getpid(),
        "host": platform.node(),
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "hash_seed": os.environ.get("PYTHONHASHSEED"),
        "hash_of_probe": hash(PROBE),
        "time_zone": os.environ.get("TZ"),
        "time_zone_names": list(time.tzname),
        "locale": _locale(),
        "encoding": sys.getfilesystemencoding(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": sys.platform,
        **more,
    }
    return json.dumps(data).encode()


def _locale() -> str | None:
    with suppress(locale.Error):
        return locale.setlocale(locale.LC_ALL)
    return None
