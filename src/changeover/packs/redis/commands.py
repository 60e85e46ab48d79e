"""What each command of Redis is: a read or a write, and which of its words are keys.

The table beside this file is what COMMAND of a real server says; no server is asked when a program runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from changeover.quick_dataclass import dataclass

_ASKING = """
    acl|cat acl|dryrun acl|getuser acl|list acl|users acl|whoami asking auth client|getname client|getredir
    client|id client|info client|list client|no-evict client|setinfo client|setname client|trackinginfo
    cluster|info cluster|keyslot cluster|myid cluster|nodes cluster|shards cluster|slots command command|count
    command|docs command|getkeys command|info command|list config|get echo function|dump function|list
    function|stats hello info lastsave latency|doctor latency|history latency|latest lolwut memory|doctor
    memory|malloc-stats memory|stats module|list ping pubsub|channels pubsub|numpat pubsub|numsub
    pubsub|shardchannels pubsub|shardnumsub readonly readwrite role script|exists slowlog|get slowlog|len time
    unwatch watch
"""
"""They change no data, and COMMAND does not call them readonly since they read no key either."""
_NOT_FOLLOWED = """
    client|reply discard exec monitor multi psubscribe punsubscribe quit reset select ssubscribe subscribe
    sunsubscribe unsubscribe
"""
"""They change what the same connection does next, which stands on no tape."""
_CHANNELS = frozenset({"publish", "spublish"})


Word = str | bytes


class KeysAt(NamedTuple):
    """Where the keys stand among the words of a command; `last` counts from the end where it is negative."""

    first: int
    last: int
    step: int


@dataclass(frozen=True, slots=True)
class Command:
    """One command, `|` between its words; `keys_at` is None where its arguments say which keys it has."""

    name: str
    is_read: bool
    keys_at: KeysAt | None

    @property
    def length(self) -> int:
        """How many words are its name."""
        return 1 + self.name.count("|")

    @property
    def is_followed(self) -> bool:
        """Whether it can be answered from a tape."""
        return self.name not in _NOT_FOLLOWED.split()

    @property
    def touches_all(self) -> bool:
        """Whether it may touch any key."""
        has_known_keys = self.keys_at is not None and self.keys_at.first > 0
        return not has_known_keys and self.name not in _CHANNELS

    def keys(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The keys among these words; none where they are not known, or where it has none."""
        if self.keys_at is None or self.keys_at.first == 0:
            return ()
        first, last, step = self.keys_at
        end = len(words) + last if last < 0 else last
        return tuple(words[first : end + 1 : step])

    def part(self, key: Word) -> Word:
        """What of the store a key names; a channel is a part of its own, where no key is."""
        return f"channel {key!s}" if self.name in _CHANNELS else key

    def touches(self, words: Sequence[Word]) -> Sequence[Word] | None:
        """The parts that it touches, None where it may be any."""
        if self.touches_all:
            return None
        return [self.part(words[1])] if self.name in _CHANNELS else self.keys(words)


OTHER = Command("other", is_read=False, keys_at=None)
"""A command that is not in the table: of a module, or newer. It may change anything."""


@cache
def commands() -> Mapping[str, Command]:
    """All of the table, by name."""
    asking = frozenset(_ASKING.split())
    table = Path(__file__).with_name("commands.txt").read_text(encoding="utf-8")
    found: dict[str, Command] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            name, kind, *keys = line.split()
            at = None if keys == ["-"] else KeysAt(*map(int, keys))
            found[name] = Command(name, kind == "read" or name in asking, at)
    return found


def command_of(words: Sequence[Word]) -> Command:
    """The command that these words begin with; `OTHER` where the table has none."""
    name, sub = (str(word).lower() for word in (*words[:2], "")[:2])
    known = commands()
    return known.get(f"{name}|{sub}") or known.get(name) or OTHER
