"""Clients of a cluster, sync or awaited: what they do is refused, as nothing here follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.host import cannot_be_followed
from changeover.packs.patches import replace

Function = Callable[..., Any]


def patch(module: Any) -> None:
    """Let no client pass in a run."""
    replace(module.RedisCluster, "execute_command", _refusing)
    replace(module.ClusterPipeline, "execute", _refusing)


def _refusing(original: Function) -> Function:
    def execute(self: Any, *args: Any, **options: Any) -> Any:
        cannot_be_followed("a client of a cluster of redis")
        return original(self, *args, **options)

    return execute
