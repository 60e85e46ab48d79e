"""Random numbers of a replay come from generators of its own: the program draws what it draws alone.

They go on from where the answering path began to draw, so that the same code draws the same numbers.
Names of the shared generators of `random` and `numpy.random` are replaced once by ones that ask the context
first; each costs a program some 0.3 µs more from then on.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import Any

from changeover.record.context import SESSION, current_session
from changeover.record.recorder import Recorder

_REPLACED = ("random", "getrandbits", "gauss", "seed", "getstate", "setstate")
_RANDOM, _NUMPY = "random", "numpy.random"
_STATE: dict[str, Callable[[Any], Any]] = {
    _RANDOM: random.Random.getstate,
    _NUMPY: lambda shared: shared.get_state(legacy=False),
}
_drawn_unseen = False
"""Whether the generator of numpy had been asked when its names were replaced."""
_POSITION_AT_FIRST = 623
"""Where the generator of a numpy that nobody has asked stands; it is another one after each draw."""
DREW_UNSEEN = (
    "numpy was imported while the path ran, so that nobody knows which random numbers it drew: "
    "import it where the program starts"
)
_installing = Lock()
_last_drawn_by: dict[str, int | None] = {}
"""By module: the run (of several inside each other the outermost) that drew last, None for none."""
_APART: ContextVar[OwnRandom | None] = ContextVar("changeover_random_apart", default=None)


class OwnRandom(random.Random):
    """The generator of one replay, with one for `numpy.random` beside it once that is asked.

    Each begins where the answering path began to draw; where that drew nothing, it is seeded by the run.
    """

    numpy: Any = None
    _numpy_state: Any = None

    @classmethod
    def of_run(cls, seed: str, states: Mapping[str, Any]) -> OwnRandom:
        """The generators of a replay of this run, whose answering path began to draw from these states."""
        own = cls(seed)
        if _RANDOM in states:
            own.setstate(states[_RANDOM])
        own._numpy_state = states.get(_NUMPY)
        return own

    def of_numpy(self) -> Any:
        """As `numpy.random.RandomState`, seeded by the same run."""
        if self.numpy is None:
            self.numpy = made = sys.modules[_NUMPY].RandomState(self._seed_of_numpy())
            if self._numpy_state is not None:
                made.set_state(self._numpy_state)
        return self.numpy

    def _seed_of_numpy(self) -> int:
        state = self.getstate()  # asking for this number must not move what `random` draws next
        try:
            return self.getrandbits(32)
        finally:
            self.setstate(state)


def give_replays_own_random() -> None:
    """Let replays draw from generators of their own from now on; asking again changes nothing.

    Names that a module took before (`from random import random`) are replaced as well. Where one was taken in
    another way (as a default, in a table), or `numpy.random.mtrand._rand` is used, it passes by.
    """
    if type(random._inst) is random.Random or _wants(sys.modules.get(_NUMPY)):
        with _installing:
            _replace_names_of_random()
            numpy_random = sys.modules.get(_NUMPY)
            if numpy_random is not None and _wants(numpy_random):
                global _drawn_unseen
                _drawn_unseen = _was_asked(numpy_random)
                _replace_names_of_numpy(numpy_random)


def load_random_of_numpy() -> bool:
    """Whether numpy is there, whole; it is asked for this, as it imports it when it is first asked."""
    numpy = sys.modules.get("numpy")
    if numpy is None or getattr(numpy.__spec__, "_initializing", False):
        return False
    token = SESSION.set(None)  # an import is no deed of a path
    try:
        import_module(_NUMPY)
    except Exception:  # noqa: BLE001  a numpy without it has no shared generator
        return True
    finally:
        SESSION.reset(token)
    return _NUMPY in sys.modules


def drew_from_new_numpy() -> bool:
    """Whether numbers were drawn from `numpy.random`, or it was seeded, before its names were replaced."""
    numpy_random = sys.modules.get(_NUMPY)
    return _drawn_unseen if numpy_random is None or not _wants(numpy_random) else _was_asked(numpy_random)


def _was_asked(numpy_random: Any) -> bool:
    state = numpy_random.get_state(legacy=False)
    return bool(state["has_gauss"] or state["state"]["pos"] != _POSITION_AT_FIRST)


@contextmanager
def random_apart(generator: OwnRandom | None = None) -> Iterator[None]:
    """What is drawn inside is not drawn from what the program draws from: packages do so when imported.

    It is drawn from a generator of its own, or from the one that is given.
    """
    give_replays_own_random()
    token = _APART.set(OwnRandom() if generator is None else generator)
    try:
        yield
    finally:
        _APART.reset(token)


def _replace_names_of_random() -> None:
    shared = random._inst
    if type(shared) is not random.Random:  # done before, or somebody has put a generator of theirs there
        return
    before = {name: getattr(random, name) for name in _REPLACED}
    shared.__class__ = _PerReplay
    _replace(
        {
            id(old): (old, getattr(shared, name))
            for name, old in before.items()
            if getattr(old, "__self__", None) is shared
        }
    )


def _replace(names: Mapping[int, tuple[Any, Any]]) -> None:
    """Put the new function wherever a module has the old one."""
    for module in list(sys.modules.values()):
        if isinstance(module, ModuleType):
            if names.keys().isdisjoint(map(id, list(vars(module).values()))):  # hardly any module has one
                continue
            for name, value in list(vars(module).items()):
                found = names.get(id(value))
                if found is not None and found[0] is value:
                    setattr(module, name, found[1])


def _own(name: str, shared: Any) -> OwnRandom | None:
    """What a replay draws from, None for everybody else; a path that is recorded tells its first state."""
    session = current_session()
    if session is None:
        _last_drawn_by[name] = None
        return _APART.get()
    own: OwnRandom | None = getattr(getattr(session, "replay", session), "generator", None)
    if own is None and isinstance(session, Recorder):
        run = session.outermost_id
        session.draws_from(name, lambda: _STATE[name](shared), in_turn=_last_drawn_by.get(name) != run)
        _last_drawn_by[name] = run
    return own


def _drawn(name: str) -> Any:
    plain = getattr(random.Random, name)

    @wraps(plain)
    def draw(self: random.Random, *args: Any, **kwargs: Any) -> Any:
        own = _own(_RANDOM, self)
        return plain(self if own is None else own, *args, **kwargs)

    return draw


class _PerReplay(random.Random):
    """The shared generator: outside of replays it is what it was, with the same state."""

    random, getrandbits, gauss, seed, getstate, setstate = map(_drawn, _REPLACED)


def _wants(numpy_random: Any) -> bool:
    """Whether its names are still those of the shared state; one that is being imported has none yet."""
    found = getattr(numpy_random, "random_sample", None)
    return found is not None and hasattr(numpy_random, "RandomState") and not hasattr(found, "__wrapped__")


def _replace_names_of_numpy(numpy_random: Any) -> None:
    shared = numpy_random.random_sample.__self__
    names: dict[int, tuple[Any, Any]] = {}
    for old in list(vars(numpy_random).values()):
        if getattr(old, "__self__", None) is shared:
            names[id(old)] = (old, _drawn_by_numpy(old, old.__name__, shared))
    for name, method in (("seed", "seed"), ("sample", "random_sample"), ("ranf", "random_sample")):
        old = getattr(numpy_random, name, None)
        if old is not None and id(old) not in names:
            names[id(old)] = (old, _drawn_by_numpy(old, method, shared))
    _replace(names)


def _drawn_by_numpy(shared: Callable[..., Any], name: str, generator: Any) -> Callable[..., Any]:
    @wraps(shared)
    def draw(*args: Any, **kwargs: Any) -> Any:
        own = _own(_NUMPY, generator)
        return (shared if own is None else getattr(own.of_numpy(), name))(*args, **kwargs)

    return draw
