"""The functions of `random`, for a replay beside the running program: drawn from a generator of its own.

Inline, the shared generator is seeded for the time of a replay and put back, while the caller waits. Beside
the program that would change what the program draws. So the shared generator asks who is drawing.
"""

from __future__ import annotations

import random
from typing import Any

from changeover.record.context import SESSION

_ASKING = ("random", "getrandbits", "gauss", "seed", "getstate", "setstate")


def tell_apart() -> None:
    """From now on a replay with a generator of its own draws from that; asking again changes nothing.

    Every other name of `random` (`choice`, `shuffle` ...) comes down to these, taken with `from random
    import` or not. Only `random`, `getrandbits` and `gauss`, where they were taken before, pass by.
    """
    shared = random._inst
    if type(shared) is not random.Random:  # asked before, or somebody has put a generator of theirs there
        return
    shared.__class__ = _Asking
    for name in _ASKING:
        if getattr(getattr(random, name), "__self__", None) is shared:
            setattr(random, name, getattr(shared, name))


def _own() -> random.Random | None:
    session = SESSION.get()
    replay = None if session is None else getattr(session, "replay", None)
    own: random.Random | None = None if replay is None else replay.generator
    return own


class _Asking(random.Random):
    """The shared generator: for everybody else it is what it was, with the same state."""

    def random(self) -> float:
        own = _own()
        return super().random() if own is None else own.random()

    def getrandbits(self, k: int, /) -> int:
        own = _own()
        return super().getrandbits(k) if own is None else own.getrandbits(k)

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        own = _own()
        return super().gauss(mu, sigma) if own is None else own.gauss(mu, sigma)

    def seed(self, a: Any = None, version: int = 2) -> None:
        own = _own()
        if own is None:
            super().seed(a, version)
        else:
            own.seed(a, version)

    def getstate(self) -> tuple[Any, ...]:
        own = _own()
        return super().getstate() if own is None else own.getstate()

    def setstate(self, state: tuple[Any, ...]) -> None:
        own = _own()
        if own is None:
            super().setstate(state)
        else:
            own.setstate(state)
