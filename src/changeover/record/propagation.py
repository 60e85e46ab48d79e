"""What a path starts (threads, jobs, tasks, callbacks) runs with its session and pins, as a branch of it.

The functions that start work are replaced in place, once, by ones that ask the context first; outside any run
they do what they did.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from changeover.record.loop_handlers import keep_readers, keep_signal_handlers
from changeover.record.propagation_to_conditions import (
    carry_async_conditions,
    carry_conditions,
    carry_futures,
)
from changeover.record.propagation_to_queues import (
    carry_async_queues,
    carry_memory_streams,
    carry_queues,
)
from changeover.record.propagation_to_tasks import carry_tasks
from changeover.record.propagation_to_threads import (
    carry_multiprocessing_pools,
    carry_pools,
    carry_process_starts,
    carry_processes,
    carry_threads,
)

POOLS = "concurrent.futures"


def _all_of(*carriers: Callable[[Any], None]) -> Callable[[Any], None]:
    def carry(module: Any) -> None:
        for carrier in carriers:
            carrier(module)

    return carry


_CARRIERS: dict[str, Callable[[Any], None]] = {
    "threading": _all_of(carry_threads, carry_conditions),
    POOLS: carry_pools,
    "concurrent.futures._base": carry_futures,
    "concurrent.futures.process": carry_processes,
    "multiprocessing.process": carry_process_starts,
    "multiprocessing.pool": carry_multiprocessing_pools,
    "queue": carry_queues,
    "asyncio.base_events": carry_tasks,
    "asyncio.locks": carry_async_conditions,
    "asyncio.queues": carry_async_queues,
    "anyio.streams.memory": carry_memory_streams,
    "asyncio.selector_events": keep_readers,
    "asyncio.unix_events": keep_signal_handlers,
}
NOT_CARRIED = set(_CARRIERS)
"""Modules whose work nothing carries yet; most of them nobody has imported."""


def carry_into_pools() -> None:
    """Let jobs of pools carry the pins of whoever gave them, whether or not anything is compared."""
    _carry(POOLS)


def carry_work() -> None:
    """Let everything that a path starts from now on carry its run; asking again changes nothing.

    What belongs to a module that nobody has imported yet, or that another thread is just importing, is left
    for a later time.
    """
    for module in sorted(NOT_CARRIED):
        if _is_imported(module):
            _carry(module)


def _is_imported(module: str) -> bool:
    """Whether it has all of its names, and the packages around it have all of theirs."""
    found = sys.modules.get(module)
    if found is None or getattr(getattr(found, "__spec__", None), "_initializing", False):
        return False
    around = module.rpartition(".")[0]
    return not around or _is_imported(around)


def _carry(module: str) -> None:
    if module in NOT_CARRIED:
        NOT_CARRIED.discard(module)
        _CARRIERS[module](sys.modules[module])
