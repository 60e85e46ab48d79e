"""Every way in which one byte of `flags.json` can be another, more, fewer, or the last one."""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from changeover.values.stage import Setting
from tests.changeover.support.migration_folder import Desk, desk_in

OTHERS_PER_BYTE = 3
OFF = {"portfolio": "off", "trading": "off", "cleanup": "open"}


def moved_desk(folder: Path) -> Desk:
    """Phases at different stages, one of them with a percentage."""
    desk = desk_in(folder)
    desk.walk("portfolio", "off", "shadow", "ramp:15")
    desk.walk("trading", "off", "shadow")
    desk.move("cleanup", "open", "done")
    return desk


def variants(good: bytes, drawn: random.Random, positions: Sequence[int]) -> Iterator[bytes]:
    """Each byte changed to three others, removed, doubled by another one before it, and cut off."""
    for at in positions:
        others = drawn.sample([byte for byte in range(256) if byte != good[at]], OTHERS_PER_BYTE)
        likely = [byte for byte in b"0123456789 \n\"'{}[],:aefrx" if byte != good[at]]
        for byte in (*others, drawn.choice(likely)):
            yield good[:at] + bytes([byte]) + good[at + 1 :]
        yield good[:at] + good[at + 1 :]
        yield good[:at] + bytes([drawn.choice(likely)]) + good[at:]
        yield good[:at]


def told(settings: Mapping[str, Setting]) -> dict[str, str]:
    return {phase: str(setting) for phase, setting in settings.items()}


def try_all(desk: Desk, wanted: Sequence[bytes]) -> tuple[Counter[str], list[bytes]]:
    """What a running and a fresh program make of each; and those from which one got another stage."""
    path = desk.place.flags
    good = path.read_bytes()
    stages, content = desk.stages(), json.loads(good)
    running = desk.resolver()
    running.look()
    counts: Counter[str] = Counter()
    wrong = []
    moment = path.stat().st_mtime_ns
    for number, variant in enumerate(wanted, start=1):
        path.write_bytes(variant)
        os.utime(path, ns=(moment + number, moment + number))  # all of them within one tick of the clock
        fresh = told(desk.resolver().look().settings)
        kept = told(running.look().settings)
        means_the_same = fresh == stages and _content(variant) == content
        counts["same content" if means_the_same else "refused"] += 1
        if kept != stages or not (means_the_same or fresh == OFF):
            wrong.append(variant)
    path.write_bytes(good)
    return counts, wrong


def _content(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None
