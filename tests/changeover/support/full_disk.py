"""What flips do on a disk that is really full: `python -m tests.changeover.support.full_disk FOLDER`."""

import sys
from contextlib import suppress
from pathlib import Path

import pytest

from changeover.rollout.history import NotWrittenError
from tests.changeover.support.migration_folder import desk_in
from tests.changeover.support.projects import Shop

BLOCK = b"x" * 512


def fill(folder: Path) -> None:
    """Until there is room for nothing."""
    with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while file.write(BLOCK):
            pass


def main(folder: Path) -> None:
    """Say what happened, one line each."""
    desk = desk_in(folder / "migration")
    desk.walk("trading", "off", "shadow", "live")
    desk.walk("portfolio", "off", "shadow")
    history = desk.place.history
    with history.open("a") as file:  # no room is left in its last block either
        file.write("\n" * (-history.stat().st_size % 4096))
    fill(folder)
    before = desk.place.flags.read_bytes()
    with pytest.raises(NotWrittenError, match="No space left"):
        desk.move("portfolio", "shadow", "live")
    assert desk.place.flags.read_bytes() == before
    print("forward refused, nothing was changed")
    shop = Shop(folder)
    answer = shop.run("rollback", "--all")
    assert answer.code == 0, answer
    assert "writing over the old one" in answer.err, answer
    assert "not written down" in answer.err, answer
    found = desk.stages()
    print(f"rollback done: trading {found['trading']}, portfolio {found['portfolio']}")
    answer = shop.run("kill")
    assert answer.code == 0, answer
    print(f"kill {'on' if desk.resolver().look().killed else 'off'}, {desk.place.kill.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
