"""Copies and comparisons know objects again without a word to the audit hooks of the process."""

from __future__ import annotations

import subprocess
import sys

from changeover.values.identity import identity_of

HEARD = """
import sys
from collections import Counter
from dataclasses import dataclass
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copying import snapshot
from changeover.values.equality import strictly_same
from changeover.values.identity import id_is_heard

@dataclass
class Order:
    lines: list

value = {"orders": [Order([{"pieces": [n]}]) for n in range(5)], "pair": ([1], [2])}
heard = Counter()
sys.addaudithook(lambda event, args: heard.update([event]))
id_is_heard()
copy = snapshot(value)
assert copy is not value
assert is_unchanged(value, copy)
assert strictly_same(value, copy)
print(heard["builtins.id"])
"""


def test_no_two_living_objects_share_one_whatever_their_classes_say() -> None:
    class Same:
        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    objects = [*([n] for n in range(1_000)), *(Same() for _ in range(1_000)), Same, {}, ()]
    assert len({*map(identity_of, objects)}) == len(objects)
    assert [*map(identity_of, objects)] == [*map(identity_of, objects)]


def test_a_copy_and_a_comparison_say_nothing_to_audit_hooks() -> None:
    done = subprocess.run([sys.executable, "-c", HEARD], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
