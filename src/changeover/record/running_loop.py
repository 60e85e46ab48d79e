"""Whether an event loop of asyncio runs in this thread; asks for nothing to be imported."""

from __future__ import annotations

import sys
from typing import Any


def running_loop() -> Any:
    """The loop of this thread, None where none runs.

    Another thread may just be importing asyncio: what is not there yet runs no loop.
    """
    asyncio = sys.modules.get("asyncio")
    find = getattr(asyncio, "_get_running_loop", None)
    return None if find is None else find()
